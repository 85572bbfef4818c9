"""Volume anomalies: is a day's number within what the days before it lead one to expect?

What belongs here: the baseline, its noise, the band and the z-score of any daily series. What does not: where
series come from (checks/history.py), and which of them are judged (checks/).

The scheme is that of Elementary's volume anomaly test (elementary-data, `volume_anomalies`): more than 3
standard deviations (`anomaly_sensitivity`) from the mean of 14 days (`training_period`), of which the newest
2 are tested and train nothing (`detection_period`), with at least 7 points (`min_training_set_size`).
"""

import datetime as dt
import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

TRAINING_DAYS = 14
"""How far back a baseline reaches for a source of a daily cadence, or of a quicker one."""
WARNING_POINTS = 3
"""With fewer points there is nothing to compare with: two points have no spread worth the name."""
BLOCKING_POINTS = 7
"""With fewer points a comparison with the past only warns."""
DEVIATION = 3.0
"""Standard deviations."""

State = Literal["nothing to compare", "warns", "blocks"]
Noise = Callable[[float], float]
"""From a mean, the least standard deviation that a series of such a mean is believed to have."""


def counting_noise(mean: float) -> float:
    """Return √mean, at least 1: what a count of independent events varies by (Poisson)."""
    return max(1.0, math.sqrt(max(0.0, mean)))


def size_noise(mean: float) -> float:
    """Return 5 % of the mean, at least 1 byte: a template may gain a banner and be as whole as before."""
    return max(1.0, 0.05 * mean)


def state_of(points: int) -> State:
    """Return what a comparison with so many points can do."""
    if points < WARNING_POINTS:
        return "nothing to compare"
    return "warns" if points < BLOCKING_POINTS else "blocks"


def training_days(cadence_hours: float) -> int:
    """Return how many days a baseline reaches back: 14, or 14 cadences where data is due less than daily."""
    return math.ceil(TRAINING_DAYS * max(1.0, cadence_hours / 24))


def baseline(
    series: Mapping[dt.date, float],
    date: dt.date,
    *,
    days: int = TRAINING_DAYS,
    since: dt.date | None = None,
) -> list[float]:
    """Return the numbers that a date is compared with, by date.

    These are the numbers of the `days` before the date, without the newest of them, which is tested itself:
    the first day of a change must not make the second one normal. What is not earlier than the date is
    ignored, so that any date of a whole series can be judged.

    Args:
        since: earlier dates do not count.
    """
    first = max(filter(None, (date - dt.timedelta(days=days), since)))
    return [series[day] for day in sorted(series) if first <= day < date][:-1]


@dataclass(frozen=True)
class Band:
    """Where a number is expected.

    Attributes:
        mean: of the baseline.
        sigma: its sample standard deviation, or the noise of such a mean where that is larger.
        points: of the baseline, at least `WARNING_POINTS`.
        low: least number within the band; never below 0, as the series are of counts, sizes and shares.
        high: largest number within the band.
    """

    mean: float
    sigma: float
    points: int
    low: float
    high: float

    @property
    def state(self) -> State:
        """What leaving the band does."""
        return state_of(self.points)

    def z(self, value: float) -> float:
        """Return how many standard deviations a number is above the mean."""
        return (value - self.mean) / self.sigma

    def holds(self, value: float) -> bool:
        """Return whether a number lies within the band, edges included."""
        return self.low <= value <= self.high

    def nearer_edge(self, value: float) -> float:
        """Return the edge that a number is compared with: the one on its own side of the mean."""
        return self.low if value < self.mean else self.high


def band(
    series: Mapping[dt.date, float],
    date: dt.date,
    *,
    noise: Noise,
    deviation: float = DEVIATION,
    days: int = TRAINING_DAYS,
    since: dt.date | None = None,
) -> Band | None:
    """Return the band of a date; None where there is nothing to compare with.

    The band is mean ± deviation · σ. σ has a floor, because a series that never moved has no spread, and any
    change at all would be infinitely many of its standard deviations.

    Args:
        series: numbers by date; those of the date itself and of later ones are ignored.
        date: whose number is to be judged.
        noise: the floor of σ.
        deviation: half the band's width, in standard deviations.
        days: as of `baseline`, as is `since`.
    """
    points = baseline(series, date, days=days, since=since)
    if state_of(len(points)) == "nothing to compare":
        return None
    mean = statistics.fmean(points)
    sigma = max(statistics.stdev(points), noise(mean))
    reach = deviation * sigma
    return Band(mean, sigma, len(points), max(0.0, mean - reach), mean + reach)


def bands(
    series: Mapping[dt.date, float],
    *,
    noise: Noise,
    deviation: float = DEVIATION,
    days: int = TRAINING_DAYS,
    since: dt.date | None = None,
) -> dict[dt.date, Band]:
    """Return the band of each date of a series that has one, as `band` does: what a plot shades."""
    found = {
        date: band(series, date, noise=noise, deviation=deviation, days=days, since=since)
        for date in sorted(series)
    }
    return {date: each for date, each in found.items() if each is not None}
