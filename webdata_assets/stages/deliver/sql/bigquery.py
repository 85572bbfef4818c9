"""BigQuery: a load job into a staging table, then MERGE, two assertions and the ledger in one transaction.

What belongs here: the sink. What does not: the statements (bigquery_script.py), and connecting
(bigquery_client.py).
"""

import datetime as dt
import io
import random
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.changes import check_rows, hash_of
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, MismatchError, OvertakenError, Shape
from webdata_assets.stages.deliver.sql.bigquery_client import CONFLICT, connected, import_bigquery
from webdata_assets.stages.deliver.sql.bigquery_script import MISMATCH, OVERTAKEN, TYPES, Script
from webdata_assets.stages.deliver.sql.json_text import from_json_text, to_json_text
from webdata_assets.stages.deliver.sql.kinds import kinds, missing_columns
from webdata_assets.stages.deliver.sql.names import checked
from webdata_assets.stages.deliver.sql.session import Entry, foreign_rows
from webdata_assets.stages.deliver.sql.statements import LEDGER

if TYPE_CHECKING:
    from google.cloud import bigquery

_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{2,61}[a-z0-9]")
_KEPT = dt.timedelta(days=1)
_ATTEMPTS = 6
_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
"""The API's names of types that have others in statements."""


class BigQuerySink:
    """A table in BigQuery.

    Lists are JSON text, for BigQuery's arrays know neither null nor null elements: `JSON_VALUE_ARRAY(tags)`.

    Args:
        project: that the dataset belongs to, and that pays.
        dataset: exists.
        table: its name.
        shape: of its rows.
        credentials: a service account's JSON; Google's own defaults if None.
        endpoint: another address than Google's; a stand-in at `http://` is called without credentials.

    Raises:
        PermanentError: a name, type or credentials that cannot be.
    """

    kind = "bigquery"

    def __init__(
        self,
        project: str,
        dataset: str,
        table: str,
        shape: Shape,
        *,
        credentials: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        import_bigquery()
        if not _PROJECT.fullmatch(project) or not _DATASET.fullmatch(dataset):
            raise PermanentError(
                f"{project}.{dataset} is no dataset of BigQuery", failure_domain=FailureDomain.CONFIGURATION
            )
        self.uri = f"bigquery://{project}/{dataset}#{table}"
        self.shape = shape
        self._project = project
        self._dataset = dataset
        self._table = checked(table)
        self._kinds = kinds(shape)
        self._types = {name: TYPES[kind] for name, kind in self._kinds.items()}
        self._script = Script(
            dataset=f"`{project}`.`{dataset}`",
            table=table,
            key=checked(shape.key),
            columns=[checked(name) for name in shape.schema],
        )
        self._credentials = credentials
        self._endpoint = endpoint

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows, as every sink does.

        What is compared with the rows that were sent is the staging table, read back; then, within the
        transaction, BigQuery itself compares the target with that.
        """
        check_rows(rows, self.shape)
        with self._client() as client:
            held = self._not_newer(client, delivery)
            if (
                held == Entry(delivery.sequence, delivery.content_hash)
                and hash_of(self._read(client), self.shape) == delivery.content_hash
            ):
                return MergeResult(len(rows), 0, 0, 0, delivery.content_hash)
            self._define(client, held, delivery)
            staged = f"webdata_staged_{secrets.token_hex(8)}"
            try:
                self._load(client, staged, rows)
                written = self._rows(client, staged, self.shape.schema.names())
                found = (len(written), hash_of(written, self.shape))
                if found != (len(rows), delivery.content_hash):
                    raise MismatchError(self.uri, sent=(len(rows), delivery.content_hash), held=found)
                inserted, updated, deleted = self._run(client, staged, len(rows), delivery)
            finally:
                client.delete_table(self._path(staged), not_found_ok=True)
            return MergeResult(found[0], inserted, updated, deleted, found[1])

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        with self._client() as client:
            return self._read(client)

    @contextmanager
    def _client(self) -> Iterator["bigquery.Client"]:
        with connected(self.uri, self._project, self._credentials, self._endpoint) as client:
            yield client

    def _run(
        self, client: "bigquery.Client", staged: str, row_count: int, delivery: Delivery
    ) -> tuple[int, int, int]:
        from google.api_core.exceptions import GoogleAPICallError

        for attempt in range(_ATTEMPTS):
            try:
                told = self._query(client, self._script.merge(staged), delivery, row_count)
            except GoogleAPICallError as error:
                if OVERTAKEN in str(error):
                    self._not_newer(client, delivery)
                if MISMATCH in str(error):
                    sent = (row_count, delivery.content_hash)
                    raise MismatchError(self.uri, sent=sent, held=(row_count, "other")) from None
                if CONFLICT not in str(error) or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.2, 1.0) * 2**attempt)  # noqa: S311
            else:
                return told[0]
        raise AssertionError("the last attempt returns or raises")

    def _read(self, client: "bigquery.Client") -> pl.DataFrame:
        held = self._columns(client, self._table)
        if not held:
            return self.shape.empty()
        return self.shape.fit(self._rows(client, self._table, [name for name in self._types if name in held]))

    def _rows(self, client: "bigquery.Client", table: str, names: Sequence[str]) -> pl.DataFrame:
        job = client.query(self._script.select(table, names))
        found = pl.from_arrow(job.result().to_arrow(create_bqstorage_client=False))
        assert isinstance(found, pl.DataFrame)
        parsed = found.select(from_json_text(name, self._kinds[name]) for name in names)
        return parsed.cast({name: self.shape.schema[name] for name in names}).sort(self.shape.key)

    def _not_newer(self, client: "bigquery.Client", delivery: Delivery) -> Entry | None:
        if not self._columns(client, LEDGER):
            return None
        found = self._query(client, self._script.entry, delivery)
        held = Entry(int(found[0][0]), str(found[0][1])) if found else None
        if held is not None and held.sequence > delivery.sequence:
            raise OvertakenError(self.uri, held=held.sequence, given=delivery.sequence)
        return held

    def _define(self, client: "bigquery.Client", entry: Entry | None, delivery: Delivery) -> None:
        held = self._columns(client, self._table)
        missing = missing_columns(self.uri, held, self._types) if held else None
        is_foreign = bool(held) and entry is None and bool(list(client.query(self._script.any_row).result()))
        # they may be those of a delivery that ended after the ledger was read
        if is_foreign and self._not_newer(client, delivery) is None:
            raise foreign_rows(self.uri)
        for statement in self._script.define(self._types, missing):
            client.query(statement).result()

    def _load(self, client: "bigquery.Client", staged: str, rows: pl.DataFrame) -> None:
        bigquery = import_bigquery()
        schema = [_field(name, dtype) for name, dtype in self._types.items()]
        table = bigquery.Table(self._path(staged), schema=schema)
        # should this process not live to delete it
        table.expires = dt.datetime.now(dt.UTC) + _KEPT
        client.create_table(table)
        file = io.BytesIO()
        rows.select(to_json_text(name, kind) for name, kind in self._kinds.items()).write_parquet(file)
        config = bigquery.LoadJobConfig(
            source_format="PARQUET", schema=schema, write_disposition="WRITE_TRUNCATE"
        )
        size = file.tell()
        client.load_table_from_file(
            file, self._path(staged), rewind=True, size=size, job_config=config
        ).result()

    def _columns(self, client: "bigquery.Client", table: str) -> dict[str, str]:
        from google.api_core.exceptions import NotFound

        try:
            fields = client.get_table(self._path(table)).schema
        except NotFound:
            return {}
        return {field.name: _type(field) for field in fields}

    def _query(
        self, client: "bigquery.Client", statement: str, delivery: Delivery, row_count: int = 0
    ) -> list[tuple[Any, ...]]:
        bigquery = import_bigquery()
        values: dict[str, tuple[str, object]] = {
            "target": ("STRING", self._table),
            "sequence": ("INT64", delivery.sequence),
            "run_id": ("STRING", delivery.run_id),
            "content_hash": ("STRING", delivery.content_hash),
            "row_count": ("INT64", row_count),
        }
        used = [
            bigquery.ScalarQueryParameter(name, *value)
            for name, value in values.items()
            if f"@{name}" in statement
        ]
        config = bigquery.QueryJobConfig(query_parameters=used, use_query_cache=False)
        return [tuple(row.values()) for row in client.query(statement, job_config=config).result()]

    def _path(self, table: str) -> "bigquery.TableReference":
        bigquery = import_bigquery()
        dataset = bigquery.DatasetReference(self._project, self._dataset)
        return dataset.table(table)  # type: ignore[no-any-return]


def _field(name: str, dtype: str) -> "bigquery.SchemaField":
    bigquery = import_bigquery()
    if dtype.startswith("NUMERIC"):
        return bigquery.SchemaField(name, "NUMERIC", precision=18, scale=4)  # type: ignore[no-any-return]
    return bigquery.SchemaField(name, dtype)  # type: ignore[no-any-return]


def _type(field: "bigquery.SchemaField") -> str:
    """Return a column's type as statements name it."""
    name = _NAMES.get(field.field_type, field.field_type)
    if field.precision is not None:
        name = f"{name}({field.precision}, {field.scale or 0})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else str(name)
