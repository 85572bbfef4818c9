"""What a check is: a name, a sentence, and a pure formula over what is stored.

What belongs here: the values that formulas take and give. What does not: any formula, and Dagster.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from webdata_assets.checks.history import Past
from webdata_assets.checks.limits import ZERO, Limit, Origin
from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.sinks.model import SinkFile
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.http.proxies import ProxyHealth
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.store import Store
from webdata_assets.tasks.model import Task


@dataclass(frozen=True)
class Finding:
    """What a formula found.

    Attributes:
        passed: whether the value meets the threshold.
        value: the number compared; None where there was nothing to compare.
        threshold: the number it is compared with.
        detail: in words, what failed and what to do; shown as plain text.
        metrics: further plain numbers for the UI's plots, and for the history of later partitions.
        origin: where the threshold came from.
        only_warns: whether a failure of a blocking check keeps nobody out this time: the history that it
            rests on is too short, or the value is only past a limit from which on is warned.
    """

    passed: bool
    value: float | None = None
    threshold: float | None = None
    detail: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    origin: Origin = "fixed"
    only_warns: bool = False


def _no_proxies(_source: Source) -> Sequence[ProxyHealth]:
    return ()


@dataclass(frozen=True)
class Subject:
    """One partition of one table, as stored, admitted or not. Its rows are read once for all checks.

    Attributes:
        table: the checked table.
        partition: None for unpartitioned tables, as is `source`.
        source: the partition's source file.
        store: for formulas that compare tables.
        now: the moment of the check, in UTC.
        index_uri: where the searchable index is; in the store if empty.
        sources: every declared source by name, for formulas of tables that hold rows of several.
        task: what the model learns, for formulas of models.
        check_proxies: fetches a page through each proxy of a source; none without proxies.
        sinks: every enabled sink by name, for formulas of deliveries.
        environ: holds the secrets with which sinks are opened.
        reads: what was read so far, by table and columns; subjects of one partition may share it.
    """

    table: Table
    partition: Partition | None
    source: Source | None
    store: Store
    now: dt.datetime
    index_uri: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    task: Task | None = None
    check_proxies: Callable[[Source], Sequence[ProxyHealth]] = _no_proxies
    sinks: Mapping[str, SinkFile] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    reads: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The partition's rows, sorted by the table's key."""
        return self.rows_of(self.table)

    def rows_of(self, table: Table, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The same partition's rows of a table, read once, or some of its columns, which costs less."""
        if columns and table.name in self.reads:
            return self.reads[table.name].select(columns)
        read = f"{table.name}: {', '.join(columns)}" if columns else table.name
        if read not in self.reads:
            if table.partitioned and self.partition is not None:
                self.reads[read] = self.store.tables.read_partition(table, self.partition, columns)
            else:
                self.reads[read] = self.store.tables.read(table)
        return self.reads[read]

    @cached_property
    def past(self) -> Past:
        """What the checks of this table found on the admitted earlier partitions of the source."""
        if self.partition is None:
            raise ValueError(f"{self.table.name} has no past of its own")
        return Past.of(self.store.ledger, self.table, self.partition, self.declared.expect.history_since)

    @cached_property
    def index(self) -> ChunkIndex:
        """The searchable index."""
        return self.store.index(self.index_uri)

    @property
    def declared(self) -> Source:
        """The source, for formulas of partitioned tables."""
        if self.source is None:
            raise ValueError(f"{self.table.name} has no source")
        return self.source

    @property
    def date(self) -> dt.date:
        """The partition's date, for formulas of partitioned tables."""
        if self.partition is None:
            raise ValueError(f"{self.table.name} has no date")
        return self.partition.date


def _nothing_tolerated(_subject: Subject) -> Sequence[Limit]:
    return (ZERO,)


@dataclass(frozen=True)
class Check:
    """One check of one table.

    Attributes:
        name: unique within the table; the table's `blocking_checks` name those that block.
        table: the checked table.
        description: the formula in one sentence, with its source where it has one.
        evaluate: the formula.
        limits: every threshold that the formula would compare with now, for `webdata checks explain`.
    """

    name: str
    table: Table
    description: str
    evaluate: Callable[[Subject], Finding]
    limits: Callable[[Subject], Sequence[Limit]] = _nothing_tolerated

    @property
    def blocking(self) -> bool:
        """Whether a failure keeps every reader out."""
        return self.name in self.table.blocking_checks
