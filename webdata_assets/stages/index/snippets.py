"""Snippets: the part of a chunk that shows best why it was found, and where the words stand in it.

What belongs here: choosing the part and marking words. What does not: ranking (search.py), and how marked
words look (cli/search.py, a web page).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from webdata_assets.stages.index.stop_words import STOP_WORDS

SNIPPET_CHARACTERS = 240
ELLIPSIS = "…"

_MAX_TERMS = 64
_AT_WORD_REACH = 30
# scripts that put no space between words: their text is compared by pairs of characters
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}][\u0300-\u036f]*)+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_ENDING = re.compile(r"(?:ing|ed|es|s|e)$")
_SHORTEST_STEM = 3


@dataclass(frozen=True)
class Snippet:
    """A part of a text, in plain characters.

    Attributes:
        text: an exact slice, with an ellipsis at each end where it was cut.
        highlights: start and end, in characters of `text`, of each word of the query; in order, apart.
    """

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Match:
    start: int
    end: int
    term: str


def snippet(text: str, query: str, characters: int = SNIPPET_CHARACTERS) -> Snippet:
    """Return the part of `text` with the most different words of `query`, of about `characters` characters.

    Words match by their stem, whatever their case and accents; words that nearly every text holds do so only
    in a query without any other.
    """
    matches = _matches(text, query)
    start, end = 0, len(text)
    if len(text) > characters:
        start = max(0, _densest(matches, characters * 3 // 4) - characters // 4)
        start = min(start, len(text) - characters)
        start, end = _at_words(text, start, start + characters)
    before = ELLIPSIS if start > 0 else ""
    after = ELLIPSIS if end < len(text) else ""
    shift = len(before) - start
    shown = [match for match in matches if start <= match.start and match.end <= end]
    return Snippet(
        text=f"{before}{text[start:end]}{after}",
        highlights=tuple((match.start + shift, match.end + shift) for match in _joined(shown)),
    )


def _matches(text: str, query: str) -> list[_Match]:
    terms = list(dict.fromkeys(match.term for match in _terms(query)))
    telling = [term for term in terms if term not in STOP_WORDS] or terms
    wanted = frozenset(telling[:_MAX_TERMS])
    begins = tuple({term[:1] for term in wanted})
    return [match for match in _terms(text, begins, singly=True) if match.term in wanted]


def _terms(text: str, begins: tuple[str, ...] = ("",), *, singly: bool = False) -> Iterator[_Match]:
    """Yield the stem of each word, and each pair of neighbours where a script does not part words.

    Args:
        begins: words that begin otherwise are left out; a stem begins as its word does.
        singly: yield the characters of such scripts too, which a query of one character asks for.
    """
    for run in _RUN.finditer(text):
        start, end = run.span()
        if not _IS_UNSPACED.match(run[0]):
            plain = _plain(run[0])
            if plain.startswith(begins):
                yield _Match(start, end, _stem(plain))
            continue
        for at in range(start, end):
            if singly or end - start == 1:
                yield _Match(at, at + 1, text[at])
            if at + 2 <= end:
                yield _Match(at, at + 2, text[at : at + 2])


def _plain(word: str) -> str:
    """Return a word without case and accents."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _stem(plain: str) -> str:
    """Return what the usual English forms of a word share; other languages' words lose little by it."""
    if plain in STOP_WORDS:
        return plain
    stem = plain
    for _ in range(2):  # bodies → bodie → bodi, as body → bodi
        shorter = _ENDING.sub("", stem)
        if len(shorter) >= _SHORTEST_STEM and not stem.endswith("ss"):
            stem = shorter
    if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
        stem = stem[:-1]
    return stem[:-1] + "i" if stem.endswith("y") else stem


def _densest(matches: list[_Match], characters: int) -> int:
    """Return where the span of so many characters with most different terms begins; the first of equals."""
    best, most, last = 0, 0, 0
    inside: dict[str, int] = {}
    for first in matches:
        while last < len(matches) and matches[last].start < first.start + characters:
            inside[matches[last].term] = inside.get(matches[last].term, 0) + 1
            last += 1
        if len(inside) > most:
            best, most = first.start, len(inside)
        inside[first.term] -= 1
        if not inside[first.term]:
            del inside[first.term]
    return best


def _joined(matches: list[_Match]) -> Iterator[_Match]:
    """Yield the matches with those that overlap or touch made one."""
    held: _Match | None = None
    for match in matches:
        if held is not None and match.start <= held.end:
            held = _Match(held.start, max(held.end, match.end), held.term)
            continue
        if held is not None:
            yield held
        held = match
    if held is not None:
        yield held


def _at_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Move the ends of a slice inwards to the next space, unless that is far."""
    if start > 0 and (space := re.search(r"\s", text[start : start + _AT_WORD_REACH])):
        start += space.end()
    if end < len(text) and (spaces := list(re.finditer(r"\s", text[end - _AT_WORD_REACH : end]))):
        end = end - _AT_WORD_REACH + spaces[-1].start()
    return start, end
