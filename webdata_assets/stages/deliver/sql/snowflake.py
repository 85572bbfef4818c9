"""Snowflake: rows into a temporary table, then MERGE, DELETE and the ledger in one transaction.

What belongs here: the sink, and what Snowflake does in its own way. What does not: connecting
(snowflake_connection.py), and the order of steps (session.py). Statements that define tables end a
transaction in Snowflake, so ours begins after them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.stages.deliver.changes import check_rows
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, Shape
from webdata_assets.stages.deliver.sql.json_text import from_json_text, to_json_text
from webdata_assets.stages.deliver.sql.kinds import Kind, kinds
from webdata_assets.stages.deliver.sql.names import checked, quoted
from webdata_assets.stages.deliver.sql.session import Session, deliver
from webdata_assets.stages.deliver.sql.snowflake_connection import check, connected, import_snowflake
from webdata_assets.stages.deliver.sql.statements import LEDGER, Statements

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_BATCH_BYTES = 4_000_000
"""Of one parameter: Snowflake takes 16 MB."""

_NO_SUCH_TABLE = 2003
_TYPES = {
    Kind.STRING: "VARCHAR",
    Kind.INT32: "NUMBER(38,0)",
    Kind.INT64: "NUMBER(38,0)",
    Kind.FLOAT32: "FLOAT",
    Kind.FLOAT64: "FLOAT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMP_TZ(9)",
    Kind.DECIMAL: "NUMBER(18,4)",
    Kind.STRINGS: "VARCHAR",
    Kind.VECTOR: "VARCHAR",
}
_WIRE_TEXT = {Kind.FLOAT32, Kind.FLOAT64, Kind.DECIMAL, Kind.DATE}
"""As text in JSON, whose own numbers are not exact."""


class SnowflakeSink:
    """A table in Snowflake.

    Names are those that Snowflake understands without quotation marks. Lists are JSON text:
    `PARSE_JSON(tags)`, `PARSE_JSON(embedding)::VECTOR(FLOAT, 384)`.

    Args:
        connection: what `snowflake.connector.connect` takes, without secrets: account, user, warehouse,
            database, schema, role; for key pairs `private_key_file`.
        table: its name.
        shape: of its rows.
        password: or an access token; with `private_key_file`, of that file.

    Raises:
        PermanentError: a name or type that cannot be, or a secret in the connection.
    """

    kind = "snowflake"

    def __init__(
        self, connection: Mapping[str, Any], table: str, shape: Shape, *, password: str | None = None
    ) -> None:
        check(connection)
        place = "/".join(str(connection[name]) for name in ("account", "database", "schema"))
        self.uri = f"snowflake://{place}#{table}"
        self.shape = shape
        self._connection = dict(connection)
        self._password = password
        self._table = table
        self._kinds = kinds(shape)
        self._statements = Statements(
            target=_quoted(table),
            staged=_quoted(f"webdata_staged_{table}"[:63]),
            ledger=_quoted(LEDGER),
            key=_quoted(checked(shape.key)),
            columns=[_quoted(checked(name)) for name in shape.schema],
        )

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows, as every sink does."""
        check_rows(rows, self.shape)
        with self._session() as session:
            return deliver(session, rows, delivery)

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        with self._session() as session:
            return session.read()

    @contextmanager
    def _session(self) -> Iterator["_SnowflakeSession"]:
        with connected(self.uri, self._connection, self._password) as connection:
            session = _SnowflakeSession(self, connection)
            try:
                yield session
            except BaseException:
                session.end("ROLLBACK")
                raise
            session.end("COMMIT")


class _SnowflakeSession(Session):
    def __init__(self, sink: SnowflakeSink, connection: "SnowflakeConnection") -> None:
        types = {name: _TYPES[kind] for name, kind in sink._kinds.items()}
        super().__init__(sink.uri, sink.shape, sink._statements, types, sink._table)
        self._connection = connection
        self._kinds = sink._kinds
        self._begun = False

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, list(parameters) or None)
            return [tuple(row) for row in cursor.fetchall()]

    def end(self, statement: str) -> None:
        """COMMIT or ROLLBACK, if a transaction has begun."""
        if self._begun:
            self._begun = False
            self.execute(statement)

    def columns(self) -> dict[str, str]:
        # the length of a VARCHAR says nothing: it is the longest there is
        found = self._described(self.statements.target)
        return {name.lower(): dtype.partition("(")[0] if dtype[0] == "V" else dtype for name, dtype in found}

    def has_ledger(self) -> bool:
        return bool(self._described(self.statements.ledger))

    def create(self, missing: Sequence[str] | None) -> None:
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {self.statements.ledger} (target VARCHAR, sequence NUMBER(38,0), "
            "run_id VARCHAR, content_hash VARCHAR, row_count NUMBER(38,0), delivered_at TIMESTAMP_LTZ)"
        )
        self.execute(
            f"MERGE INTO {self.statements.ledger} AS t USING (SELECT ? AS target) AS s "
            "ON t.target = s.target WHEN NOT MATCHED THEN INSERT (target, sequence) VALUES (s.target, -1)",
            [self.name],
        )
        if missing is None:
            columns = ", ".join(f"{_quoted(name)} {dtype}" for name, dtype in self.types.items())
            self.execute(f"CREATE TABLE IF NOT EXISTS {self.statements.target} ({columns})")
        for name in missing or ():
            self.execute(
                f"ALTER TABLE {self.statements.target} ADD COLUMN {_quoted(name)} {self.types[name]}"
            )

    def stage(self, rows: pl.DataFrame) -> None:
        columns = ", ".join(f"{_quoted(name)} {dtype}" for name, dtype in self.types.items())
        self.execute(f"CREATE OR REPLACE TEMPORARY TABLE {self.statements.staged} ({columns})")
        values = ", ".join(f'r.value:"{checked(name)}"::{dtype}' for name, dtype in self.types.items())
        for batch in _json_batches(rows.select(_to_wire(name, kind) for name, kind in self._kinds.items())):
            self.execute(
                f"INSERT INTO {self.statements.staged} SELECT {values} "
                "FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) AS r",
                [batch],
            )

    def lock(self) -> None:
        self.execute("BEGIN")
        self._begun = True
        # an update, as any, keeps others that change the row waiting until the transaction ends
        self.execute(f"UPDATE {self.statements.ledger} SET sequence = sequence WHERE target = ?", [self.name])

    def apply(self) -> tuple[int, int, int]:
        return self.merge()

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        columns = [
            f"DATE_PART(EPOCH_MICROSECOND, {_quoted(name)}) AS {_quoted(name)}"
            if self._kinds[name] is Kind.MOMENT
            else _quoted(name)
            for name in names
        ]
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)} FROM {self.statements.target}")
            rows = pl.from_arrow(cursor.fetch_arrow_all(force_return_table=True))
        assert isinstance(rows, pl.DataFrame)
        rows.columns = list(names)
        parsed = rows.select(from_json_text(name, self._kinds[name]) for name in names)
        return parsed.cast({name: self.shape.schema[name] for name in names})

    def _described(self, table: str) -> list[tuple[str, str]]:
        errors = import_snowflake().errors
        try:
            return [(str(row[0]), str(row[1])) for row in self.execute(f"DESCRIBE TABLE {table}")]
        except errors.ProgrammingError as error:
            if error.errno != _NO_SUCH_TABLE:
                raise
            return []


def _quoted(name: str) -> str:
    return quoted(name).upper()


def _to_wire(name: str, kind: Kind) -> pl.Expr:
    if kind in _WIRE_TEXT:
        return pl.col(name).cast(pl.String)
    if kind is Kind.MOMENT:
        return pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00:00")
    return to_json_text(name, kind)


def _json_batches(rows: pl.DataFrame) -> Iterator[str]:
    """Yield JSON arrays of rows, each of about `_BATCH_BYTES`."""
    batch: list[str] = []
    size = 0
    for line in rows.write_ndjson().split("\n"):
        if batch and (not line or size + len(line) > _BATCH_BYTES):
            yield f"[{','.join(batch)}]"
            batch, size = [], 0
        if line:
            batch.append(line)
            size += len(line)
