"""The dlt sink: the long tail of destinations, by dlt's merge with hard deletes.

What belongs here: one table through one dlt pipeline whose folder is kept. What does not: destinations that
have a sink of their own (sql/, delta.py, files.py), which are faster and have transactions.

What holds in every sink holds here within what a destination offers: a load is written, read back, and loaded
back when it differs, so that readers may see a state in between. Deliveries from one machine take turns by a
lock in the pipelines folder.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import Changes, changes, hash_of
from webdata_assets.stages.deliver.dlt_destinations import DESTINATIONS, WITHOUT_UPSERT
from webdata_assets.stages.deliver.dlt_tables import (
    DELETED,
    LEDGER,
    LEDGER_SCHEMA,
    columns_of,
    fetch,
    flat,
    unflat,
)
from webdata_assets.stages.deliver.sink import (
    Delivery,
    MergeResult,
    MismatchError,
    OvertakenError,
    Shape,
    require_no_more_columns,
)


class DltSink:
    """A table at a destination of dlt. Implements `Sink`.

    Lists, vectors among them, are held as JSON text: most destinations have no lists.

    Args:
        destination: its name in dlt, one of `DESTINATIONS`.
        dataset: the dataset, or schema, there.
        table: the table's name.
        shape: of the rows.
        pipelines: the folder in which dlt keeps its state; it must outlive the process.
        credentials: as the destination takes them; the address of the files for `filesystem`. Never shown.
    """

    kind = "dlt"

    def __init__(
        self,
        destination: str,
        dataset: str,
        table: str,
        shape: Shape,
        *,
        pipelines: str | Path,
        credentials: str | None = None,
    ) -> None:
        if destination not in DESTINATIONS:
            raise PermanentError(
                f"dlt cannot merge into {destination}: use {', '.join(DESTINATIONS)}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self.uri = f"dlt://{destination}/{dataset}#{table}"
        self.shape = shape
        self._destination, self._dataset, self._table = destination, dataset, table
        self._pipelines = Path(pipelines)
        self._credentials = credentials

    @property
    def tested(self) -> bool:
        """Whether this project's tests run against the destination."""
        return DESTINATIONS[self._destination] == "tested"

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows; nothing is loaded if it does already.

        Raises:
            OvertakenError: the destination holds a newer delivery.
            MismatchError: the table did not keep what was sent; what it held is loaded back.
            PermanentError: CONFIGURATION, dlt or the destination's client is not installed, or refuses its
                configuration; SINK, the table has columns that the shape lacks.
            TransientError: the destination cannot be loaded.
            ValueError: rows of another schema, or a key twice.
        """
        with self._turn(), self._telling():
            pipeline = self._pipeline()
            # a load that a kill cut off: what it left is seen by reading
            pipeline.abort_packages()
            require_no_more_columns(self.uri, columns_of(pipeline, self._table), self.shape)
            held, entry = self._rows(pipeline), self._entry(pipeline)
            todo = changes(rows, held, self.shape)
            if entry is not None and delivery.sequence < entry["sequence"]:
                raise OvertakenError(self.uri, held=entry["sequence"], given=delivery.sequence)
            if todo.any or entry is None or entry["sequence"] != delivery.sequence:
                self._load(pipeline, todo, self._told(delivery, len(rows)))
            sent, kept = (len(rows), delivery.content_hash), self._state(pipeline)
            if sent != kept:
                undone = changes(held, self._rows(pipeline), self.shape)
                before = entry or self._told(Delivery(-1, "", ""), 0)
                self._load(pipeline, undone, before)
                raise MismatchError(self.uri, sent=sent, held=kept)
        return MergeResult(
            len(rows), len(todo.inserted), len(todo.updated), len(todo.deleted), delivery.content_hash
        )

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        with self._telling():
            return self._rows(self._pipeline())

    def _pipeline(self) -> Any:
        # before dlt is imported: it reports its use to its makers unless it is told not to
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        # nor does it tell whoever delivers of column hints that it has itself
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
        try:
            import dlt
        except ImportError as error:
            raise PermanentError(
                "dlt needs the extra `dlt`: pip install 'webdata-assets[dlt]'",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        given = {}
        if self._credentials is not None:
            given["bucket_url" if self._destination == "filesystem" else "credentials"] = self._credentials
        library: Any = dlt
        return library.pipeline(
            f"webdata_{self._dataset}_{self._table}",
            pipelines_dir=str(self._pipelines),
            destination=getattr(library.destinations, self._destination)(**given),
            dataset_name=self._dataset,
            progress=None,
        )

    def _load(self, pipeline: Any, todo: Changes, entry: Mapping[str, Any]) -> None:
        """Load changes, and the ledger's row."""
        source = pl.concat(
            [
                pl.concat([todo.inserted, todo.updated]).with_columns(pl.lit(False).alias(DELETED)),
                todo.deleted.with_columns(pl.lit(True).alias(DELETED)),
            ]
        )
        ledger = pl.DataFrame([{**entry, "target": self._table, DELETED: False}], schema=LEDGER_SCHEMA)
        parts = [self._resource(ledger, LEDGER, "target")]
        if not source.is_empty():
            parts.insert(0, self._resource(flat(source), self._table, self.shape.key))
        pipeline.run(parts)

    def _resource(self, rows: pl.DataFrame, table: str, key: str) -> Any:
        import dlt

        library: Any = dlt
        strategy = "delete-insert" if self._destination in WITHOUT_UPSERT else "upsert"
        return library.resource(
            rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
            name=table,
            write_disposition={"disposition": "merge", "strategy": strategy},
            primary_key=key,
            columns={DELETED: {"hard_delete": True}},
            table_format="delta" if self._destination == "filesystem" else None,
        )

    def _state(self, pipeline: Any) -> tuple[int, str]:
        held = self._rows(pipeline)
        return len(held), hash_of(held, self.shape)

    def _rows(self, pipeline: Any) -> pl.DataFrame:
        held = fetch(pipeline, self._table, flat(self.shape.empty()).schema)
        return unflat(held, self.shape.schema).sort(self.shape.key)

    def _entry(self, pipeline: Any) -> dict[str, Any] | None:
        """Return the ledger's row of this table; None where there is none."""
        found = fetch(pipeline, LEDGER, LEDGER_SCHEMA).filter(target=self._table)
        return found.row(0, named=True) if len(found) else None

    def _told(self, delivery: Delivery, rows: int) -> dict[str, Any]:
        return {
            "sequence": delivery.sequence,
            "run_id": delivery.run_id,
            "content_hash": delivery.content_hash,
            "rows": rows,
        }

    @contextmanager
    def _turn(self) -> Iterator[None]:
        try:
            self._pipelines.mkdir(parents=True, exist_ok=True)
            lock = (self._pipelines / f".{self._dataset}_{self._table}.lock").open("w")
        except OSError as error:
            raise TransientError(
                f"{self._pipelines} cannot be written: {error}", failure_domain=FailureDomain.SINK
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell dlt's own errors by the kind of what mends them; none of them tells its cause's secrets."""
        try:
            yield
        except PermanentError:
            raise
        except ImportError as error:
            raise PermanentError(
                f"{self.uri} needs a client that is not installed: {error.name}; pip install "
                f"'dlt[{self._destination}]'",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        except Exception as error:
            from dlt.common.configuration.exceptions import ConfigurationException
            from dlt.common.exceptions import DltException

            if isinstance(error, ConfigurationException):
                raise PermanentError(
                    f"{self.uri}: dlt lacks configuration ({type(error).__name__}): set the sink's "
                    "credentials_env, or dlt's own variables of the environment",
                    failure_domain=FailureDomain.CONFIGURATION,
                ) from None
            if isinstance(error, DltException):
                raise TransientError(
                    f"{self.uri} cannot be loaded or read ({type(error).__name__})",
                    failure_domain=FailureDomain.SINK,
                ) from None
            raise
