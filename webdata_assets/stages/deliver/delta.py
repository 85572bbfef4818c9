"""The Delta sink: one table, one atomic commit for each delivery that changes something.

What belongs here: merging into that table. What does not: the pipeline's own tables (store/).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.deliver.location import local_folder
from webdata_assets.stages.deliver.rows import DELIVERY_SCHEMA, KEY, delivery_hash
from webdata_assets.stages.deliver.sink import Changes, MergeResult, changes

if TYPE_CHECKING:
    from deltalake import DeltaTable

_MAX_COMMIT_RETRIES = 100
_MAX_ATTEMPTS = 5
_VANISHED = "_vanished"


class DeltaSink:
    """A Delta table that holds the delivered rows.

    Args:
        uri: the table's folder.
    """

    name = "delta"

    def __init__(self, uri: str | Path) -> None:
        self._folder = local_folder(uri)

    @property
    def uri(self) -> str:
        """The table's folder."""
        return str(self._folder)

    def merge(self, rows: pl.DataFrame, *, run_id: str) -> MergeResult:
        """Make the table hold exactly these rows, in one commit, or in none if it does already.

        The commit carries `run_id`. A delivery that another one overtook looks again at what is left to do.

        Raises:
            TransientError: the folder cannot be written, or other deliveries overtook this one each time.
            ValueError: rows of another schema, or a `record_id` twice.
        """
        from deltalake.exceptions import CommitFailedError

        for _ in range(_MAX_ATTEMPTS):
            try:
                table = self._create()
                todo = changes(rows, _rows_of(table))
                if todo.any:
                    _commit(table, todo, run_id)
                return self._result(todo)
            except CommitFailedError as error:
                conflict = error
            except OSError as error:
                raise TransientError(
                    f"{self.uri} cannot be written: {error}", failure_domain=FailureDomain.SINK
                ) from error
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} deliveries in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        ) from conflict

    def read(self) -> pl.DataFrame:
        """Return the table's rows by `record_id`; none when nothing was delivered yet."""
        from deltalake import DeltaTable

        if not DeltaTable.is_deltatable(self.uri):
            return pl.DataFrame(schema=DELIVERY_SCHEMA)
        return _rows_of(DeltaTable(self.uri))

    def _create(self) -> "DeltaTable":
        from deltalake import DeltaTable

        self._folder.mkdir(parents=True, exist_ok=True)
        schema = pl.DataFrame(schema=DELIVERY_SCHEMA).to_arrow().schema
        return DeltaTable.create(self.uri, schema=schema, mode="ignore")

    def _result(self, todo: Changes) -> MergeResult:
        held = self.read()
        return MergeResult(
            rows=len(held),
            inserted=len(todo.inserted),
            updated=len(todo.updated),
            deleted=len(todo.deleted),
            content_hash=delivery_hash(held),
        )


def _rows_of(table: "DeltaTable") -> pl.DataFrame:
    return pl.read_delta(table).select(DELIVERY_SCHEMA.names()).cast(DELIVERY_SCHEMA).sort(KEY)


def _commit(table: "DeltaTable", todo: Changes, run_id: str) -> None:
    from deltalake import CommitProperties

    # rows that vanished travel in the source as well, so that no value is ever written into a predicate
    source = pl.concat(
        [
            pl.concat([todo.inserted, todo.updated]).with_columns(pl.lit(False).alias(_VANISHED)),
            todo.deleted.with_columns(pl.lit(True).alias(_VANISHED)),
        ]
    )
    columns = {name: f"source.{name}" for name in DELIVERY_SCHEMA.names()}
    (
        table.merge(
            source.to_arrow(),
            predicate=f"target.{KEY} = source.{KEY}",
            source_alias="source",
            target_alias="target",
            commit_properties=CommitProperties(
                max_commit_retries=_MAX_COMMIT_RETRIES, custom_metadata={"run_id": run_id}
            ),
        )
        .when_matched_delete(predicate=f"source.{_VANISHED}")
        .when_matched_update(updates=columns)
        .when_not_matched_insert(updates=columns, predicate=f"NOT source.{_VANISHED}")
        .execute()
    )
