"""Places within a part of a text at which it may be cut, by how little they tear apart.

What belongs here: items, rows, lines, sentences, words. What does not: choosing among them (packer.py), and
parts themselves (main_content/structure.py).
"""

import re
from collections.abc import Callable, Iterator

from webdata_assets.stages.embed.chunking.tokens import SPACE
from webdata_assets.stages.extract.main_content.structure import Kind, Part

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n")
_OUTER_ITEM = re.compile(r"\n(?=- |\d{1,9}\. )")
_ITEM = re.compile(r"\n(?= *(?:- |\d{1,9}\. ))")
_CELL = re.compile(r"(?<!\\) (?=\| \S)")
# a marker at the start of a line is not cut from its words, and its dot ends no sentence
_MARKER = r"^[ >]*(?:-|#{1,6}|\d{1,9}\.|\|) "
_GAP = rf"(?:\n|(?:(?!\n){SPACE})+)"
_SENTENCE = re.compile(
    rf"""{_MARKER}|(?P<end>[.!?…][)\]"'”’»]*{_GAP}|[。！？｡][」』）】”’]*{SPACE}*)""", re.MULTILINE
)
_WORD = re.compile(rf"{_MARKER}|(?P<end>{_GAP})", re.MULTILINE)

Finder = Callable[[str, int, int], Iterator[int]]
"""Yields the places between two others in a text, rising."""


def finders_of(kind: Kind) -> tuple[Finder, ...]:
    """Return how to find a part's boundaries: the best first, words last."""
    return _FINDERS[kind]


def paragraphs_of(text: str) -> Iterator[Part]:
    """Yield the paragraphs of a plain text: what blank lines part."""
    start = 0
    for end in [*(match.end() for match in _BLANK_LINE.finditer(text)), len(text)]:
        if text[start:end].strip():
            yield Part("paragraph", start, end, 0, ())
            start = end


def _after(pattern: re.Pattern[str]) -> Finder:
    return lambda text, start, end: (match.end() for match in pattern.finditer(text, start, end))


def _after_end(pattern: re.Pattern[str]) -> Finder:
    return lambda text, start, end: (
        match.end() for match in pattern.finditer(text, start, end) if match["end"] is not None
    )


def _words(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where words begin, the first too: a heading is parted from a word that does not fit beside it."""
    yield start
    yield from _after_end(_WORD)(text, start, end)


def _rows(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where rows begin, but for the first one: it stays with the table's head."""
    lines = [match.end() for match in _LINE.finditer(text, start, end)]
    yield from lines[2:]


def _code_lines(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where lines begin, but for the first and the closing fence: the fences stay with the code."""
    lines = [match.end() for match in _LINE.finditer(text, start, end)]
    yield from lines[1:-1]


_PROSE: tuple[Finder, ...] = (_after(_LINE), _after_end(_SENTENCE), _words)
_FINDERS: dict[Kind, tuple[Finder, ...]] = {
    "heading": _PROSE,
    "paragraph": _PROSE,
    "quote": _PROSE,
    "list": (_after(_OUTER_ITEM), _after(_ITEM), *_PROSE),
    "table": (_rows, _after(_CELL), _words),
    "code": (_after(_BLANK_LINE), _code_lines, _words),
}
