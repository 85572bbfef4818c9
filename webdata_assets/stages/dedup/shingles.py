"""Texts → hashes of their word shingles.

What belongs here: what a word and a shingle is, and their hashes. What does not: comparing them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars_hash as plh
from blake3 import blake3
from numpy.typing import NDArray

SHINGLE_WORDS = 5
"""Words per shingle; a shorter text is one shingle."""

BLOCK_BYTES = 4_000_000
"""Of text that is held as words at a time: what bounds memory, and fits in a processor's cache."""

_NOT_A_SPACE_BUT_WHITE = "[\t\n\x0b\x0c\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_WITHOUT_SPACES = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
"""Scripts that write no space between words: each of their characters counts as a word."""

_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)
"""Odd constants, one per position in a shingle, so that the order of words counts."""


@dataclass(frozen=True)
class Shingles:
    """The shingles of some texts, one text after another.

    Attributes:
        hashes: of 64 bits, in the order of the text, repetitions included.
        counts: of shingles per text; 0 for a text without a word, and for null.
        text_hashes: per text, the first 128 bits of the BLAKE3 of its words' hashes in order, in hexadecimal.
    """

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    text_hashes: list[str]


def shingles(texts: pl.Series) -> Shingles:
    """Return the shingles of texts: runs of five words, compared without case and white space.

    A word is what stands between white space; in scripts that write no spaces it is a character. A text with
    fewer words than a shingle is one shingle as a whole. Hashes are XXH3 of words, combined by position: they
    depend on the text alone, on every machine.
    """
    words, counts = _words(texts)
    ends = np.cumsum(counts)
    starts = ends - counts
    return Shingles(*_combined(words, starts, counts), _text_hashes(words, starts, ends))


def blocks(texts: pl.Series) -> Iterator[pl.Series]:
    """Cut texts into runs of about `BLOCK_BYTES`, at least one text each."""
    sizes = texts.str.len_bytes().fill_null(0).to_numpy()
    first = 0
    block_of = np.cumsum(sizes) // BLOCK_BYTES
    for last in [*(np.flatnonzero(np.diff(block_of)) + 1).tolist(), len(texts)]:
        if last > first:
            yield texts.slice(first, last - first)
        first = last


def _words(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all words, and how many each text has."""
    folded = texts.fill_null("").str.to_lowercase().str.replace_all(_NOT_A_SPACE_BUT_WHITE, " ")
    if folded.str.contains(_WITHOUT_SPACES).any():
        folded = folded.str.replace_all(_WITHOUT_SPACES, " $1 ")
    lists = folded.str.split(" ")
    counts = lists.list.len().to_numpy().astype(np.int64)
    words = pl.DataFrame({"word": lists.explode(empty_as_null=False)})
    hashes = words.select(plh.col("word").nchash.xxh3_64()).to_series().to_numpy()
    # two spaces in a row have an empty word between them
    real = (words["word"] != "").to_numpy()
    if not real.all():
        before = np.concatenate([[0], np.cumsum(real)])
        ends = np.cumsum(counts)
        counts = before[ends] - before[ends - counts]
        hashes = hashes[real]
    return hashes, counts


def _combined(
    words: NDArray[np.uint64], starts: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return hash and number of the shingles: Σ word × multiplier of its position, then mixed."""
    shingle_counts = np.where(counts == 0, 0, np.maximum(counts - SHINGLE_WORDS + 1, 1))
    firsts = np.repeat(starts - (np.cumsum(shingle_counts) - shingle_counts), shingle_counts)
    firsts += np.arange(firsts.size)
    padded = np.concatenate([words, np.zeros(SHINGLE_WORDS, np.uint64)])
    sums = np.zeros(words.size, np.uint64)
    for place, multiplier in enumerate(_MULTIPLIERS):
        sums += padded[place : place + words.size] * multiplier
    hashes = sums[firsts]
    short = (counts > 0) & (counts < SHINGLE_WORDS)
    if short.any():
        # what the next text's words added to it is taken away
        at = (np.cumsum(shingle_counts) - shingle_counts)[short]
        for place, multiplier in enumerate(_MULTIPLIERS):
            foreign = counts[short] <= place
            hashes[at[foreign]] -= padded[starts[short][foreign] + place] * multiplier
    return mixed(hashes), shingle_counts


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread each bit over all others (the finalizer of SplitMix64: Steele, Lea, Flood 2014)."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes


def _text_hashes(words: NDArray[np.uint64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[str]:
    content = memoryview(words.astype("<u8", copy=False).tobytes())
    return [
        blake3(content[8 * start : 8 * end]).hexdigest(16)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
