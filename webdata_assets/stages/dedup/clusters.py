"""Pairs → clusters: what is alike, directly or by way of others, with the member that stands for the rest.

What belongs here: union-find. What does not: how pairs are found.
"""

import numpy as np
from numpy.typing import NDArray


def canonical_members(total: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of `total` members the least one of its cluster: the connected ones (union-find)."""
    parent = list(range(total))

    def root(member: int) -> int:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        first, second = root(one), root(other)
        parent[max(first, second)] = min(first, second)
    return np.array([root(member) for member in range(total)], dtype=np.int64)
