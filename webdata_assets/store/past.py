"""Partitions that were made of another past than is admitted now: an earlier date came, or changed, later.

What belongs here: naming a past, and finding such partitions. What does not: reading the past (store.py), and
making them again (automation/).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import polars as pl
from blake3 import blake3

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table

READ = ("pages", "records", "changes")
"""Tables of which earlier dates are read."""

MADE = ("changes", "features")
"""Tables that are made of earlier dates, too; the first is read for the second."""

_CHARACTERS = 16
_ORDER = ["source", "date", "asset"]


class States(Protocol):
    """What tells the state of every partition of a table: the ledger, or a snapshot of it."""

    def states(self, table: Table) -> pl.DataFrame:
        """Return them as `Ledger.states` does."""


@dataclass(frozen=True)
class _Past:
    """What is admitted of a source before a date.

    Attributes:
        version: names it.
        unjudged_at: when a partition before the date was last written that has no verdict yet, in
            microseconds of the epoch; 0 if none was.
    """

    version: str
    unjudged_at: int


def past_version(ledger: States, partition: Partition) -> str:
    """Return what names the admitted partitions of the same source before a date, with their data versions.

    Take it before the rows are read: of a partition that is admitted meanwhile the name then knows nothing,
    and what was made is found to be outdated.
    """
    known = {
        name: ledger.states(TABLES[name]).filter(
            pl.col("source") == partition.source, pl.col("date") < partition.date
        )
        for name in READ
    }
    pasts = dict(_pasts(known, {partition}))
    return pasts[partition].version


def made_of_another_past(ledger: States) -> dict[Partition, str]:
    """Return the partitions that are to be made again, in order, each with its first such table.

    They are admitted, and were made of another past than is admitted now. While an earlier partition that was
    written since is not judged, nothing is due: its verdicts would make it due once more.
    """
    states = {name: ledger.states(TABLES[name]) for name in {*READ, *MADE}}
    keys = ["date", "source"]
    readable = states["records"].filter("admitted").select(keys)
    made = {
        name: states[name]
        .filter("admitted", pl.col("past_version").is_not_null())
        .join(readable, on=keys, how="semi")
        .select(*keys, "past_version", at=pl.col("at").dt.epoch("us"))
        for name in MADE
    }
    wanted = {Partition(date, source) for rows in made.values() for date, source, *_ in rows.iter_rows()}
    pasts = dict(_pasts({name: states[name] for name in READ}, wanted))
    found: dict[Partition, str] = {}
    for name, rows in made.items():
        for date, source, version, at in rows.iter_rows():
            partition = Partition(date, source)
            past = pasts[partition]
            if past.version != version and past.unjudged_at <= at:
                found.setdefault(partition, name)
    return dict(sorted(found.items()))


def _pasts(states: Mapping[str, pl.DataFrame], wanted: set[Partition]) -> Iterator[tuple[Partition, _Past]]:
    """Return the past of each wanted partition, in one pass over the states of the tables that are read."""
    rows = pl.concat(
        states[name].select(
            "source", "date", "data_version", "admitted",
            asset=pl.lit(name),
            unjudged_at=pl.when(pl.col("failed").list.len() == 0).then(pl.col("at").dt.epoch("us")),
        )
        for name in sorted(states)
    )  # fmt: skip
    marks = pl.DataFrame(
        [{"source": partition.source, "date": partition.date} for partition in wanted],
        schema=rows.select("source", "date").schema,
    )
    # a mark has no table: it comes before what is stored for its date
    ordered = pl.concat([rows, marks], how="diagonal").sort(_ORDER, nulls_last=False)
    reading, source, unjudged_at = blake3(), None, 0
    for of, date, version, admitted, asset, at in ordered.select(
        "source", "date", "data_version", "admitted", "asset", "unjudged_at"
    ).iter_rows():
        if of != source:
            reading, source, unjudged_at = blake3(), of, 0
        if asset is None:
            yield Partition(date, of), _Past(reading.hexdigest()[:_CHARACTERS], unjudged_at)
        elif admitted:
            reading.update(f"{asset} {date} {version}\n".encode())
        else:
            unjudged_at = max(unjudged_at, at or 0)
