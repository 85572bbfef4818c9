"""Typed Delta tables: one per asset, partitioned by date and source, one atomic commit per write.

What belongs here: creating, overwriting, appending and scanning. What does not: what may be read (ledger.py)
and what a row means (schemas/).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.stages.parts import FrameParts, Parts
from webdata_assets.store.commits import MAX_COMMIT_RETRIES, retried
from webdata_assets.store.files import COMPACTED_ROW_BYTES, layout
from webdata_assets.store.fitting import check_frame, check_types
from webdata_assets.store.location import Location
from webdata_assets.store.migration import as_present, is_present, migrate
from webdata_assets.store.patience import patient_options, scan_patiently
from webdata_assets.store.predicates import partition_filters, partition_predicate

REOPENED_AFTER = 25
"""Commits after which an open table is opened anew: each one that it follows makes it a little slower."""
CHECKPOINT_INTERVAL = 20
"""Commits between two checkpoints: what opening a table reads at most, beside the checkpoint."""


@dataclass(frozen=True)
class Tables:
    """Read and write the typed tables of one store."""

    location: Location
    _opened: dict[str, tuple[DeltaTable, int]] = field(default_factory=dict, repr=False, compare=False)
    """Tables by name, with the version at which each was opened: an open one reads only what came since."""

    def overwrite(
        self,
        table: Table,
        rows: pl.DataFrame | Parts,
        *,
        partition: Partition | None,
        run_id: str,
        data_version: str,
    ) -> int:
        """Replace one partition, or a whole unpartitioned table, in one commit.

        Rows that come in parts are checked and written part by part; nothing is visible before the commit.

        Returns:
            The table's Delta version after the write.

        Raises:
            SchemaMismatchError: columns or types are not the table's.
            PermanentError: rows lie outside the partition.
            TransientError: another writer won the same partition on every try.
        """
        if table.partitioned != (partition is not None):
            raise ValueError(f"table {table.name}: partitioned={table.partitioned}, partition={partition}")
        parts: Parts = FrameParts(rows) if isinstance(rows, pl.DataFrame) else rows
        if isinstance(rows, pl.DataFrame):
            check_frame(table, rows, partition)
        properties = CommitProperties(
            max_commit_retries=MAX_COMMIT_RETRIES,
            custom_metadata={
                "run_id": run_id,
                "data_version": data_version,
                **({"partition": partition.key} if partition else {}),
            },
        )
        return self._commit(
            table,
            lambda delta: write_deltalake(
                delta,
                rows if isinstance(rows, pl.DataFrame) else _stream(table, parts, partition),
                mode="overwrite",
                predicate=partition_predicate(partition) if partition else None,
                writer_properties=layout(table, parts.bytes_per_row),
                commit_properties=properties,
            ),
            what=f"write {table.name} {partition or ''}",
        )

    def append(self, table: Table, frame: pl.DataFrame) -> int:
        """Add rows in one commit; return the table's Delta version after it."""
        check_types(table, frame)
        properties = CommitProperties(max_commit_retries=MAX_COMMIT_RETRIES)
        writer = layout(table, FrameParts(frame).bytes_per_row)
        return self._commit(
            table,
            lambda delta: write_deltalake(
                delta, frame, mode="append", writer_properties=writer, commit_properties=properties
            ),
            what=f"append to {table.name}",
        )

    def compact(self, table: Table, partition: Partition | None = None) -> int:
        """Put small files together, of one partition or of all; return the table's Delta version after it.

        Content stays as it is; readers notice nothing, and of a writer of the same rows one of both tries
        again.
        """
        filters = [] if partition is None else partition_filters(partition)
        return self._commit(
            table,
            lambda delta: delta.optimize.compact(
                partition_filters=filters or None, writer_properties=layout(table, COMPACTED_ROW_BYTES)
            ),
            what=f"compact {table.name} {partition or ''}",
        )

    def restore(self, table: Table, version: int, *, run_id: str) -> int:
        """Make a whole table what it was at a Delta version, in one commit; return the version after it.

        Raises:
            TransientError: files of that version are gone, or another writer won on every try.
        """
        properties = CommitProperties(custom_metadata={"run_id": run_id, "restored": str(version)})
        return self._commit(
            table,
            lambda delta: delta.restore(version, commit_properties=properties),
            what=f"restore {table.name} to version {version}",
        )

    def migrate(self, table: Table) -> bool:
        """Bring a stored table to its present schema; return whether there was anything to do.

        Raises:
            SchemaMigrationError: that cannot be done without loss.
        """
        delta = self.open(table)
        if delta is None or is_present(delta, table):
            return False
        self._commit(table, lambda _: None, what=f"migrate {table.name}")
        return True

    def ensure(self, table: Table) -> None:
        """Create the table if there is none. Several first writers may race; one creates, all return."""
        uri, options = self.location.table(table.name), patient_options(self.location)
        if DeltaTable.is_deltatable(uri, options):
            return
        self.location.check_writable()
        columns = ["date", "source"] if table.partitioned else _clustering(table)
        retried(
            lambda: write_deltalake(
                uri,
                table.empty(),
                mode="ignore",
                partition_by=columns,
                storage_options=options,
                configuration={"delta.checkpointInterval": str(CHECKPOINT_INTERVAL)},
            ),
            what=f"create {table.name}",
        )

    def exists(self, table: Table) -> bool:
        """Whether anything was ever written to the table."""
        return DeltaTable.is_deltatable(self.location.table(table.name), patient_options(self.location))

    def version(self, table: Table) -> int | None:
        """The table's newest Delta version; None when nothing was ever written to it."""
        delta = self.open(table)
        return None if delta is None else delta.version()

    def files_of(self, table: Table, value: str) -> frozenset[str]:
        """Names of the files of one partition of a table that is clustered by the first column of its key."""
        delta = self.open(table)
        if delta is None:
            return frozenset()
        return frozenset(delta.file_uris(file_pruning_predicate=[(table.key[0], "=", value)]))

    def scan(self, table: Table) -> pl.LazyFrame:
        """Every row that the table holds now, admitted or not, in the table's column order."""
        delta = self.open(table)
        if delta is None:
            return table.empty().lazy()
        return as_present(scan_patiently(delta), table)

    def snapshot(self, table: Table) -> pl.LazyFrame:
        """Every row that the table holds now, however late it is collected.

        What `scan` gives is to be collected at once: it follows the table when that is opened again.
        """
        return Tables(self.location).scan(table)

    def scan_partition(self, table: Table, partition: Partition) -> pl.LazyFrame:
        """Rows of one partition, admitted or not, in the order in which they were written."""
        here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
        return self.scan(table).filter(here)

    def read_partition(
        self, table: Table, partition: Partition, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Rows of one partition, admitted or not, sorted by the table's key."""
        rows = self.scan_partition(table, partition).sort(table.key, nulls_last=False)
        return (rows.select(columns) if columns else rows).collect()

    def read(self, table: Table) -> pl.DataFrame:
        """Every row of an unpartitioned table, sorted by its key."""
        return self.scan(table).sort(table.key).collect()

    def open(self, table: Table) -> DeltaTable | None:
        """Return the table at its newest version, or None when nothing was ever written to it."""
        opened, opened_at = self._opened.get(table.name, (None, 0))
        if opened is not None and self._is_newest(table, opened):
            return opened
        try:
            if opened is not None:
                opened.update_incremental()
            if opened is None or opened.version() - opened_at >= REOPENED_AFTER:
                opened = DeltaTable(
                    self.location.table(table.name), storage_options=patient_options(self.location)
                )
                self._opened[table.name] = opened, opened.version()
        except TableNotFoundError:
            self._opened.pop(table.name, None)
            return None
        return opened

    def _is_newest(self, table: Table, delta: DeltaTable) -> bool:
        """Whether nothing was committed since: commits are files that are numbered without gaps.

        Asked of a folder, this costs a hundredth of `update_incremental`, which lists the log; of an object
        store it would cost a request more.
        """
        if not self.location.is_local:
            return False
        log = f"{self.location.table(table.name)}/_delta_log"
        version = delta.version()
        return (
            Path(f"{log}/{version:020}.json").exists() and not Path(f"{log}/{version + 1:020}.json").exists()
        )

    def _commit(self, table: Table, action: Callable[[DeltaTable], object], *, what: str) -> int:
        """Run an action that commits once to the newest version; return the version after it."""

        def attempt() -> int:
            delta = self.open(table)
            if delta is None:
                self.ensure(table)
                delta = self.open(table)
                assert delta is not None
            if not is_present(delta, table):
                migrate(delta, table, lambda: layout(table, COMPACTED_ROW_BYTES))
            action(delta)
            return delta.version()

        return retried(attempt, what=what)


def _clustering(table: Table) -> list[str] | None:
    # The ledger is asked for one asset at a time, and vectors for one model: the other files stay closed.
    return [table.key[0]] if table.key[0] in ("asset", "model_id") else None


def _stream(table: Table, rows: Parts, partition: Partition | None) -> Any:
    """Return the rows as a stream of Arrow batches, each of them checked."""
    import pyarrow as pa

    newest = pl.CompatLevel.newest()  # views: the older types would copy every payload twice

    def batches() -> Iterator[pa.RecordBatch]:
        for frame in rows.frames():
            check_frame(table, frame, partition)
            yield from frame.to_arrow(compat_level=newest).to_batches()

    return pa.RecordBatchReader.from_batches(table.empty().to_arrow(compat_level=newest).schema, batches())
