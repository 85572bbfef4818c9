"""Tokens of a text by position: counted between any two places without asking the tokenizer again.

What belongs here: one text's tokens. What does not: which places are good ones to cut at (boundaries.py).
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from webdata_assets.stages.embed.chunking.chunk import encoded_text

SPECIAL_TOKENS = 2
"""What an encoder adds to each text at most: one token before, one after."""

OffsetsOf = Callable[[str], Sequence[tuple[int, int]]]

# what BERT's normaliser turns into a space; other characters of Python's isspace() it removes
SPACE = r"[ \t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_SPACE = re.compile(SPACE)
_JOINER = "\u200d"
_MARKS = 32
"""A letter with more marks than that may be cut."""


class TextTokens:
    """The tokens of one text.

    Args:
        text: what was tokenised.
        offsets: start and end of each token in characters, special ones left out.
        offsets_of: tokenises a text anew.
        splits_at_space: whether the tokens between two spaces are the same ones whatever is around them.
    """

    def __init__(
        self, text: str, offsets: Sequence[tuple[int, int]], offsets_of: OffsetsOf, *, splits_at_space: bool
    ) -> None:
        self.text = text
        self._starts = list(accumulate((start for start, _ in offsets), max))
        self._offsets_of = offsets_of
        self._splits_at_space = splits_at_space

    def count(self, start: int, end: int) -> int:
        """Return the number of tokens that begin between two places."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def furthest(self, start: int, room: int) -> int:
        """Return the last place up to which at most `room` tokens begin, never within a letter's marks."""
        after = bisect_left(self._starts, start) + room
        if after >= len(self._starts):
            return len(self.text)
        end = max(self._starts[after], start + 1)
        for place in range(end, max(start, end - _MARKS), -1):
            if place == len(self.text) or not self._is_within_letter(place):
                return place
        return end

    def measure(self, start: int, end: int, context: str | None, context_tokens: int) -> int:
        """Return the tokens of a slice with its context, without special ones.

        The text's own tokens tell where both ends are at spaces; else the slice is tokenised anew, since the
        parts of a word may have other tokens than the word.
        """
        if self._splits_at_space and self.is_at_space(start) and self.is_at_space(end):
            return context_tokens + self.count(start, end)
        return len(self._offsets_of(encoded_text(context, self.text[start:end])))

    def is_at_space(self, place: int) -> bool:
        """Tell whether a place is beside a space, or at one of the text's ends."""
        if place in (0, len(self.text)):
            return True
        return bool(_SPACE.match(self.text, place - 1) or _SPACE.match(self.text, place))

    def _is_within_letter(self, place: int) -> bool:
        character = self.text[place]
        return (
            unicodedata.category(character).startswith("M")
            or character == _JOINER
            or self.text[place - 1] == _JOINER
        )
