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


@dataclass(frozen=True)
class Limit:
    """One threshold.

    Attributes:
        value: the number compared with; None where there is nothing to compare with yet.
        origin: where it came from.
        key: where it is set, such as `expect.fetched`; empty where it cannot be.
        of: what of, where a check has several: a field, a status.
        sense: whether the value found must be at least, or at most, this.
        only_warns: whether a failure keeps nobody out, though the check blocks.
    """

    value: float | None
    origin: Origin = "fixed"
    key: str = ""
    of: str = ""
    sense: Literal["≥", "≤"] = "≤"
    only_warns: bool = False


ZERO = Limit(0.0)
"""Nothing is tolerated."""


def expected(
    expect: Expect, name: str, *, sense: Literal["≥", "≤"] = "≤", of: str = "", only_warns: bool = False
) -> Limit:
    """Return the threshold of a key of `expect`: the source file's where it is written there."""
    origin: Origin = "source file" if name in expect.model_fields_set else "default"
    value = getattr(expect, name)
    return Limit(None if value is None else float(value), origin, f"expect.{name}", of, sense, only_warns)
