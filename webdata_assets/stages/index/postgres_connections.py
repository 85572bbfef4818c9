"""Connections to the PostgreSQL server that keeps the index: opened when needed, kept for the next reader.

What belongs here: opening, lending and typed errors. What does not: any statement of the index (postgres.py,
postgres_snapshot.py).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

MIN_PGVECTOR = (0, 8)
"""From here on a filtered search of the graph goes on until it has found enough."""

_MAX_IDLE = 8
_CONNECT_SECONDS = 10


class Connections:
    """Lends connections to threads, each in a transaction of its own.

    Args:
        url: `postgresql://user:password@host/database`. It is never printed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator["Connection"]:
        """Lend a connection within a transaction, which is committed at the end, or undone by an exception.

        Raises:
            PermanentError: the extra is not installed, the address is none, the server lacks pgvector, or the
                user lacks a privilege.
            TransientError: the server cannot be reached, or has ended the connection.
        """
        psycopg = _import_psycopg()
        try:
            connection = self._take()
            try:
                with connection.transaction():
                    yield connection
            finally:
                self._give_back(connection)
        except psycopg.OperationalError as error:
            raise TransientError(
                f"PostgreSQL, which keeps the index, does not answer: {error}",
                failure_domain=FailureDomain.SINK,
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise PermanentError(
                f"The user of the index in PostgreSQL may not do that ({error}): let an administrator run "
                "GRANT CREATE ON DATABASE … TO this user, who then owns the index's schema",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error

    def _take(self) -> "Connection":
        psycopg = _import_psycopg()
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._open()
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                connection.close()  # the server was restarted meanwhile
            else:
                return connection

    def _give_back(self, connection: "Connection") -> None:
        with self._lock:
            if not connection.closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self) -> "Connection":
        psycopg = _import_psycopg()
        from pgvector.psycopg import register_vector

        try:
            connection: Connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                # as poolers between us and the server demand
                prepare_threshold=None,
                options="-c timezone=UTC",
            )
        except psycopg.ProgrammingError:
            # its message may repeat what is in the address
            raise PermanentError(
                "WEBDATA_INDEX is no address of PostgreSQL: write postgresql://user:password@host/database",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from None
        _ensure_pgvector(connection)
        register_vector(connection)
        return connection


def _ensure_pgvector(connection: "Connection") -> None:
    psycopg = _import_psycopg()
    asked = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    found = connection.execute(asked).fetchone()
    if found is None:
        try:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except psycopg.errors.UniqueViolation:
            pass  # another connection made it at the same moment
        except psycopg.Error as error:
            raise PermanentError(
                f"The database of the index has no pgvector, and it cannot be made ({error}): install it on "
                "the server, and let an administrator run CREATE EXTENSION vector",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        found = connection.execute(asked).fetchone()
    assert found is not None
    version = tuple(int(part) for part in found[0].split(".")[:2])
    if version < MIN_PGVECTOR:
        raise PermanentError(
            f"The database of the index has pgvector {found[0]}: update it to 0.8 or later, then run "
            "ALTER EXTENSION vector UPDATE",
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _import_psycopg() -> Any:
    try:
        import pgvector.psycopg
        import psycopg
    except ModuleNotFoundError as error:
        raise PermanentError(
            "An index in PostgreSQL needs the extra: pip install 'webdata_assets[postgres]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    assert pgvector.psycopg
    return psycopg
