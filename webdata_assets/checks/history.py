"""The past of a source, as its checks found it: what a partition is compared with.

What belongs here: series of values and metrics of admitted earlier partitions. What does not: judging them
(stages/observe/anomaly.py), and formulas.
"""

import datetime as dt
from dataclasses import dataclass

import orjson
import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.stages.observe.anomaly import BLOCKING_POINTS
from webdata_assets.store.ledger import Ledger

__all__ = ["BLOCKING_POINTS", "Past"]


@dataclass(frozen=True)
class Past:
    """Verdicts of the admitted earlier partitions of one source, on one table.

    Attributes:
        partition: that which is compared with them.
        verdicts: columns of `Ledger.all_newest_verdicts`, by date.
    """

    partition: Partition
    verdicts: pl.DataFrame

    @classmethod
    def of(cls, ledger: Ledger, table: Table, partition: Partition, since: dt.date | None) -> "Past":
        """Read the past of a partition, from the date `since` on if there is one."""
        return cls(partition, ledger.earlier_verdicts(table, partition, since=since))

    def values(self, check: str, *, days: int | None = None) -> dict[dt.date, float]:
        """Return the value that a check found, by date; dates without one are left out.

        Args:
            days: how far back from the partition's date; everything if none.
        """
        rows = self._rows(check, days).filter(pl.col("value").is_not_null())
        return dict(rows.select("date", "value").iter_rows())

    def metrics(self, check: str, *, days: int | None = None) -> dict[dt.date, dict[str, float]]:
        """Return the metrics of a check by date, as far as there are any."""
        rows = self._rows(check, days).filter(pl.col("metrics").is_not_null())
        return {
            date: {name: value for name, value in orjson.loads(metrics).items() if value is not None}
            for date, metrics in rows.select("date", "metrics").iter_rows()
        }

    def metric(self, check: str, name: str, *, days: int | None = None) -> dict[dt.date, float]:
        """Return one metric of a check by date; dates without it are left out."""
        metrics = self.metrics(check, days=days)
        return {date: numbers[name] for date, numbers in metrics.items() if name in numbers}

    def _rows(self, check: str, days: int | None) -> pl.DataFrame:
        rows = self.verdicts.filter(check=check)
        if days is not None:
            rows = rows.filter(pl.col("date") >= self.partition.date - dt.timedelta(days=days))
        return rows.sort("date")
