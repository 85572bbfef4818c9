"""The embedded index: one LanceDB table of chunks with vectors and full text, whose versions are its states.

What belongs here: bringing the table to a wanted state, and keeping the states that have a name. What does
not: which chunks are wanted (chunk_rows.py, sync.py), and searching a state (lance_snapshot.py).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.filters import equals_any
from webdata_assets.stages.index.index import SyncResult
from webdata_assets.stages.index.lance_indexes import needs_work, update_indexes
from webdata_assets.stages.index.lance_options import connection_options
from webdata_assets.stages.index.lance_rows import arrow_schema, to_arrow
from webdata_assets.stages.index.lance_snapshot import LanceSnapshot
from webdata_assets.stages.index.lance_sums import LanceSums
from webdata_assets.stages.index.sync import HELD_SCHEMA, SyncPlan, plan_sync
from webdata_assets.stages.objects import said

TABLE = "chunks"
EXACT_BELOW_ROWS = 20_000
"""Up to here comparing with every vector takes milliseconds, and finds exactly the nearest."""
KEEP_UNNAMED = dt.timedelta(hours=1)
"""A reader of a state that has, or had, no name may go on for so long."""

_FOR_EVER = dt.timedelta(days=36_500)
_MARGIN = dt.timedelta(minutes=1)
_DIMENSIONS_OF_NOTHING = 1


class LanceIndex:
    """Chunks, searchable by vector and by text. Implements `ChunkIndex`; one writer at a time.

    Args:
        uri: a folder, or an object store's address.
        options: of the object store; what is missing comes from the environment.
        exact_below: rows from which on an approximate index (IVF_HNSW_SQ) answers vector queries.
        keep_unnamed: how long states without a name, and such that lost it, can still be read.
    """

    def __init__(
        self,
        uri: str | Path,
        *,
        options: Mapping[str, str] | None = None,
        exact_below: int = EXACT_BELOW_ROWS,
        keep_unnamed: dt.timedelta = KEEP_UNNAMED,
    ) -> None:
        self.uri = str(uri)
        self._options = dict(options or {})
        self._sums = LanceSums(self.uri, TABLE, self._options)
        self._exact_below = exact_below
        self._keep_unnamed = keep_unnamed

    def sync(
        self,
        chunks: pl.DataFrame,
        refreshed: pl.DataFrame | None = None,
        pending: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> SyncResult:
        """Bring the newest state to these chunks, in one commit. Named states stay as they are.

        Args:
            chunks: rows of `CHUNK_SCHEMA`, of one model.
            refreshed: `date` and `source` of the partitions that `chunks` describes completely. Held chunks
                of other partitions are kept as they are, and so are the records that they belong to, unless
                `chunks` holds a later version of them. None for every partition.
            pending: ids of records whose chunks are not known yet: they keep what they have.
            gone: ids of records that are known to be gone: none of their chunks is kept.

        Raises:
            PermanentError: vectors of several models.
            ValueError: a chunk twice, vectors of different lengths.
        """
        table = self._open()
        plan = plan_sync(chunks, _held(table), refreshed, pending, gone)
        if table is None or plan.changes:
            table = self._commit(table, plan)
        # also after a sync that was killed between its commit and this
        if plan.changes or needs_work(table, self._exact_below):
            update_indexes(table, self._exact_below)
            self._optimize(table)
        return SyncResult(plan.manifest, plan.inserted, plan.updated, plan.deleted)

    def name(self, snapshot: str) -> None:
        """Give the newest state a name, for ever the same; a name that is taken stays where it is."""
        table = self._open()
        if table is None:
            table = self._commit(None, plan_sync(_no_chunks(), _held(None)))
        if snapshot not in table.tags.list():
            table.tags.create(snapshot, table.version)
        # also after a naming that was killed between the two
        self._sums.note(snapshot)

    def at(self, snapshot: str | None = None) -> LanceSnapshot:
        """Return the state of that name, or the newest.

        Raises:
            PermanentError: there is no state of that name, or a file of it was changed since it was named.
        """
        if snapshot is not None:
            self._sums.verify(snapshot)
        table = self._open()
        if snapshot is None:
            if table is not None:
                table.checkout(table.version)
            return LanceSnapshot(table)
        if table is None or snapshot not in table.tags.list():
            raise PermanentError(
                f"The index {self.uri} has no state named {snapshot}: materialize vector_index and release",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        table.checkout(snapshot)
        return LanceSnapshot(table)

    def names(self) -> list[str]:
        """Return the names given, in no order."""
        table = self._open()
        return [] if table is None else list(table.tags.list())

    def forget(self, keep: Collection[str]) -> None:
        """Give up all names but these, and what no name nor the newest state needs any more."""
        table = self._open()
        if table is None:
            return
        for name in set(table.tags.list()) - set(keep):
            table.tags.delete(name)
            self._sums.forget(name)
        self._optimize(table)

    def _open(self) -> Any:
        """Return the table at its newest version; None when it was never written."""
        if "://" not in self.uri and not Path(self.uri).is_dir():
            return None
        database = self._connect()
        return database.open_table(TABLE) if TABLE in database.list_tables().tables else None

    def _connect(self) -> Any:
        import lancedb

        # LanceDB knows Azure by this name only
        uri = self.uri.replace("abfs://", "az://", 1)
        try:
            return lancedb.connect(uri, storage_options=connection_options(uri, self._options))
        except (OSError, RuntimeError, ValueError) as error:
            raise TransientError(
                f"The index {self.uri} cannot be opened: {said(error)}",
                failure_domain=FailureDomain.RESOURCE,
            ) from None

    def _commit(self, table: Any, plan: SyncPlan) -> Any:
        """Carry out a plan as one version of the table, and return the table."""
        dimensions = _dimensions(table) if plan.write.is_empty() else len(plan.write["vector"][0])
        rows = to_arrow(plan.write, dimensions)
        if table is None or table.schema != rows.schema:
            if plan.write.height != plan.manifest.height:
                raise ValueError(f"vectors are of length {dimensions}, those held are not")
            # named versions stay readable: an overwrite is one more version, of another schema
            mode = "create" if table is None else "overwrite"
            return self._connect().create_table(TABLE, rows, mode=mode)
        merge = table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
        if plan.deleted:
            gone = equals_any("chunk_id", plan.vanished.to_list())
            merge = merge.when_not_matched_by_source_delete(gone)
        merge.execute(rows)
        return table

    def _optimize(self, table: Any) -> None:
        """Fold new rows into the indexes, put small files together, and remove what nothing needs.

        LanceDB removes nothing that is newer than the oldest version it keeps, and refuses to pass a named
        one: versions go from the oldest on, up to the first name.
        """
        # by itself, since it may take long, and the age of what goes is counted from its end
        table.optimize(cleanup_older_than=_FOR_EVER)
        # the newest version never goes
        named = {tag["version"] for tag in table.tags.list().values()} - {table.version}
        now = dt.datetime.now(dt.UTC)
        kept_since = [
            now - version["timestamp"].astimezone(dt.UTC)
            for version in table.list_versions()
            if version["version"] in named
        ]
        table.optimize(cleanup_older_than=max([self._keep_unnamed, *kept_since]) + _MARGIN)


def _no_chunks() -> pl.DataFrame:
    return pl.DataFrame(schema=CHUNK_SCHEMA)


def _dimensions(table: Any) -> int:
    if table is None or "vector" not in table.schema.names:
        return _DIMENSIONS_OF_NOTHING
    return int(table.schema.field("vector").type.list_size)


def _held(table: Any) -> pl.DataFrame:
    """Return what the table holds, as `HELD_SCHEMA`; nothing when it has another layout than ours."""
    if table is None or table.schema != arrow_schema(_dimensions(table)):
        return pl.DataFrame(schema=HELD_SCHEMA)
    rows = pl.from_arrow(table.search().select(HELD_SCHEMA.names()).to_arrow())
    assert isinstance(rows, pl.DataFrame)
    return rows.cast(HELD_SCHEMA)
