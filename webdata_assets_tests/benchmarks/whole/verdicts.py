"""What the race's figures say about what is claimed: less CPU on each day, less overhead, no worse quality.

What belongs here: the claims, and whether they hold. What does not: measuring.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from webdata_assets_tests.benchmarks.whole.overhead import Overhead
from webdata_assets_tests.benchmarks.whole.scores import Quality

FIRST_DAY, SECOND_DAY, OVERHEAD = 3.0, 20.0, 5.0
"""How many times less CPU than the script on each day, and less overhead a step than plain Dagster."""
_COMPARED = ("word_f1", "snippet_f1", "dedup_recall", "dedup_precision", "ndcg", "recall")


@dataclass(frozen=True)
class Verdict:
    """One claim: `figure` should be at least `claimed`."""

    claim: str
    figure: float
    claimed: float

    @property
    def holds(self) -> bool:
        """Whether the figure is as claimed."""
        return self.figure >= self.claimed


def cpu_verdicts(ours: Mapping[int, float], script: Mapping[int, float]) -> list[Verdict]:
    """Return the verdicts on CPU seconds by day, counted from 0."""
    claims = ((0, "day 1: × less CPU than the script", FIRST_DAY),
              (1, "day 2: × less CPU than the script", SECOND_DAY))  # fmt: skip
    return [
        Verdict(claim, script[day] / ours[day], least)
        for day, claim, least in claims
        if day in ours and day in script
    ]


def quality_verdicts(ours: Quality, script: Quality) -> list[Verdict]:
    """Return a verdict for each figure of a day: ours at least the script's."""
    return [Verdict(name, getattr(ours, name), getattr(script, name)) for name in _COMPARED]


def overhead_verdict(ours: Overhead, plain: Overhead) -> Verdict:
    """Return the verdict on what one step costs beside its work."""
    return Verdict("× less overhead a step than plain Dagster", plain.per_step / ours.per_step, OVERHEAD)
