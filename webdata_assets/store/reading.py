"""What of a table is admitted, at one moment: chosen once, read lazily, the same however late it is read.

What belongs here: choosing partitions, and a scan that opens their files alone. What does not: admission
(ledger.py), and files in other formats (stages/export).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import polars as pl

from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.store.store import Store

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class AdmittedRows:
    """Admitted rows of one table.

    Attributes:
        table: whose rows they are.
        partitions: those that are admitted, by date and source; none for a table without partitions.
        left_out: how many partitions were asked for and are not admitted.
        height: the number of rows.
    """

    table: Table
    partitions: tuple[Partition, ...]
    left_out: int
    height: int
    _stored: pl.LazyFrame

    @cached_property
    def _known(self) -> frozenset[Partition]:
        return frozenset(self.partitions)

    @classmethod
    def choose(
        cls, store: Store, table: Table, *, dates: Collection[dt.date] = (), sources: Collection[str] = ()
    ) -> "AdmittedRows":
        """Choose the admitted partitions of some dates and sources, or an unpartitioned table.

        Args:
            store: where they are.
            table: which table.
            dates: only partitions of these dates; all if none.
            sources: only partitions of these sources; all if none.

        Raises:
            NotAdmittedError: nothing that was asked for is admitted; or a partition that was named by date
                and source is not.
            PermanentError: CONFIGURATION, dates or sources of a table without partitions.
            TransientError: partitions are admitted faster than the store can be read.
        """
        if not table.partitioned and (dates or sources):
            raise PermanentError(
                f"{table.name} is one table, not partitioned: leave out date and source",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        states, stored = store.snapshot(table)
        if dates:
            states = states.filter(pl.col("date").is_in(list(dates)))
        if sources:
            states = states.filter(pl.col("source").is_in(list(sources)))
        admitted = states.filter("admitted").sort("date", "source")
        named = [Partition(date, source) for date in dates for source in sources]
        _require(store, table, named if table.partitioned else [None], admitted)
        if admitted.is_empty():
            wanted = " ".join([*map(str, dates), *sources]) or "any date and source"
            raise NotAdmittedError(
                f"no partition of {table.name} for {wanted} is admitted; see `webdata status`"
            )
        keys = admitted.select("date", "source").rows() if table.partitioned else ()
        return cls(
            table,
            tuple(Partition(date, source) for date, source in keys),
            states.height - admitted.height,
            int(admitted["rows"].sum()),
            stored,
        )

    def scan(self) -> pl.LazyFrame:
        """Every row, in the table's column order; a filter on date or source opens those files alone."""
        if not self.table.partitioned:
            return self._stored
        dates: dict[str, list[dt.date]] = {}
        for partition in self.partitions:
            dates.setdefault(partition.source, []).append(partition.date)
        # values, and not a join, tell the scan which files to open
        return self._stored.filter(
            pl.any_horizontal(
                (pl.col("source") == source) & pl.col("date").is_in(of_source)
                for source, of_source in dates.items()
            )
        )

    def scan_partition(self, partition: Partition | None) -> pl.LazyFrame:
        """Rows of one of the partitions, or of an unpartitioned table for None.

        Raises:
            NotAdmittedError: it is none of the partitions.
        """
        if partition is None and not self.table.partitioned:
            return self._stored
        if partition is None or partition not in self._known:
            raise NotAdmittedError(f"{self.table.name} {partition} is not among what is admitted")
        return self._stored.filter(
            (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
        )


def _require(store: Store, table: Table, named: Sequence[Partition | None], admitted: pl.DataFrame) -> None:
    """Raise NotAdmittedError, saying why, where something that was named is not among what is admitted."""
    held = {
        Partition(date, source) if source else None for date, source in admitted[["date", "source"]].rows()
    }
    for partition in named:
        if partition not in held:
            store.ledger.require_admitted(table, partition)
            raise TransientError(
                f"{table.name} {partition or ''} was admitted while it was read; read once more",
                failure_domain=FailureDomain.RESOURCE,
            )


def known_table(name: str, *others: str) -> Table:
    """Return a table by its name.

    Args:
        name: of the table.
        others: what else may be named where this is asked.

    Raises:
        PermanentError: CONFIGURATION, there is none of that name; the message lists those that there are.
    """
    if name not in TABLES:
        *most, last = (*TABLES, *others)
        raise PermanentError(
            f"there is no table {name!r}: use one of {', '.join(most)} or {last}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return TABLES[name]


def as_dates(given: dt.date | str | Iterable[dt.date | str] | None) -> tuple[dt.date, ...]:
    """Return dates that are given one or many, as dates or as YYYY-MM-DD; none for None.

    Raises:
        PermanentError: CONFIGURATION, a text is no date, or many are none at all.
    """
    if given is None:
        return ()
    each = (given,) if isinstance(given, dt.date | str) else tuple(given)
    return tuple(map(_as_date, _some(each, "date")))


def as_names(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return names that are given one or many; none for None.

    Raises:
        PermanentError: CONFIGURATION, many are none at all.
    """
    if given is None:
        return ()
    return _some((given,) if isinstance(given, str) else tuple(given), "source")


def _some(values: tuple[_Value, ...], name: str) -> tuple[_Value, ...]:
    if not values:
        # an empty selection must not become everything
        raise PermanentError(
            f"{name} names none: leave it out for all", failure_domain=FailureDomain.CONFIGURATION
        )
    return values


def _as_date(given: dt.date | str) -> dt.date:
    if not isinstance(given, str):
        return given.date() if isinstance(given, dt.datetime) else given
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        raise PermanentError(
            f"date={given!r} is not a date of the form YYYY-MM-DD", failure_domain=FailureDomain.CONFIGURATION
        ) from error
