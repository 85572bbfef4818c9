"""The nearest vectors by comparing with each."""

import math
from collections.abc import Mapping, Sequence


def nearest(vectors: Mapping[str, Sequence[float]], wanted: Sequence[float], most: int) -> list[str]:
    """Return the ids of the most similar vectors, the nearest first, with those as near as the last one."""
    similarity = {name: _dot(vector, wanted) for name, vector in vectors.items()}
    ranked = sorted(similarity, key=lambda name: -similarity[name])
    if len(ranked) <= most:
        return ranked
    last = similarity[ranked[most - 1]]
    return [name for name in ranked if similarity[name] >= last - 1e-5]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(left * right for left, right in zip(one, other, strict=True))
