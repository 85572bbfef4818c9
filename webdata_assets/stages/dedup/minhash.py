"""Shingles → MinHash signatures → the hashes of their bands (Broder 1997; Leskovec et al., MMDS, ch. 3.4).

What belongs here: signatures, and how they are cut into bands. What does not: what shares a band.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from webdata_assets.stages.dedup.shingles import blocks, mixed, shingles

PERMUTATIONS = 108
"""2² × 3³: many ways of cutting it into bands."""
LEAST_RECALL = 0.99
"""Chance that a pair exactly at the wished similarity shares a band."""

_CHUNK = 32_768
"""Shingles hashed at a time: they stay in the processor's cache for all permutations."""
_SEED = 20_240_229


@dataclass(frozen=True)
class Layout:
    """How a signature is cut: two texts are compared when all rows of one band agree."""

    bands: int
    rows: int

    def recall(self, similarity: float) -> float:
        """Return the chance that two texts of this Jaccard similarity share a band: 1 - (1 - sʳ)ᵇ."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)

    @classmethod
    def for_similarity(cls, similarity: float) -> "Layout":
        """Return the layout with the fewest needless comparisons whose recall at a similarity is enough."""
        layouts = [cls(PERMUTATIONS // rows, rows) for rows in (12, 9, 6, 4, 3, 2, 1)]
        return next(layout for layout in layouts if layout.recall(similarity) >= LEAST_RECALL)


@dataclass(frozen=True)
class Fingerprints:
    """Of some texts, in their order.

    Attributes:
        text_hashes: equal for texts with the same words in the same order.
        shingle_counts: repetitions included.
        bands: one row per text, one column per band. A text without words has zeros, and is like no other.
    """

    text_hashes: list[str]
    shingle_counts: NDArray[np.int64]
    bands: NDArray[np.int32]


def fingerprints(texts: pl.Series, layout: Layout) -> Fingerprints:
    """Return what near-duplicates of texts are found by; memory is bounded, however many texts there are."""
    hashes: list[str] = []
    counts, bands = [np.zeros(0, np.int64)], [np.zeros((0, layout.bands), np.int32)]
    for block in blocks(texts):
        found = shingles(block)
        hashes += found.text_hashes
        counts.append(found.counts)
        bands.append(_bands(_signatures(found.hashes, found.counts), layout))
    return Fingerprints(hashes, np.concatenate(counts), np.concatenate(bands))


def _signatures(hashes: NDArray[np.uint64], counts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return per permutation and text the least value of a·x + b mod 2³² over its shingles x.

    The shingles are mixed hashes already, for which such linear functions serve as permutations.
    """
    numbers = (hashes >> np.uint64(32)).astype(np.uint32)
    # not numpy's random numbers, which may differ between its versions
    drawn = mixed(np.arange(_SEED, _SEED + 2 * PERMUTATIONS, dtype=np.uint64)).astype(np.uint32)
    factors, offsets = drawn[:PERMUTATIONS] | np.uint32(1), drawn[PERMUTATIONS:]
    signatures = np.full((PERMUTATIONS, counts.size), np.iinfo(np.uint32).max, np.uint32)
    filled = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[filled]
    ends = starts + counts[filled]
    buffer = np.empty(_CHUNK, np.uint32)
    for begin in range(0, numbers.size, _CHUNK):
        chunk = numbers[begin : begin + _CHUNK]
        first = int(np.searchsorted(ends, begin, side="right"))
        last = int(np.searchsorted(starts, begin + chunk.size, side="left"))
        cuts = np.maximum(starts[first:last] - begin, 0)
        texts = filled[first:last]
        values = buffer[: chunk.size]
        for row, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            np.multiply(chunk, factor, out=values)
            np.add(values, offset, out=values)
            least = np.minimum.reduceat(values, cuts)
            # a text that began in the chunk before goes on in this one
            signatures[row, texts] = np.minimum(signatures[row, texts], least)
    return signatures


def _bands(signatures: NDArray[np.uint32], layout: Layout) -> NDArray[np.int32]:
    """Return one 32-bit hash per text and band: FNV-1a over the band's rows, mixed (MurmurHash3)."""
    rows = signatures.reshape(layout.bands, layout.rows, -1)
    hashes = np.full((layout.bands, signatures.shape[1]), 2_166_136_261, np.uint32)
    for row in range(layout.rows):
        hashes ^= rows[:, row]
        hashes *= np.uint32(16_777_619)
        hashes ^= hashes >> np.uint32(15)
    hashes ^= hashes >> np.uint32(16)
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return np.ascontiguousarray(hashes.view(np.int32).T)
