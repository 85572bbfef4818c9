"""Volume and completeness of each source over time, beside what each day was compared with.

What belongs here: which verdicts make which series. What does not: the thresholds, which are those that the
checks found at the time (stages/observe/anomaly.py), and drawing (plots.py).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.text import number, share, whole


@dataclass(frozen=True)
class Topic:
    """One kind of series: the values of one check.

    Attributes:
        title: in a table's head.
        layer: the checked table.
        check: whose values these are.
        has_band: whether the check gives both edges of a band; its threshold is the least value if not.
        write: a value in words.
    """

    title: str
    layer: str
    check: str
    has_band: bool
    write: Callable[[float], str]


TOPICS = (
    Topic("Pages reached", "pages", "page_count", True, whole),
    Topic("Records for each page", "records", "record_count", False, number),
    Topic("Completeness", "records", "completeness", False, share),
)


@dataclass(frozen=True)
class Point:
    """One day: the value, and the edges that it was compared with, as far as there were any."""

    date: dt.date
    value: float
    low: float | None
    high: float | None

    @property
    def is_odd(self) -> bool:
        """Whether it lies outside what was expected."""
        is_low = self.low is not None and self.value < self.low
        return is_low or (self.high is not None and self.value > self.high)


@dataclass(frozen=True)
class Series:
    """One topic of one source, by date; days without a value are left out."""

    topic: Topic
    points: tuple[Point, ...]

    @property
    def newest(self) -> Point | None:
        """The last day."""
        return self.points[-1] if self.points else None

    @property
    def value(self) -> str:
        """The newest value, in words."""
        return self.topic.write(self.newest.value) if self.newest else ""

    @property
    def expected(self) -> str:
        """What the newest value was compared with, in words; empty where that was nothing."""
        if self.newest is None or self.newest.low is None:
            return ""
        low = self.topic.write(self.newest.low)
        return f"≥ {low}" if self.newest.high is None else f"{low} – {self.topic.write(self.newest.high)}"

    @property
    def words(self) -> str:
        """The newest day for those who do not see the drawing."""
        if self.newest is None:
            return f"{self.topic.title}: nothing yet"
        expected = f", expected {self.expected}" if self.expected else ""
        return f"{self.topic.title}: {self.value} on {self.newest.date}{expected}"


def build_series(facts: Facts) -> dict[str, tuple[Series, ...]]:
    """Return the series of each source that has any, in the order of `TOPICS`."""
    points = [_points(facts, topic) for topic in TOPICS]
    return {
        source.name: tuple(
            Series(topic, tuple(found.get(source.name, ())))
            for topic, found in zip(TOPICS, points, strict=True)
        )
        for source in facts.sources
        if any(source.name in found for found in points)
    }


def _points(facts: Facts, topic: Topic) -> dict[str, list[Point]]:
    """Return the points of a topic by source, by date."""
    low, high = (
        pl.col("metrics").str.json_path_match(f"$.{edge}").cast(pl.Float64) for edge in ("low", "high")
    )
    edges = (low, high) if topic.has_band else (pl.col("threshold"), pl.lit(None, pl.Float64))
    rows = (
        facts.verdicts[topic.layer]
        .filter((pl.col("check") == topic.check) & pl.col("value").is_finite())
        .select("source", "date", "value", low=edges[0], high=edges[1])
        .sort("date")
    )
    found: dict[str, list[Point]] = defaultdict(list)
    for source, *point in rows.iter_rows():
        found[source].append(Point(*point))
    return found
