"""The store of a deployment: its tables, ledger and payloads, opened together."""

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.settings import Settings
from webdata_assets.stages.hashing import content_hash, ordered_content_hash
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.stages.parts import Parts
from webdata_assets.store.blobs import Blobs, FolderBlobs
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.location import Location
from webdata_assets.store.models import Models
from webdata_assets.store.object_blobs import ObjectBlobs
from webdata_assets.store.options import storage_options
from webdata_assets.store.payloads import Payloads
from webdata_assets.store.tables import Tables

_LOOKS = 20
"""At a store in which partitions are admitted all the time, before it is given up."""
_WRITE = ["date", "source", "data_version", "at"]
"""What names one write among all of a table."""


def utc_now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Store:
    """Everything that lies under one root."""

    location: Location
    tables: Tables
    ledger: Ledger
    payloads: Payloads

    @classmethod
    def open(
        cls,
        root: str,
        now: Callable[[], dt.datetime] = utc_now,
        *,
        options: Mapping[str, str] | None = None,
        cache: Path | None = None,
    ) -> "Store":
        """Open the store under a local folder or an object store's URI; nothing is created yet.

        Args:
            options: of the object store (options.py); what is missing comes from the environment.
            cache: a folder of this machine for copies of what lies in an object store.
        """
        location = Location(root, options or {}, **({"cache": cache} if cache else {}))
        tables = Tables(location)
        return cls(location, tables, Ledger(tables, now), Payloads(tables))

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """Open the store that the settings name, with the credentials that the environment holds."""
        options = storage_options(
            settings.store, os.environ, endpoint=settings.s3_endpoint, region=settings.s3_region
        )
        return cls.open(settings.store, options=options, cache=settings.cache)

    @property
    def blobs(self) -> Blobs:
        """The binaries among the payloads."""
        if self.location.is_local:
            return FolderBlobs(self.location.folder("blobs"))
        return ObjectBlobs(self.location.objects("blobs"))

    @property
    def models(self) -> Models:
        """The artefacts of models."""
        return Models(self.location)

    def index(self, uri: str = "") -> ChunkIndex:
        """Return the searchable index: the one at an address, or the one in the store if that is empty.

        Raises PermanentError for an address with a password.
        """
        return open_index(uri or self.location.index(), self.location.options)

    def snapshot(self, table: Table) -> tuple[pl.DataFrame, pl.LazyFrame]:
        """Return states of a table's partitions, as `Ledger.states` does, and the rows that they are about.

        A write enters the ledger before its commit. What was admitted before the table was opened, and is by
        the same write after it, is therefore what the table holds. The rows stay those, however late they are
        collected.

        Raises:
            TransientError: partitions are admitted faster than the store can be read.
        """
        before = self.ledger.states(table)
        for _ in range(_LOOKS):
            rows = self.tables.snapshot(table)
            after = self.ledger.states(table)
            since = after.filter("admitted").join(
                before.filter("admitted"), on=_WRITE, how="anti", nulls_equal=True
            )
            if since.is_empty():
                return after, rows
            before = after
        raise _never_rests(table)

    def read_admitted(self, table: Table, partition: Partition | None = None) -> pl.DataFrame:
        """Rows of one admitted partition, or of an admitted unpartitioned table, sorted by key.

        Raises:
            NotAdmittedError: it is not; what failed or is missing.
            TransientError: it is written and admitted faster than it can be read.
        """
        for _ in range(_LOOKS):
            self.ledger.require_admitted(table, partition)
            before = self._admitted_write(table, partition)
            rows = self.tables.read_partition(table, partition) if partition else self.tables.read(table)
            if before and self._admitted_write(table, partition) == before:
                return rows
        raise _never_rests(table)

    def read_unjudged(self, table: Table, partition: Partition) -> pl.DataFrame | None:
        """Rows of a partition that a run wrote whole and then died before any check; None in other states."""
        here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
        state = self.ledger.states(table).filter(here)
        if state.height == 0 or state.item(0, "judged_at") is not None:
            return None
        rows = self.tables.read_partition(table, partition)
        # a write enters the ledger before its commit: what lies there may be older
        return rows if data_version(table, rows) == state.item(0, "data_version") else None

    def scan_admitted(self, table: Table) -> pl.LazyFrame:
        """Rows of all admitted partitions of a partitioned table, as they are now. Raises as `snapshot`."""
        states, rows = self.snapshot(table)
        admitted = states.filter("admitted").select("date", "source")
        return rows.join(admitted.lazy(), on=["date", "source"], how="semi")

    def scan_admitted_partition(self, table: Table, partition: Partition) -> pl.LazyFrame:
        """Rows of one admitted partition, as they are now.

        Raises:
            NotAdmittedError: it is not; what failed or is missing.
            TransientError: as `snapshot`.
        """
        here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
        for _ in range(_LOOKS):
            states, rows = self.snapshot(table)
            if states.filter(here)["admitted"].any():
                return rows.filter(here)
            self.ledger.require_admitted(table, partition)
        raise _never_rests(table)

    def scan_earlier(self, table: Table, partition: Partition, *, days: int | None = None) -> pl.LazyFrame:
        """Rows of the admitted partitions of the same source whose date is before the partition's.

        What is stored for its date or for later ones is never among them, so that whatever is made of these
        rows is the same whenever it is made.

        Args:
            table: a partitioned table.
            partition: whose past is wanted.
            days: how far back; the whole past if none.
        """
        states, rows = self.snapshot(table)
        admitted = states.filter(
            pl.col("admitted") & (pl.col("source") == partition.source) & (pl.col("date") < partition.date)
        )
        if days is not None:
            admitted = admitted.filter(pl.col("date") >= partition.date - dt.timedelta(days=days))
        # values, and not a join, tell the scan which files to open
        here = (pl.col("source") == partition.source) & pl.col("date").is_in(admitted["date"].to_list())
        return rows.filter(here)

    def _admitted_write(self, table: Table, partition: Partition | None) -> list[tuple[object, ...]]:
        """Return what names the write that is admitted; nothing where none is."""
        states = self.ledger.states(table).filter("admitted")
        if partition is not None:
            states = states.filter(date=partition.date, source=partition.source)
        return states.select(_WRITE).rows()

    def content_hashes(self) -> dict[str, str]:
        """Return the content hash of every table that is no log, as the ledger is."""
        hashes = {}
        for table in TABLES.values():
            if table.is_log:
                continue
            hashed = [name for name in table.polars_schema if name not in table.unhashed]
            hashes[table.name] = content_hash(
                self.tables.scan(table).select(hashed).collect(), sort_by=_order(table)
            )
        return hashes


def _never_rests(table: Table) -> TransientError:
    return TransientError(
        f"partitions of {table.name} are admitted faster than they can be read; read once more",
        failure_domain=FailureDomain.RESOURCE,
    )


def data_version(table: Table, rows: pl.DataFrame | Parts) -> str:
    """Return the content hash that names the version of rows: equal for equal content, whenever computed."""
    if isinstance(rows, pl.DataFrame):
        return content_hash(rows, exclude=table.unhashed, sort_by=_order(table))
    if rows.height == 0:
        return data_version(table, table.empty())
    return ordered_content_hash(rows.frames(without=tuple(table.unhashed)))


def _order(table: Table) -> list[str]:
    return ["date", "source", *table.key] if table.partitioned else list(table.key)
