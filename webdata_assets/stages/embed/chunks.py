"""Chunks: exact slices of a document, each short enough for the encoder to read whole.

What belongs here: where to cut. What does not: tokens themselves (the encoder gives their offsets), and
vectors (embed.py).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

SPECIAL_TOKENS = 2
"""What the encoder adds to each text: one token before, one after."""
MIN_MAX_TOKENS = 16

OffsetsOf = Callable[[str], Sequence[tuple[int, int]]]

# what BERT's normaliser turns into a space; other characters of Python's isspace() it removes
_SPACE = re.compile(r"[ \t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_SENTENCE_END = re.compile(r"""[.!?…][)\]"'”’»]*$""")
_FULL_WIDTH_SENTENCE_END = re.compile(r"[。！？｡]$")
_LONGEST_CLOSING = 8


@dataclass(frozen=True)
class Chunk:
    """A slice of a document: start and end in characters, and its length in tokens, special ones included."""

    start: int
    end: int
    tokens: int


class _Strength(IntEnum):
    """How good a place is to cut at."""

    WITHIN_WORD = 0
    WORD = 1
    SENTENCE = 2
    PARAGRAPH = 3


def document_of(title: str | None, text: str | None) -> str:
    """Return the embedded document of a record: title, blank line, text."""
    return "\n\n".join(part for part in (title, text) if part)


def chunk_document(document: str, offsets_of: OffsetsOf, max_tokens: int) -> list[Chunk]:
    """Cut a document into chunks of at most `max_tokens` tokens.

    A chunk ends at the last paragraph that fits if that leaves it at least half full, else at the last
    sentence or line for which this holds, else at the last word; within a word only if that word alone is
    too long. Together the chunks hold every character that is not space, in order, without overlap.

    Args:
        document: the text; asked for its tokens once.
        offsets_of: start and end of each token of a text, special ones left out.
        max_tokens: the limit, special tokens included.

    Raises:
        ValueError: `max_tokens` is under 16.
    """
    if max_tokens < MIN_MAX_TOKENS:
        raise ValueError(f"chunks of {max_tokens} tokens are too short; at least {MIN_MAX_TOKENS}")
    cutter = _Cutter(document, offsets_of, max_tokens - SPECIAL_TOKENS)
    chunks = []
    cut = _Cut(token=0, position=0, strength=_Strength.PARAGRAPH)
    while cut.position < len(document):
        end, tokens = cutter.next_cut(cut)
        part = document[cut.position : end.position]
        if stripped := part.strip():
            start = cut.position + len(part) - len(part.lstrip())
            chunks.append(Chunk(start, start + len(stripped), tokens + SPECIAL_TOKENS))
        cut = end
    return chunks


@dataclass(frozen=True)
class _Cut:
    """A place between two tokens: the index of the token after it, and its position in characters."""

    token: int
    position: int
    strength: _Strength


class _Cutter:
    def __init__(self, document: str, offsets_of: OffsetsOf, capacity: int) -> None:
        self._document = document
        self._offsets_of = offsets_of
        self._offsets = offsets_of(document)
        self._capacity = capacity

    def next_cut(self, start: _Cut) -> tuple[_Cut, int]:
        """Return where the chunk that begins at `start` ends, and its tokens without the special ones."""
        for cut in self._candidates(start.token):
            tokens = cut.token - start.token
            if _Strength.WITHIN_WORD in (start.strength, cut.strength):
                # the parts of a word may have other tokens than the word
                tokens = len(self._offsets_of(self._document[start.position : cut.position]))
            if tokens <= self._capacity:
                return cut, tokens
        raise AssertionError("a single character has more tokens than a chunk may hold")

    def _candidates(self, first: int) -> Iterator[_Cut]:
        """Yield the cuts that may end a chunk beginning with token `first`, the most wanted first."""
        furthest = first + self._capacity
        if furthest >= len(self._offsets):
            yield _Cut(len(self._offsets), len(self._document), _Strength.PARAGRAPH)
        tokens = range(min(furthest, len(self._offsets) - 1), first, -1)
        cuts = [cut for token in tokens if (cut := self._cut_before(token)) is not None]
        for strength in (_Strength.PARAGRAPH, _Strength.SENTENCE):
            yield from (
                cut for cut in cuts if cut.strength >= strength and cut.token - first >= self._capacity / 2
            )
        yield from (cut for cut in cuts if cut.strength >= _Strength.WORD)
        yield from cuts

    def _cut_before(self, token: int) -> _Cut | None:
        before, after = self._offsets[token - 1][1], self._offsets[token][0]
        if after < before:
            return None  # both tokens are of one character
        gap = self._document[before:after]
        spaces = list(_SPACE.finditer(gap))
        ending = self._document[max(0, before - _LONGEST_CLOSING) : before]
        if not spaces:
            full_stop = _FULL_WIDTH_SENTENCE_END.search(ending)
            return _Cut(token, after, _Strength.SENTENCE if full_stop else _Strength.WITHIN_WORD)
        if _BLANK_LINE.search(gap):
            strength = _Strength.PARAGRAPH
        elif "\n" in gap or _SENTENCE_END.search(ending) or _FULL_WIDTH_SENTENCE_END.search(ending):
            strength = _Strength.SENTENCE
        else:
            strength = _Strength.WORD
        return _Cut(token, before + spaces[-1].end(), strength)
