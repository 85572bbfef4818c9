"""Thresholds: their value, and where it came from.

What belongs here: the value, and how a source file's or a default one is told apart. What does not: formulas,
and the past (history.py).
"""

from dataclasses import dataclass
from typing import Literal

from webdata_assets.sources.expect import Expect

Origin = Literal["default", "source file", "task file", "history", "fixed"]
"""default: of the source grammar, or of the check; source file, task file: written there; history: computed
from admitted earlier partitions; fixed: follows from what the check is, such as 0 doubled keys."""

Sense = Literal["≥", "≤", "<"]


@dataclass(frozen=True)
class Limit:
    """One threshold.

    Attributes:
        value: the number compared with; None where there is nothing to compare with yet.
        origin: where it came from.
        key: where it is set, such as `expect.fetched`; empty where it cannot be.
        of: what of, where a check has several: a field, a status.
        sense: whether the value found must be at least, at most, or less than this.
        only_warns: whether a failure keeps nobody out, though the check blocks.
        points: how many admitted earlier partitions it rests on; None where it rests on none.
    """

    value: float | None
    origin: Origin = "fixed"
    key: str = ""
    of: str = ""
    sense: Sense = "≤"
    only_warns: bool = False
    points: int | None = None


ZERO = Limit(0.0)
"""Nothing is tolerated."""


def expected(
    expect: Expect,
    name: str,
    *,
    sense: Sense = "≤",
    of: str = "",
    only_warns: bool = False,
    points: int | None = None,
) -> Limit:
    """Return the threshold of a key of `expect`: the source file's where it is written there."""
    origin: Origin = "source file" if name in expect.model_fields_set else "default"
    value = getattr(expect, name)
    number = None if value is None else float(value)
    return Limit(number, origin, f"expect.{name}", of, sense, only_warns, points)
