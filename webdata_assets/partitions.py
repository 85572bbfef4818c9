"""The date × source grid: the only code that splits or joins partition keys.

What belongs here: the partition key value and the grid's definition. What does not: which partitions are
admitted (store/), or which may be crawled (stages/crawl/).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

DATE_DIMENSION = "date"
SOURCE_DIMENSION = "source"


@dataclass(frozen=True, order=True)
class Partition:
    """One day of one source: the unit of materialization, check, retry and admission."""

    date: dt.date
    source: str

    @property
    def key(self) -> str:
        """Dagster's key for this partition, such as `2026-06-01|demo_shop`."""
        return f"{self.date.isoformat()}|{self.source}"

    @classmethod
    def from_key(cls, key: str) -> "Partition":
        """Read Dagster's key. Raises ValueError when it is not `YYYY-MM-DD|source`."""
        date, separator, source = key.partition("|")
        if not separator or not source:
            raise ValueError(f"partition key {key!r} is not of the form YYYY-MM-DD|source")
        return cls(dt.date.fromisoformat(date), source)

    @property
    def tags(self) -> dict[str, str]:
        """By which Dagster knows a run as this partition's."""
        tag = "dagster/partition"
        dimensions = {DATE_DIMENSION: self.date.isoformat(), SOURCE_DIMENSION: self.source}
        return {tag: self.key, **{f"{tag}/{name}": value for name, value in dimensions.items()}}

    def __str__(self) -> str:
        return self.key


def first_date(start: dt.date, archive_after_days: int, today: dt.date | None = None) -> dt.date:
    """Return the first date of the grid: earlier ones are archived, out of the grid and still readable.

    Args:
        start: the earliest `start` among the sources.
        archive_after_days: age from which on a date is archived; 0 for none.
        today: in UTC; now if None.
    """
    if not archive_after_days:
        return start
    today = today or dt.datetime.now(dt.UTC).date()
    return max(start, today - dt.timedelta(days=archive_after_days))


def build_partitions_definition(
    start: dt.date, sources: Sequence[str], end: dt.date | None = None
) -> "dg.MultiPartitionsDefinition":
    """Return the grid from `start` to `end`, or up to and including today, by source.

    Args:
        start: the first date, the earliest `start` among the sources.
        sources: names of the enabled sources.
        end: the last date, when every source has one. It counts once it is over: until then the grid grows
            with each day.
    """
    # Imported here so that stages can use Partition without loading dagster.
    import dagster as dg

    if end is not None and end < dt.datetime.now(dt.UTC).date():
        start = min(start, end)  # a grid has a date, even when all of them are archived
        day_after = (end + dt.timedelta(days=1)).isoformat()
        dates = dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_date=day_after)
    else:
        # end_offset=1 makes today's partition exist while the day is still running
        dates = dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=1)
    return dg.MultiPartitionsDefinition(
        {
            DATE_DIMENSION: dates,
            SOURCE_DIMENSION: dg.StaticPartitionsDefinition(list(sources)),
        }
    )
