"""PostgreSQL: COPY to a temporary table, INSERT … ON CONFLICT, DELETE and the ledger in one transaction.

What belongs here: connecting, the sink, and what PostgreSQL does in its own way. What does not: values as
text (postgres_text.py), the order of steps (session.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import check_rows
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, Shape
from webdata_assets.stages.deliver.sql.kinds import Kind, kinds
from webdata_assets.stages.deliver.sql.names import beside, checked, quoted
from webdata_assets.stages.deliver.sql.postgres_text import TYPES, from_json_lines, json_column, to_csv
from webdata_assets.stages.deliver.sql.session import Session, deliver
from webdata_assets.stages.deliver.sql.statements import LEDGER, Statements

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 120
_STAGED = "pg_temp.webdata_staged"
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
# such lines hold neither of these characters, so COPY neither quotes nor escapes anything
_LINES = "TO STDOUT (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"


class PostgresSink:
    """A table in PostgreSQL.

    Vectors are columns of pgvector, without a fixed dimension: an index of them is made on
    `((column::vector(384)))`. Neither texts with U+0000 nor vectors that are empty or have nulls can be kept.

    Args:
        uri: `postgresql://user@host/database`, without a password.
        table: its name, or `schema.table`; the schema exists.
        shape: of its rows.
        password: of the user.

    Raises:
        PermanentError: a name or type that cannot be, or a password within the address.
    """

    kind = "postgres"

    def __init__(self, uri: str, table: str, shape: Shape, *, password: str | None = None) -> None:
        psycopg = _import_psycopg()
        try:
            parameters = psycopg.conninfo.conninfo_to_dict(uri)
        except psycopg.ProgrammingError:
            # its message may repeat the address
            raise _configuration(
                "the address of a PostgreSQL sink must read postgresql://user@host/database"
            ) from None
        if "password" in parameters or "sslpassword" in parameters:
            raise _configuration(
                "the address of a PostgreSQL sink must not hold a password: "
                "name its environment variable instead"
            )
        self.uri = f"{uri}#{table}"
        self.shape = shape
        self._table = table
        self._password = password
        self._address = uri
        self._kinds = kinds(shape)
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
        with self._session() as session:
            return deliver(session, rows, delivery)

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        with self._session() as session:
            return session.read()

    @contextmanager
    def _session(self) -> Iterator["_PostgresSession"]:
        psycopg = _import_psycopg()
        try:
            with self._connect() as connection:
                connection.execute("SET LOCAL extra_float_digits = 1")
                connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
                yield _PostgresSession(self, connection)
        except psycopg.OperationalError as error:
            raise TransientError(
                f"{self.uri} does not answer: {error}", failure_domain=FailureDomain.SINK
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise _configuration(
                f"{self.uri}: the user may not do that ({_told(error)}): let its owner GRANT it"
            ) from error
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
            # the error itself may repeat rows
            raise PermanentError(
                f"{self.uri} refuses the rows, and holds what it held: {_told(error)}",
                failure_domain=FailureDomain.SINK,
            ) from None

    def _connect(self) -> "Connection":
        psycopg = _import_psycopg()
        given = {"password": self._password} if self._password is not None else {}
        connection: Connection = psycopg.connect(
            self._address,
            connect_timeout=_CONNECT_SECONDS,
            keepalives_idle=30,
            prepare_threshold=None,  # as poolers between us and the server demand
            **given,
        )
        return connection


class _PostgresSession(Session):
    marker = "%s"

    def __init__(self, sink: PostgresSink, connection: "Connection") -> None:
        types = {name: TYPES[kind] for name, kind in sink._kinds.items()}
        super().__init__(sink.uri, sink.shape, sink._statements, types, sink._table)
        self._connection = connection
        self._kinds = sink._kinds

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def columns(self) -> dict[str, str]:
        found = self.execute(_COLUMNS, [self.statements.target])
        # pgvector may lie in a schema that is not on the path
        return {name: dtype.rpartition(".")[2] for name, dtype in found}

    def has_ledger(self) -> bool:
        return self.execute("SELECT to_regclass(%s) IS NOT NULL", [self.statements.ledger]) == [(True,)]

    def create(self, missing: Sequence[str] | None) -> None:
        if not self.has_ledger():
            # two that create it at once would meet in the catalogue
            self.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LEDGER])
            self.execute(
                f"CREATE TABLE IF NOT EXISTS {self.statements.ledger} (target text PRIMARY KEY, "
                "sequence bigint NOT NULL, run_id text, content_hash text, row_count bigint, "
                "delivered_at timestamptz)"
            )
        if missing is None:
            columns = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in self.types.items())
            self.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.name])
            self.execute(
                f"CREATE TABLE IF NOT EXISTS {self.statements.target} "
                f"({columns}, PRIMARY KEY ({self.statements.key}))"
            )
        elif missing:
            added = ", ".join(
                f"ADD COLUMN IF NOT EXISTS {quoted(name)} {self.types[name]}" for name in missing
            )
            self.execute(f"ALTER TABLE {self.statements.target} {added}")

    def stage(self, rows: pl.DataFrame) -> None:
        if Kind.VECTOR in self._kinds.values():
            self._ensure_pgvector()
        columns = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in self.types.items())
        self.execute(f"CREATE TEMPORARY TABLE webdata_staged ({columns}) ON COMMIT DROP")
        names = ", ".join(self.statements.columns)
        with self._connection.cursor() as cursor:
            copy_in = f"COPY {_STAGED} ({names}) FROM STDIN (FORMAT csv)"
            with cursor.copy(copy_in.encode()) as copy:
                for text in to_csv(rows, self._kinds, self.uri):
                    copy.write(text)
        self.execute(f"ANALYZE {_STAGED}")

    def lock(self) -> None:
        self.execute(
            f"INSERT INTO {self.statements.ledger} (target, sequence) VALUES (%s, -1) ON CONFLICT DO NOTHING",
            [self.name],
        )
        self.execute(f"SELECT 1 FROM {self.statements.ledger} WHERE target = %s FOR UPDATE", [self.name])

    def apply(self) -> tuple[int, int, int]:
        ((deleted,),) = self.execute(
            f"WITH gone AS ({self.statements.delete} RETURNING 1) SELECT COUNT(*) FROM gone"
        )
        # a row version that nobody has replaced is new
        ((inserted, updated),) = self.execute(
            f"WITH written AS ({self.statements.upsert} RETURNING t.xmax = 0 AS new) "
            "SELECT COUNT(*) FILTER (WHERE new), COUNT(*) FILTER (WHERE NOT new) FROM written"
        )
        return inserted, updated, deleted

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        columns = ", ".join(json_column(name, self._kinds[name]) for name in names)
        lines = f"SELECT row_to_json(r) FROM (SELECT {columns} FROM {self.statements.target}) AS r"
        with self._connection.cursor() as cursor, cursor.copy(f"COPY ({lines}) {_LINES}".encode()) as copy:
            text = b"".join(copy)
        return from_json_lines(text, {name: self._kinds[name] for name in names}, self.shape)

    def _ensure_pgvector(self) -> None:
        psycopg = _import_psycopg()
        if self.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'"):
            return
        try:
            self.execute("SELECT pg_advisory_xact_lock(hashtextextended('vector', 0))")
            self.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
            raise _configuration(
                f"{self.uri} is to hold vectors, and its server has no pgvector ({_told(error)}): "
                "install it there"
            ) from error


def _told(error: "psycopg.Error") -> str:
    return error.diag.message_primary or type(error).__name__


def _configuration(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)


def _import_psycopg() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ModuleNotFoundError as error:
        raise _configuration(
            "a PostgreSQL sink needs the extra: pip install 'webdata_assets[postgres]'"
        ) from error
    return psycopg
