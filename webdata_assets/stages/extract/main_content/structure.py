"""Reading structured text again: its parts with their offsets and the headings above them.

What belongs here: the Markdown that write.py writes, and no other. What does not: writing it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "list", "table", "code", "quote"]

_HEADING = re.compile(r"(#{1,6}) (.*)")
_ITEM = re.compile(r" *(?:- |\d{1,9}\. )")
_FENCE = re.compile(r"(?:> )*(`{3,})$")


@dataclass(frozen=True)
class Part:
    """One part of a structured text.

    Attributes:
        start: of its first character in the text.
        end: after its last character, so that `text[start:end]` is the part.
        level: of a heading, 1 to 6; else 0.
        path: the headings above it, outermost first; a heading's own text is not among them.
    """

    kind: Kind
    start: int
    end: int
    level: int
    path: tuple[str, ...]


def parts_of(structured_text: str) -> Iterator[Part]:
    """Yield the parts of a structured text in order. Blank lines part them, but for those within code."""
    headings: list[tuple[int, str]] = []
    for start, end in _paragraphs(structured_text):
        text = structured_text[start:end]
        if match := _HEADING.fullmatch(text):
            level = len(match[1])
            while headings and headings[-1][0] >= level:
                headings.pop()
            yield Part("heading", start, end, level, tuple(title for _, title in headings))
            headings.append((level, match[2]))
        else:
            yield Part(_kind(text), start, end, 0, tuple(title for _, title in headings))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what blank lines part."""
    start, position, fence = None, 0, ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1] == fence else fence
        elif mark:
            fence = mark[1]
        if line.strip() or fence:
            start = position if start is None else start
            end = position + len(line)
        elif start is not None:
            yield start, end
            start = None
        position += len(line) + 1
    if start is not None:
        yield start, end


def _kind(text: str) -> Kind:
    if _FENCE.match(text.split("\n", 1)[0]):
        return "code"
    if text.startswith("|") and "\n| --- |" in text:
        return "table"
    if text.startswith(">"):
        return "quote"
    return "list" if _ITEM.match(text) else "paragraph"
