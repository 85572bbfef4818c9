"""Choices that look random and are the same in every process and Python version.

What belongs here: picking by hash. What does not: what is picked (products.py, posts.py, reviews.py).
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def number(below: int, *seed: object) -> int:
    """Return an integer from 0 up to `below`, exclusive, that depends on nothing but the seed."""
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def pick(options: Sequence[T], *seed: object) -> T:
    """Return one of the options."""
    return options[number(len(options), *seed)]


def sample(options: Sequence[T], count: int, *seed: object) -> list[T]:
    """Return `count` different options in an order that depends on the seed."""
    order = sorted(range(len(options)), key=lambda index: number(2**63, *seed, index))
    return [options[index] for index in order[:count]]
