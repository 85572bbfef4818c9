"""Making equal what is written differently. Every function f here has f(f(x)) == f(x).

What belongs here: text, addresses, moments, languages and currencies by themselves. What does not: which
column a value goes to (columns.py).
"""

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Callable
from html.entities import html5

import ada_url

_REMOVED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls but for white space and U+0085
    "\xad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, embeddings, overrides, isolates
    "\ue000-\uf8ff"  # private use: the signs of icon fonts, which are nothing in any other
    "\u200b\u2060\ufeff"  # zero-width space, word joiner, byte order mark
    "\ufff9-\ufffb\ufffe\uffff"  # interlinear annotation, noncharacters
    "\ud800-\udfff"  # lone surrogates, which no encoding takes
    "\U000e0000-\U000e007f"  # tags: text that no reader sees
    "]"
)
_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4\u0412\u0413\u0420\u0421\u0432]"
    "[\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122\u2116"
    "\u0401-\u040f\u0451-\u045f\u0490\u0491]"
)
"""A lead byte of UTF-8 and the byte after it, both read as windows-1252, windows-1251 or Latin-1."""
_LINE_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_LANGUAGES = {
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "por": "pt",
    "nld": "nl", "dut": "nl", "swe": "sv", "dan": "da", "nor": "no", "nob": "nb", "nno": "nn", "fin": "fi",
    "pol": "pl", "ces": "cs", "cze": "cs", "slk": "sk", "slo": "sk", "hun": "hu", "ron": "ro", "rum": "ro",
    "bul": "bg", "ell": "el", "gre": "el", "tur": "tr", "rus": "ru", "ukr": "uk", "ara": "ar", "heb": "he",
    "iw": "he", "hin": "hi", "zho": "zh", "chi": "zh", "jpn": "ja", "jp": "ja", "kor": "ko", "vie": "vi",
    "tha": "th", "ind": "id", "in": "id", "fas": "fa", "per": "fa", "cat": "ca", "hrv": "hr",
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "spanish": "es",
    "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "português": "pt",
    "dutch": "nl", "nederlands": "nl", "swedish": "sv", "svenska": "sv", "danish": "da", "dansk": "da",
    "norwegian": "no", "norsk": "no", "finnish": "fi", "suomi": "fi", "polish": "pl", "polski": "pl",
    "czech": "cs", "turkish": "tr", "russian": "ru", "ukrainian": "uk", "arabic": "ar", "chinese": "zh",
    "japanese": "ja", "korean": "ko",
}  # fmt: skip
"""ISO 639-2 codes, withdrawn and mistaken codes (`iw`, `jp`), and names, to ISO 639-1."""


def clean_line(text: str) -> str:
    """Return one line: NFC, mojibake repaired, no control or bidirectional characters, white space collapsed.

    Entities are decoded until none is left, because titles are often escaped twice.
    """
    return _until_stable(text, lambda value: " ".join(_clean_characters(_decode_entities(value)).split()))


def clean_body(text: str) -> str:
    """Return text of several lines: as `clean_line`, but lines, blank lines and indentation stay.

    Entities stay too: the parser has decoded them once, and what is left is what the page shows.
    """
    return _until_stable(text, _clean_lines)


def fold(text: str) -> str:
    """Return the form in which two texts are compared: lower case, white space as single spaces."""
    return re.sub(r"\s+", " ", text.lower()).strip()


def normalise_language(code: str) -> str:
    """Return the ISO 639-1 code of a code, tag or English name, such as `en` of `en-US`, `eng` or `English`.

    What is none of these comes back in lower case, for validation to refuse.
    """
    return _until_stable(code, _language_of)


def normalise_currency_code(code: str) -> str:
    """Return a currency code in upper case, without white space around."""
    return _until_stable(code, lambda value: clean_line(value).upper())


def _language_of(code: str) -> str:
    word = clean_line(code).lower()
    primary = re.split(r"[-_]", word)[0].strip()
    return _LANGUAGES.get(word) or _LANGUAGES.get(primary) or primary


def clean_url(text: str) -> str:
    """Return the WHATWG serialisation of an absolute http or https URL; empty for what is none."""
    # a host in lower case may spell an entity that it did not before
    return _until_stable(text, _serialised)


def _serialised(text: str) -> str:
    try:
        url = ada_url.normalize_url(clean_line(text))
    except ValueError:
        return ""
    return url if url.startswith(("http://", "https://")) else ""


def clean_moment(moment: dt.datetime) -> dt.datetime:
    """Return a moment in UTC; one without a zone is taken to be in UTC."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _clean_lines(text: str) -> str:
    text = _clean_characters(text)
    if "  " in text or " \n" in text or not _is_printable(text):
        # white space within a line collapses; what stands before it is indentation, kept as spaces
        lines = text.split("\n")
        shaped = (" " * (len(line) - len(line.lstrip())) + " ".join(line.split()) for line in lines)
        text = "\n".join(line.rstrip() for line in shaped)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _clean_characters(text: str) -> str:
    text = _repaired(text)
    # nothing printable is removed, and this is many times faster than to look for what is
    if not _is_printable(text):
        text = _REMOVED.sub("", _LINE_BREAKS.sub("\n", text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _is_printable(text: str) -> bool:
    """Whether a text has no other white space than spaces and line feeds, and nothing invisible."""
    return text.replace("\n", "").isprintable()


def _repaired(text: str) -> str:
    """Return a text with UTF-8 that was read in another encoding put right, line by line.

    ftfy repairs what is much likelier mojibake than meant, and leaves the rest.
    """
    if text.isascii() or not _MOJIBAKE.search(text):
        return text
    from ftfy import fix_encoding

    return "\n".join(fix_encoding(line) if _MOJIBAKE.search(line) else line for line in text.split("\n"))


def _decode_entities(text: str) -> str:
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def _decoded(match: re.Match[str]) -> str:
    name = match[1]
    return html.unescape(match[0]) if name.startswith("#") else html5.get(f"{name};", match[0])


def _until_stable(text: str, step: Callable[[str], str]) -> str:
    """Apply a step until it changes nothing, which makes any step idempotent.

    It ends: every step but the first few only takes characters away.
    """
    while (changed := step(text)) != text:
        text = changed
    return text
