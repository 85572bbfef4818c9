"""Repeated n-grams of words, for many texts at once.

What belongs here: counting. What does not: how much repetition is too much (repetition.py).

One sort finds the repeated pairs of words. A repeated (n+1)-gram begins with a repeated n-gram and ends with
one, so that each longer length looks only where the shorter one found something.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_TEXT_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
_ONCE = 1 << 32
"""More than there are words in a batch."""


@dataclass(frozen=True)
class Words:
    """The words of several texts, one after the other.

    Attributes:
        hashes: one per word.
        lengths: characters of each word.
        counts: words of each text; may be 0.
    """

    hashes: Hashes
    lengths: Integers
    counts: Integers

    @cached_property
    def texts(self) -> Integers:
        """The number of each word's text."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def starts(self) -> Integers:
        """Position of each text's first word."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def before(self) -> Integers:
        """Characters before each word, and after the last."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def characters(self, positions: Integers, n: int | Integers) -> Integers:
        """Return the characters of n-grams, without spaces."""
        spans: Integers = self.before[positions + n] - self.before[positions]
        return spans


@dataclass(frozen=True)
class Groups:
    """Positions of hashes that occur twice or more.

    Attributes:
        positions: by group, ascending within one.
        numbers: the group of each.
    """

    positions: Integers
    numbers: Integers

    @property
    def later(self) -> Integers:
        """Positions but for the first of each group."""
        later: Integers = self.positions[np.diff(self.numbers, prepend=-1) == 0]
        return later


def groups_of_equal(hashes: Hashes, positions: Integers) -> Groups:
    """Return the positions whose hashes are equal, in groups.

    The low bits of a hash make room for its position, so that one sort of integers does. Beside a million
    positions 44 bits are left, and two hashes that differ are taken for equal once in 30 million texts of a
    thousand words.
    """
    bits = np.uint64(int(positions[-1]).bit_length() if len(positions) else 1)
    positions_mask = (np.uint64(1) << bits) - np.uint64(1)
    keys = hashes & ~positions_mask
    keys |= positions.view(np.uint64)
    keys.sort()
    heads = keys >> bits
    same = np.zeros(len(keys) + 1, dtype=bool)
    np.equal(heads[1:], heads[:-1], out=same[1:-1])
    repeated = np.flatnonzero(same[1:] | same[:-1])
    return Groups((keys[repeated] & positions_mask).view(np.int64), np.cumsum(~same[repeated]) - 1)


def mixed(first: Hashes, second: Hashes) -> Hashes:
    """Return a hash of pairs of hashes, in their order; its high bits are the good ones."""
    result: Hashes = first * _MULTIPLIER + second
    return result


def count_ngrams(
    words: Words, characters: Integers, top: Collection[int], duplicate_limits: Mapping[int, float]
) -> dict[str, Integers]:
    """Return, by name of the signal, characters per text in top n-grams and in duplicate n-grams.

    Args:
        words: of all texts.
        characters: of each text.
        top: lengths n for `top_n_gram_characters`: occurrences of the most frequent n-gram (the first one, of
            several) times its characters with single spaces.
        duplicate_limits: length n → share of the characters for `duplicate_n_gram_characters`: the characters
            of n-grams that occurred before, from left to right without overlap. It is exact where it exceeds
            this share of the text, and else an upper bound below it.
    """
    found: dict[str, Integers] = {}
    # pairs of words of one text; longer n-grams are made of such, and so stay within their text
    positions = np.flatnonzero(words.texts[1:] == words.texts[:-1])
    ngrams = (words.hashes + words.texts.view(np.uint64) * _TEXT_MULTIPLIER)[positions]
    for n in range(2, max([*top, *duplicate_limits]) + 1):
        ngrams = mixed(ngrams, words.hashes[positions + n - 1])
        groups = groups_of_equal(ngrams, positions)
        if n in top:
            found[f"top_{n}_gram_characters"] = _top(words, groups, n)
        if n in duplicate_limits:
            limits = characters * duplicate_limits[n]
            found[f"duplicate_{n}_gram_characters"] = _duplicates(words, groups, n, limits)
        is_repeated = np.zeros(len(words.hashes) + 1, dtype=bool)
        is_repeated[groups.positions] = True
        kept = is_repeated[positions] & is_repeated[positions + 1]
        positions, ngrams = positions[kept], ngrams[kept]
    return found


def _top(words: Words, groups: Groups, n: int) -> Integers:
    starts = np.flatnonzero(np.diff(groups.numbers, prepend=-1))
    counts = np.diff(starts, append=len(groups.positions))
    firsts = groups.positions[starts]
    # one number to compare: the most frequent first, of equal ones the one that begins first
    best = np.where(words.counts >= n, _ONCE - 1 - words.starts, 0)
    np.maximum.at(best, words.texts[firsts], counts * _ONCE + (_ONCE - 1 - firsts))
    has_one = np.flatnonzero(best)
    times, rest = np.divmod(best[has_one], _ONCE)
    found = np.zeros(len(best), dtype=np.int64)
    found[has_one] = np.maximum(times, 1) * (words.characters(_ONCE - 1 - rest, n) + n - 1)
    return found


def _duplicates(words: Words, groups: Groups, n: int, limits: npt.NDArray[np.floating]) -> Integers:
    later = np.sort(groups.later)
    ends = np.minimum(later + n, np.append(later[1:], len(words.lengths)))
    covered = words.before[ends] - words.before[later]
    found = np.bincount(words.texts[later], covered, len(limits)).astype(np.int64)
    suspects = np.flatnonzero(found > limits)
    if len(suspects):
        order = np.argsort(groups.positions)
        positions, numbers = groups.positions[order], groups.numbers[order]
        texts = words.texts[positions]
        for text in suspects:
            span = slice(*np.searchsorted(texts, [text, text + 1]))
            found[text] = _from_left_to_right(words, positions[span], numbers[span], n)
    return found


def _from_left_to_right(words: Words, positions: Integers, numbers: Integers, n: int) -> int:
    seen: set[int] = set()
    free_from = characters = 0
    lengths = words.characters(positions, n)
    for position, number, length in zip(positions.tolist(), numbers.tolist(), lengths.tolist(), strict=True):
        if position < free_from:
            continue
        if number in seen:
            characters += length
            free_from = position + n
        else:
            seen.add(number)
    return characters
