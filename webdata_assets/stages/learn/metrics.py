"""Metrics: tallies of predicted against true labels, and the scores that follow from them.

What belongs here: counting, and formulas over counts, for one set of rows or for many at once. What does not:
how sure a score is (bootstrap.py), and what follows from it (promotion.py).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from webdata_assets.tasks.model import Metric

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Coded(NamedTuple):
    """Labels as numbers, those of several sequences by one code: the place among all of them, sorted."""

    labels: tuple[str, ...]
    codes: tuple[Indices, ...]


def code_labels(*sequences: Sequence[str]) -> Coded:
    """Return sequences of labels as numbers by one common code."""
    together = np.array([label for labels in sequences for label in labels], dtype=object)
    if together.size == 0:
        return Coded((), tuple(np.empty(0, dtype=np.int64) for _ in sequences))
    labels, codes = np.unique(together, return_inverse=True)
    ends = np.cumsum([len(labels) for labels in sequences])[:-1]
    return Coded(
        tuple(str(label) for label in labels),
        tuple(part.astype(np.int64) for part in np.split(codes.reshape(-1), ends)),
    )


def tallies(actual: Indices, predicted: Indices, groups: Indices, classes: int) -> Numbers:
    """Count rows per group.

    Args:
        actual: per row the number of the true label, below `classes`.
        predicted: likewise.
        groups: per row the number of its group, from 0 without a gap.

    Returns:
        Groups × 2 × classes: how many rows of a class were predicted rightly, and how often the class was the
        true or the predicted label.
    """
    shape = (int(groups.max(initial=-1)) + 1, 2, classes)
    rights, seen = 2 * classes * groups, 2 * classes * groups + classes
    cells = np.concatenate([(rights + actual)[actual == predicted], seen + actual, seen + predicted])
    return np.bincount(cells, minlength=math.prod(shape)).reshape(shape).astype(np.float64)


def score(metric: Metric, counts: Numbers) -> Numbers:
    """Return the score of tallies, … × 2 × classes, in 0…1; 0 where there are no rows.

    Accuracy is the share of rows that are right. Macro F1 is the unweighted mean of the classes' F1, which is
    2 · right / (true + predicted), over the classes that are true or predicted somewhere.
    """
    right, seen = counts[..., 0, :], counts[..., 1, :]
    if metric == "accuracy":
        return np.asarray(2 * right.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1))
    f1 = 2 * right / np.maximum(seen, 1)
    return np.asarray(f1.sum(axis=-1) / np.maximum((seen > 0).sum(axis=-1), 1))
