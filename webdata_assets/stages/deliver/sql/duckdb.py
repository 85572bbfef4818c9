"""DuckDB: MERGE from Arrow, DELETE and the ledger in one transaction; one process at a time has the file.

What belongs here: waiting for the file, the sink, and what DuckDB does in its own way. What does not: the
order of steps (session.py).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import check_rows
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, Shape
from webdata_assets.stages.deliver.sql.kinds import Kind, kinds
from webdata_assets.stages.deliver.sql.names import beside, checked, quoted
from webdata_assets.stages.deliver.sql.session import Session, deliver
from webdata_assets.stages.deliver.sql.statements import LEDGER, Statements

if TYPE_CHECKING:
    import duckdb

_STAGED = "webdata_staged"
_LOCKED = "Could not set lock"
_CLOSING = "Unique file handle conflict"
_INVALID = "not a valid DuckDB database file"
_HEADERS_BYTES = 3 * 4096
"""What every DuckDB file begins with: a shorter one is still being made by another process."""
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.1
_TYPES = {
    Kind.STRING: "VARCHAR",
    Kind.INT32: "INTEGER",
    Kind.INT64: "BIGINT",
    Kind.FLOAT32: "FLOAT",
    Kind.FLOAT64: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMP WITH TIME ZONE",
    Kind.DECIMAL: "DECIMAL(18,4)",
    Kind.STRINGS: "VARCHAR[]",
    Kind.VECTOR: "FLOAT[]",
}
"""As `duckdb_columns()` writes them."""


class DuckDBSink:
    """A table in a DuckDB file.

    DuckDB lets one process at a time open a file to write, and none that reads beside it: whoever comes later
    waits. Keep the file on a local disk.

    Args:
        path: of the file; its folder is made.
        table: its name, or `schema.table`; the schema exists.
        shape: of its rows.
        wait_seconds: how long to wait for a file that another process has open.

    Raises:
        PermanentError: a name or type that cannot be.
    """

    kind = "duckdb"

    def __init__(self, path: str | Path, table: str, shape: Shape, *, wait_seconds: float = 120.0) -> None:
        _import_duckdb()
        self._path = Path(path).absolute()
        self._table = table
        self._wait_seconds = wait_seconds
        self.uri = f"{self._path}#{table}"
        self.shape = shape
        self._types = {name: _TYPES[kind] for name, kind in kinds(shape).items()}
        self._statements = Statements(
            target=quoted(table),
            staged=_STAGED,
            ledger=quoted(beside(table, LEDGER)),
            key=quoted(checked(shape.key)),
            columns=[quoted(checked(name)) for name in shape.schema],
        )

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows, as every sink does."""
        check_rows(rows, self.shape)
        with self._session(read_only=False) as session:
            return deliver(session, rows, delivery)

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        if not self._path.exists():
            return self.shape.empty()
        with self._session(read_only=True) as session:
            return session.read()

    @contextmanager
    def _session(self, *, read_only: bool) -> Iterator["_DuckDBSession"]:
        duckdb = _import_duckdb()
        with self._connect(read_only) as connection:
            try:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute("BEGIN")
                yield _DuckDBSession(self, connection)
                connection.execute("COMMIT")
            except (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException) as error:
                raise TransientError(
                    f"{self.uri} cannot be written: {error}", failure_domain=FailureDomain.SINK
                ) from error
            except duckdb.Error as error:
                raise PermanentError(
                    f"{self.uri} refuses the rows, and holds what it held: {error}",
                    failure_domain=FailureDomain.SINK,
                ) from error

    def _connect(self, read_only: bool) -> "duckdb.DuckDBPyConnection":
        duckdb = _import_duckdb()
        deadline = time.monotonic() + self._wait_seconds
        pause = _FIRST_PAUSE
        while True:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                return duckdb.connect(self._path, read_only=read_only)  # type: ignore[no-any-return]
            except (duckdb.Error, OSError) as error:
                # of one process, either all connections read only, or none
                mixed = "different configuration" in str(error)
                late = time.monotonic() > deadline
                half_made = not late and _INVALID in str(error) and self._is_short()
                if not (mixed or half_made or _LOCKED in str(error) or _CLOSING in str(error)):
                    raise PermanentError(
                        f"{self.uri} cannot be opened: {error}", failure_domain=FailureDomain.SINK
                    ) from error
                if late:
                    raise TransientError(
                        f"{self.uri} was open elsewhere for {self._wait_seconds:g} s: {error}",
                        failure_domain=FailureDomain.SINK,
                    ) from error
                if mixed:
                    read_only = False
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _is_short(self) -> bool:
        return self._path.exists() and self._path.stat().st_size < _HEADERS_BYTES


class _DuckDBSession(Session):
    def __init__(self, sink: DuckDBSink, connection: "duckdb.DuckDBPyConnection") -> None:
        super().__init__(sink.uri, sink.shape, sink._statements, sink._types, sink._table)
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()

    def columns(self) -> dict[str, str]:
        return self._columns_of(self.name)

    def has_ledger(self) -> bool:
        return bool(self._columns_of(beside(self.name, LEDGER)))

    def create(self, missing: Sequence[str] | None) -> None:
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {self.statements.ledger} (target VARCHAR PRIMARY KEY, "
            "sequence BIGINT NOT NULL, run_id VARCHAR, content_hash VARCHAR, row_count BIGINT, "
            "delivered_at TIMESTAMPTZ)"
        )
        if missing is None:
            columns = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in self.types.items())
            self.execute(f"CREATE TABLE {self.statements.target} ({columns})")
        for name in missing or ():
            self.execute(f"ALTER TABLE {self.statements.target} ADD COLUMN {quoted(name)} {self.types[name]}")

    def stage(self, rows: pl.DataFrame) -> None:
        self._connection.register(_STAGED, rows.to_arrow())

    def lock(self) -> None:
        # the open file is the lock; of two threads that have it open, the later one is refused here
        self.execute(
            f"INSERT INTO {self.statements.ledger} (target, sequence) VALUES (?, -1) ON CONFLICT DO NOTHING",
            [self.name],
        )
        self.execute(f"UPDATE {self.statements.ledger} SET sequence = sequence WHERE target = ?", [self.name])

    def apply(self) -> tuple[int, int, int]:
        return self.merge()

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        columns = ", ".join(quoted(name) for name in names)
        found = self._connection.sql(f"SELECT {columns} FROM {self.statements.target}").to_arrow_table()
        rows = pl.from_arrow(found)
        assert isinstance(rows, pl.DataFrame)
        return rows.cast({name: self.shape.schema[name] for name in names})

    def _columns_of(self, table: str) -> dict[str, str]:
        schema, _, name = table.rpartition(".")
        found = self.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal "
            "AND database_name = current_database() "
            "AND schema_name = COALESCE(NULLIF(?, ''), current_schema())",
            [name, schema],
        )
        return dict(found)


def _import_duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise PermanentError(
            "a DuckDB sink needs the extra: pip install 'webdata_assets[duckdb]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return duckdb
