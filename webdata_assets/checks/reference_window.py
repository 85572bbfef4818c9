"""The reference that drift is measured against: what was admitted of the same source of late.

What belongs here: which partitions, and reading their rows. What does not: measures (stages/observe).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from webdata_assets.checks.check import Subject
from webdata_assets.schemas import Table
from webdata_assets.store import Store

REFERENCE_DAYS = 30


@dataclass(frozen=True)
class ReferenceWindow:
    """Admitted partitions of one source before a date, no more than `REFERENCE_DAYS` ago.

    Attributes:
        table: whose rows are the reference.
        source: the source's name.
        dates: of the partitions, sorted; none before `expect.history_since`.
    """

    store: Store
    table: Table
    source: str
    dates: tuple[dt.date, ...]

    @classmethod
    def of(cls, subject: Subject, table: Table) -> "ReferenceWindow":
        """Return the window before a subject's date."""
        source, date = subject.declared, subject.date
        first = max(date - dt.timedelta(days=REFERENCE_DAYS), source.expect.history_since or dt.date.min)
        admitted = subject.store.ledger.admitted(table).filter(
            pl.col("source") == source.name, pl.col("date").is_between(first, date, closed="left")
        )
        return cls(subject.store, table, source.name, tuple(admitted["date"].sort()))

    def scan(self, columns: Sequence[str]) -> pl.LazyFrame:
        """Return some columns of its rows."""
        # values, and not a join, tell the scan which files to open
        here = (pl.col("source") == self.source) & pl.col("date").is_in(list(self.dates))
        return self.store.tables.scan(self.table).filter(here).select(columns)
