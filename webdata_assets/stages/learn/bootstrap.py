"""Bootstrap over groups: how sure a score, or the difference of two scores on the same rows, is.

What belongs here: drawing groups with replacement, and percentile intervals. What does not: what is counted
in a group (metrics.py), and what follows from an interval (promotion.py).

Rows of one site resemble each other, so that they are no independent draws: whole groups are drawn, and ten
copies of a row tell no more than one (Davison & Hinkley, Bootstrap Methods and their Application, 1997, 3.8).
"""

from typing import NamedTuple

import numpy as np

from webdata_assets.stages.learn.metrics import Numbers, score
from webdata_assets.tasks.model import Metric

DRAWS = 1_000
LEVEL = 0.95
_SEED = 0
_DRAWS_AT_ONCE = 50
"""Bounds the memory: 50 draws of 10,000 groups take 4 MB."""


class Estimate(NamedTuple):
    """A value, and its 95 % interval."""

    value: float
    low: float
    high: float


def estimate_score(metric: Metric, counts: Numbers) -> Estimate:
    """Return the score of all groups together with its interval.

    Args:
        counts: tallies per group.
    """
    value = float(score(metric, counts.sum(axis=0)))
    if len(counts) < 2:
        # a single group says nothing of how groups differ
        return Estimate(value, 0.0, 1.0)
    return Estimate(value, *_percentiles(score(metric, _drawn(counts))))


def estimate_difference(metric: Metric, one: Numbers, other: Numbers) -> Estimate:
    """Return the score of `one` minus that of `other`, paired: each draw holds the same groups for both.

    Args:
        one: tallies per group.
        other: tallies of the same rows in the same groups, of other predictions.
    """
    value = float(score(metric, one.sum(axis=0)) - score(metric, other.sum(axis=0)))
    if np.array_equal(one, other):
        return Estimate(0.0, 0.0, 0.0)
    if len(one) < 2:
        return Estimate(value, -1.0, 1.0)
    both = _drawn(np.stack([one, other], axis=1))
    return Estimate(value, *_percentiles(score(metric, both[:, 0]) - score(metric, both[:, 1])))


def _drawn(counts: Numbers) -> Numbers:
    """Return the sums over as many groups as there are, drawn with replacement: draws × the other axes."""
    random = np.random.default_rng(_SEED)
    groups = len(counts)
    # sums of whole numbers are exact in any order, and so equal on any number of cores
    flat = counts.reshape(groups, -1)
    sums = np.empty((DRAWS, flat.shape[1]))
    for first in range(0, DRAWS, _DRAWS_AT_ONCE):
        rows = min(_DRAWS_AT_ONCE, DRAWS - first)
        chosen = random.integers(groups, size=(rows, groups)) + groups * np.arange(rows)[:, None]
        times = np.bincount(chosen.ravel(), minlength=rows * groups).reshape(rows, groups)
        sums[first : first + rows] = times.astype(np.float64) @ flat
    return sums.reshape(DRAWS, *counts.shape[1:])


def _percentiles(values: Numbers) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
