"""How good rankings are, judged by relevance: nDCG, recall, and how sure a difference is.

What belongs here: formulas. What does not: rankings, and reading judgements (retrieval/).
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Grades = Mapping[str, int]
"""Relevance by document of one query: 0 and less, and what is not judged, is not relevant."""
Gain = Callable[[int], float]

CUTOFF = 10


def linear_gain(grade: int) -> float:
    """Return the grade: the gain of trec_eval (Järvelin and Kekäläinen 2002)."""
    return float(max(0, grade))


def exponential_gain(grade: int) -> float:
    """Return 2^grade − 1: the gain of Burges et al. 2005. The same as the linear one for grades 0 and 1."""
    return float(2 ** max(0, grade) - 1)


def ndcg(ranking: Sequence[str], grades: Grades, cutoff: int = CUTOFF, gain: Gain = linear_gain) -> float:
    """Return the discounted cumulative gain to the cutoff, divided by that of the best ranking there is.

    The document of rank r, counted from 1, adds gain / log2(r + 1). 0.0 where nothing is relevant.
    """
    best = _discounted(sorted(map(gain, grades.values()), reverse=True)[:cutoff])
    return _discounted([gain(grades.get(name, 0)) for name in ranking[:cutoff]]) / best if best else 0.0


def recall(ranking: Sequence[str], grades: Grades, cutoff: int = CUTOFF) -> float:
    """Return the share of the relevant documents that stand above the cutoff; 0.0 where nothing is."""
    relevant = {name for name, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:cutoff])) / len(relevant) if relevant else 0.0


def mean_interval(
    values: Sequence[float], confidence: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return where the mean lies by the percentile bootstrap (Efron 1979), drawing values with replacement.

    Given the differences of two rankings per query, this is the paired bootstrap over queries.
    """
    drawn = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    means = np.asarray(values)[drawn].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _discounted(gains: Sequence[float]) -> float:
    return sum(value / math.log2(rank + 1) for rank, value in enumerate(gains, start=1))
