"""Probabilities of blocks → the blocks to keep.

What belongs here: the decision rule. What does not: probabilities (model.py).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_REPEATED_WORDS = 6
"""From this length on a text that stands on the page twice is taken once, as shops show it for small screens
and again for large ones."""


def choose(
    probabilities: NDArray[np.float64], words: NDArray[np.float64], *, least: float = 0.0
) -> tuple[NDArray[np.bool_], float]:
    """Return which blocks to keep, and the word F1 to be expected of them.

    Blocks are taken in the order of their probabilities for as long as the expected F1, 2 E[kept and wanted]
    / (kept + E[wanted]), grows; this set has the greatest expected F1 of all (Lipton, Elkan and Narayanaswamy
    2014, "Optimal thresholding of classifiers to maximize F1 measure").

    Args:
        probabilities: of shape (blocks,), that a block is part of the main content.
        words: of shape (blocks,), how much of the text each block is.
        least: blocks of a lower probability are left out, but for the most probable one.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(probabilities[order] * words[order])
    wanted = hits[-1] if len(hits) else 0.0
    if wanted <= 0:
        return np.zeros(len(probabilities), dtype=bool), 0.0
    expected = 2 * hits / (np.cumsum(words[order]) + wanted)
    last = int(np.argmax(expected))
    kept = np.zeros(len(probabilities), dtype=bool)
    kept[order[: last + 1]] = True
    kept &= probabilities >= min(least, probabilities.max())
    return kept, float(expected[kept.sum() - 1])


def without_repetitions(
    probabilities: NDArray[np.float64],
    texts: Sequence[str],
    words: NDArray[np.float64],
    siblings: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the probabilities with 0 for the less probable of blocks with the same text.

    Repetitions next to each other, under one parent, are meant, and stay.
    """
    first: dict[str, int] = {}
    mended = probabilities.copy()
    for block, text in enumerate(texts):
        if words[block] < _REPEATED_WORDS:
            continue
        earlier = first.setdefault(text, block)
        if earlier != block and siblings[earlier] != siblings[block]:
            mended[earlier] = max(mended[earlier], mended[block])
            mended[block] = 0.0
    return mended
