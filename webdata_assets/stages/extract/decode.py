"""Bytes of a page → text.

What belongs here: the order in which encodings are tried. What does not: parsing (document.py).
"""

import re

# The byte order marks that the WHATWG encoding standard knows.
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<(?:meta\b[^>]{0,1000}?charset|\?xml\b[^>]{0,1000}?encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE
)
_HEAD_BYTES = 65_536
_MAX_BROKEN_SHARE = 0.05


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the text of a page. Bytes that fit no encoding become U+FFFD; nothing is raised.

    The byte order mark decides; then strict UTF-8, whatever is declared, because few other texts are valid
    UTF-8 by chance; then the charset of the header, of the page's head, and the detected one, each as far as
    it fits. Mostly valid UTF-8 with a few broken bytes stays UTF-8.
    """
    from resiliparse.parse.encoding import detect_encoding

    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    declared = _declared(body, content_type)
    # ISO-2022 and UTF-16 are valid UTF-8 by chance, and give themselves away by escapes and NULs
    if b"\x1b" in body or b"\x00" in body:
        for encoding in declared:
            if (text := _strict(body, encoding)) is not None:
                return text
    if (text := _strict(body, "utf-8")) is not None:
        return text
    lenient = body.decode("utf-8", errors="replace")
    foreign = sum(character > "\x7f" for character in lenient)
    if lenient.count("\ufffd") <= _MAX_BROKEN_SHARE * foreign:
        return lenient
    encodings = [*declared, detect_encoding(body) or "windows-1252"]
    for encoding in encodings:
        if (text := _strict(body, encoding)) is not None:
            return text
    return body.decode(encodings[0], errors="replace")


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """Return the declared encodings by Python's names, the header's first; unknown labels are left out."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    labels = []
    if content_type and (match := _HEADER_CHARSET.search(content_type)):
        labels.append(match[1])
    if found := _META_CHARSET.search(body[:_HEAD_BYTES]):
        labels.append(found[1].decode("ascii", errors="replace"))
    names = (map_encoding_to_html5(label, fallback_utf8=False) for label in labels)
    return [name for name in names if name]


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return None
