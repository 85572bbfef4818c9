"""The Delta sink: one table, one atomic commit for each delivery that changes something.

What belongs here: merging into that table. What does not: the pipeline's own tables (store/).

The ledger is the table's own log: the newest delivery's sequence is the version of the application
`webdata_delivery` in it, and each commit carries run and content. A commit that finds another one in its
place is never rebased: it fails, and the delivery looks again at what is left to do.
"""

import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.deliver.changes import Changes, changes, hash_of
from webdata_assets.stages.deliver.location import is_local, local_folder
from webdata_assets.stages.deliver.sink import (
    Delivery,
    MergeResult,
    MismatchError,
    OvertakenError,
    Shape,
    require_no_more_columns,
)
from webdata_assets.stages.objects import said

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

APPLICATION = "webdata_delivery"
_NONE_YET = -1
_MAX_ATTEMPTS = 20
_LONGEST_PAUSE = 0.5
_VANISHED = "_vanished"


class DeltaSink:
    """A Delta table that holds the delivered rows. Implements `Sink`.

    Args:
        uri: the table's folder, or its address in an object store.
        shape: of the rows.
        options: of the object store.
    """

    kind = "delta"

    def __init__(self, uri: str | Path, shape: Shape, *, options: Mapping[str, str] | None = None) -> None:
        self.uri = str(local_folder(uri)) if is_local(uri) else str(uri)
        self.shape = shape
        self._options = dict(options or {})

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows, in one commit, or in none if it does already.

        Raises:
            OvertakenError: the table holds a newer delivery.
            MismatchError: the commit did not hold what was sent; the version before is restored.
            PermanentError: the table has columns that the shape lacks.
            TransientError: the table cannot be written, or others were faster each time.
            ValueError: rows of another schema, or a key twice.
        """
        from deltalake.exceptions import CommitFailedError, DeltaError

        conflict: Exception | None = None
        try:
            for _ in range(_MAX_ATTEMPTS):
                try:
                    return self._merge(rows, delivery)
                except CommitFailedError as error:
                    conflict = error
                    time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 (jitter)
        except (DeltaError, OSError) as error:
            raise TransientError(
                f"{self.uri} cannot be written: {said(error)}", failure_domain=FailureDomain.SINK
            ) from None
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} attempts in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        ) from conflict

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            if not DeltaTable.is_deltatable(self.uri, storage_options=self._options):
                return self.shape.empty()
            return self._rows_of(DeltaTable(self.uri, storage_options=self._options))
        except (DeltaError, OSError) as error:
            raise TransientError(
                f"{self.uri} cannot be read: {said(error)}", failure_domain=FailureDomain.SINK
            ) from None

    def _merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        table = self._create()
        version, held = table.version(), _sequence_of(table)
        todo = changes(rows, self._rows_of(table), self.shape)
        if held is not None and delivery.sequence < held:
            raise OvertakenError(self.uri, held=held, given=delivery.sequence)
        if todo.any:
            self._commit(table, todo, _properties(delivery))
        elif held is None or delivery.sequence > held:
            # the same rows: no file is written, but an older delivery must not follow
            table.create_write_transaction(
                [], "append", table.schema(), commit_properties=_properties(delivery)
            )
        now = self._rows_of(table) if todo.any else rows
        result = MergeResult(
            rows=len(now),
            inserted=len(todo.inserted),
            updated=len(todo.updated),
            deleted=len(todo.deleted),
            content_hash=hash_of(now, self.shape),
        )
        sent = (len(rows), delivery.content_hash)
        if (result.rows, result.content_hash) != sent:
            self._take_back(table, version, held)
            raise MismatchError(self.uri, sent=sent, held=(result.rows, result.content_hash))
        return result

    def _create(self) -> "DeltaTable":
        from deltalake import DeltaTable

        if is_local(self.uri):
            Path(self.uri).mkdir(parents=True, exist_ok=True)
        schema = self.shape.empty().to_arrow().schema
        table = DeltaTable.create(
            self.uri, schema=schema, mode="ignore", storage_options=self._options or None
        )
        require_no_more_columns(self.uri, [field.name for field in table.schema().fields], self.shape)
        return table

    def _rows_of(self, table: "DeltaTable") -> pl.DataFrame:
        return self.shape.fit(pl.read_delta(table)).sort(self.shape.key)

    def _commit(self, table: "DeltaTable", todo: Changes, properties: "CommitProperties") -> None:
        # rows that vanished travel in the source as well, so that no value is ever written into a predicate
        source = pl.concat(
            [
                pl.concat([todo.inserted, todo.updated]).with_columns(pl.lit(False).alias(_VANISHED)),
                todo.deleted.with_columns(pl.lit(True).alias(_VANISHED)),
            ]
        )
        columns = {f"`{name}`": f"source.`{name}`" for name in self.shape.schema.names()}
        (
            table.merge(
                source.to_arrow(),
                predicate=f"target.`{self.shape.key}` = source.`{self.shape.key}`",
                source_alias="source",
                target_alias="target",
                merge_schema=True,
                commit_properties=properties,
            )
            .when_matched_delete(predicate=f"source.{_VANISHED}")
            .when_matched_update(updates=columns)
            .when_not_matched_insert(updates=columns, predicate=f"NOT source.{_VANISHED}")
            .execute()
        )

    def _take_back(self, table: "DeltaTable", version: int, held: int | None) -> None:
        from deltalake.exceptions import CommitFailedError

        if table.version() == version:
            return
        try:
            table.restore(
                version,
                commit_properties=_commit_properties(
                    _NONE_YET if held is None else held, {"restored": str(version)}
                ),
            )
        except CommitFailedError:
            # another delivery followed, and has compared every row with what it found
            return


def _sequence_of(table: "DeltaTable") -> int | None:
    """Return the sequence of the newest delivery; None where there was none."""
    held = table.transaction_version(APPLICATION)
    return None if held in (None, _NONE_YET) else held


def _properties(delivery: Delivery) -> "CommitProperties":
    return _commit_properties(
        delivery.sequence, {"run_id": delivery.run_id, "content_hash": delivery.content_hash}
    )


def _commit_properties(sequence: int, metadata: dict[str, Any]) -> "CommitProperties":
    from deltalake import CommitProperties, Transaction

    return CommitProperties(
        max_commit_retries=0,
        custom_metadata={**metadata, "sequence": str(sequence)},
        app_transactions=[Transaction(APPLICATION, sequence)],
    )
