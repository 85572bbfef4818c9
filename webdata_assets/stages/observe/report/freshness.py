"""Freshness of each source: the age of its newest observation, against its limit.

What belongs here: ages, and which source is late. What does not: the check of each partition (checks/crawl).
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts, SourceFacts

FreshnessState = Literal["fresh", "late", "ended", "not scheduled", "never crawled"]


@dataclass(frozen=True)
class Freshness:
    """One source.

    Attributes:
        source: its name.
        observed_at: the moment whose content was seen last; None where nothing ever was.
        age_hours: since then.
        limit_hours: age at which it is late.
        state: whether it is.
    """

    source: str
    observed_at: dt.datetime | None
    age_hours: float
    limit_hours: float
    state: FreshnessState

    @property
    def width(self) -> int:
        """How much of a bar the age fills, in per cent; its limit is at two thirds."""
        return (
            0
            if math.isinf(self.age_hours)
            else round(100 * min(1.0, self.age_hours / self.limit_hours / 1.5))
        )


def build_freshness(facts: Facts) -> list[Freshness]:
    """Return every source, the latest ones first.

    The newest observation is told by the freshness check of the newest partition: the age that it found, and
    when. An age was counted up to the end of the date at most.
    """
    newest = {
        source: (date, hours, at)
        for source, date, hours, at in facts.verdicts["pages"]
        .filter((pl.col("check") == "freshness") & pl.col("value").is_finite())
        .sort("date")
        .group_by("source", maintain_order=True)
        .last()
        .select("source", "date", "value", "at")
        .iter_rows()
    }
    found = [_freshness(source, newest.get(source.name), facts.now) for source in facts.sources]
    return sorted(found, key=lambda each: (-_urgency(each), each.source))


def _freshness(
    source: SourceFacts, newest: tuple[dt.date, float, dt.datetime] | None, now: dt.datetime
) -> Freshness:
    if newest is None:
        return Freshness(source.name, None, math.inf, source.max_age_hours, "never crawled")
    date, hours, judged_at = newest
    observed_at = min(judged_at, _end_of(date)) - dt.timedelta(hours=hours)
    hours = max(0.0, (now - observed_at) / dt.timedelta(hours=1))
    state: FreshnessState = "late" if hours > source.max_age_hours else "fresh"
    if source.end is not None and source.end < now.date():
        state = "ended"
    elif not source.is_scheduled:
        state = "not scheduled"
    return Freshness(source.name, observed_at, hours, source.max_age_hours, state)


def _end_of(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)


def _urgency(each: Freshness) -> float:
    if each.state in ("late", "fresh"):
        return each.age_hours / each.limit_hours
    return 0.0 if each.state == "never crawled" else -1.0
