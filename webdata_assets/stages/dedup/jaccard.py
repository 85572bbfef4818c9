"""The exact Jaccard similarity of pairs of texts: shared distinct shingles ÷ all distinct shingles of both.

What belongs here: the measure. What does not: which pairs are worth it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from webdata_assets.stages.dedup.shingles import shingles

PAIRS_LOADED = 50_000
"""Whose texts are held at a time."""
PAIRS_COMPARED = 4_096
"""Whose texts are held as shingles at a time."""

TextsOf = Callable[[NDArray[np.int64]], pl.Series]
"""Gives the texts of the given numbers, in their order."""

_HASH_BITS = 48
"""Of a shingle's hash; the number of its text or pair stands above. Two shingles of a pair of texts of
thousands of words are taken for one in less than one of 10⁷ pairs."""


def jaccard(texts_of: TextsOf, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the similarity of each pair of texts, given by their numbers; 0 for texts without words."""
    found = [np.zeros(0)]
    for begin in range(0, left.size, PAIRS_LOADED):
        window = slice(begin, begin + PAIRS_LOADED)
        numbers, places = distinct(np.concatenate([left[window], right[window]]))
        texts = texts_of(numbers)
        first, second = np.split(places, 2)
        for start in range(0, first.size, PAIRS_COMPARED):
            block = slice(start, start + PAIRS_COMPARED)
            found.append(_of_block(texts, first[block], second[block]))
    return np.concatenate(found)


def distinct(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the distinct values in order, and the place of each value among them.

    By sorting: `np.unique` hashes, which takes twenty times as long where most values differ.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.append(True, ordered[1:] != ordered[:-1])[: values.size]
    places = np.empty(values.size, np.int64)
    places[order] = np.cumsum(new) - 1
    return ordered[new], places


def _of_block(loaded: pl.Series, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    numbers, places = distinct(np.concatenate([left, right]))
    sets, starts, sizes = _sets(loaded.gather(numbers))
    first, second = np.split(places, 2)
    shared = np.zeros(left.size, np.int64)
    # whole sets are laid side by side, a bounded number of them at a time
    cost = np.cumsum(sizes[first] + sizes[second])
    for run in np.split(np.arange(left.size), np.flatnonzero(np.diff(cost // 2_000_000)) + 1):
        keys = np.concatenate([_keys(sets, starts, sizes, side[run]) for side in (first, second)])
        keys.sort()
        twice = keys[:-1][keys[:-1] == keys[1:]] >> np.uint64(_HASH_BITS)
        shared[run] = np.bincount(twice.astype(np.int64), minlength=run.size)
    union = sizes[first] + sizes[second] - shared
    similarities = np.zeros(left.size)
    np.divide(shared, union, out=similarities, where=union > 0)
    return similarities


def _sets(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct shingles of each text, and where each text's begin and how many they are."""
    found = shingles(texts)
    keys = np.repeat(np.arange(len(texts), dtype=np.uint64) << np.uint64(_HASH_BITS), found.counts)
    keys |= found.hashes >> np.uint64(64 - _HASH_BITS)
    keys.sort()
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: keys.size]]
    sizes = np.bincount((keys >> np.uint64(_HASH_BITS)).astype(np.int64), minlength=len(texts))
    return keys & np.uint64((1 << _HASH_BITS) - 1), np.cumsum(sizes) - sizes, sizes


def _keys(
    sets: NDArray[np.uint64], starts: NDArray[np.int64], sizes: NDArray[np.int64], texts: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return the sets of some texts one after another, each shingle with the place of its text above it."""
    lengths = sizes[texts]
    at = np.repeat(starts[texts] - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
    places = np.repeat(np.arange(texts.size, dtype=np.uint64), lengths)
    keys: NDArray[np.uint64] = sets[at] | (places << np.uint64(_HASH_BITS))
    return keys
