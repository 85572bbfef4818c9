"""The index on a server: PostgreSQL with pgvector, whose states are numbers that rows are valid from and to.

What belongs here: bringing the table to a wanted state, and keeping the states that have a name. What does
not: which chunks are wanted (chunk_rows.py, sync.py), and searching a state (postgres_snapshot.py).
"""

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.index.index import SyncResult
from webdata_assets.stages.index.postgres_connections import Connections
from webdata_assets.stages.index.postgres_layout import (
    LOCK,
    as_frame,
    column_list,
    create_graph,
    create_tables,
    insert,
    statement,
    tables_exist,
)
from webdata_assets.stages.index.postgres_snapshot import PostgresSnapshot
from webdata_assets.stages.index.sync import HELD_SCHEMA, plan_sync

if TYPE_CHECKING:
    from webdata_assets.stages.index.postgres_connections import Connection

EXACT_BELOW_ROWS = 20_000
"""Up to here comparing with every vector is quick, and finds exactly the nearest."""
KEEP_UNNAMED = dt.timedelta(hours=1)
"""A reader of a state that has, or had, no name may go on for so long after the next one came."""


class PostgresIndex:
    """Chunks, searchable by vector and by text. Implements `ChunkIndex`; writers wait for each other.

    Space of rows that were deleted is given back by the server's own autovacuum.

    Args:
        url: `postgresql://…`; the tables lie in a schema of their own.
        exact_below: rows from which on an approximate index (HNSW) answers vector queries.
        keep_unnamed: how long states without a name, and such that lost it, can still be read.
    """

    def __init__(
        self,
        url: str,
        *,
        exact_below: int = EXACT_BELOW_ROWS,
        keep_unnamed: dt.timedelta = KEEP_UNNAMED,
    ) -> None:
        self._connections = Connections(url)
        self._exact_below = exact_below
        self._keep_unnamed = keep_unnamed

    def sync(
        self,
        chunks: pl.DataFrame,
        refreshed: pl.DataFrame | None = None,
        pending: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> SyncResult:
        """Bring the newest state to these chunks, in one transaction. Named states stay as they are.

        Args:
            chunks: rows of `CHUNK_SCHEMA`, of one model.
            refreshed: `date` and `source` of the partitions that `chunks` describes completely. Held chunks
                of other partitions are kept as they are, and so are the records that they belong to, unless
                `chunks` holds a later version of them. None for every partition.
            pending: ids of records whose chunks are not known yet: they keep what they have.
            gone: ids of records that are known to be gone: none of their chunks is kept.

        Raises:
            PermanentError: vectors of several models.
            TransientError: the server cannot be reached; nothing was changed.
            ValueError: a chunk twice, vectors of different lengths.
        """
        with self._writing() as connection:
            plan = plan_sync(chunks, _held(connection), refreshed, pending, gone)
            if plan.changes:
                state = _newest(connection) + 1
                for ids in (plan.write["chunk_id"], plan.vanished):
                    connection.execute(
                        statement(
                            "UPDATE {schema}.chunks SET valid_to = %s "
                            "WHERE valid_to IS NULL AND chunk_id = ANY(%s)"
                        ),
                        [state, ids.to_list()],
                    )
                insert(connection, plan.write, state)
                connection.execute(statement("INSERT INTO {schema}.states VALUES (%s)"), [state])
                if plan.write.height and plan.manifest.height >= self._exact_below:
                    create_graph(connection, len(plan.write["vector"][0]))
                connection.execute(statement("ANALYZE {schema}.chunks"))
        return SyncResult(plan.manifest, plan.inserted, plan.updated, plan.deleted)

    def name(self, snapshot: str) -> None:
        """Give the newest state a name, for ever the same; a name that is taken stays where it is."""
        with self._writing() as connection:
            connection.execute(
                statement(
                    "INSERT INTO {schema}.names SELECT %s, max(state) FROM {schema}.states "
                    "ON CONFLICT DO NOTHING"
                ),
                [snapshot],
            )

    def at(self, snapshot: str | None = None) -> PostgresSnapshot:
        """Return the state of that name, or the newest. Raises PermanentError for an unknown name."""
        state = None
        with self._connections.transaction() as connection:
            if tables_exist(connection):
                state = _newest(connection) if snapshot is None else _named(connection).get(snapshot)
        if state is None and snapshot is not None:
            raise PermanentError(
                f"The index in PostgreSQL has no state {snapshot}: materialize vector_index and release",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return PostgresSnapshot(self._connections, state, exact_below=self._exact_below)

    def names(self) -> list[str]:
        """Return the names given, in no order."""
        with self._connections.transaction() as connection:
            return list(_named(connection)) if tables_exist(connection) else []

    def forget(self, keep: Collection[str]) -> None:
        """Give up all names but these, and what no name nor the newest state needs any more."""
        with self._writing() as connection:
            connection.execute(statement("DELETE FROM {schema}.names WHERE name <> ALL(%s)"), [list(keep)])
            # the oldest state that can still be read without a name
            asked = "SELECT coalesce(max(state), 0) FROM {schema}.states WHERE made_at <= now() - %s"
            found = connection.execute(statement(asked), [self._keep_unnamed]).fetchone()
            assert found is not None
            connection.execute(
                statement(
                    "DELETE FROM {schema}.chunks WHERE valid_to <= %s AND NOT EXISTS ("
                    "SELECT FROM {schema}.names WHERE state >= valid_from AND state < valid_to)"
                ),
                found,
            )
            connection.execute(statement("DELETE FROM {schema}.states WHERE state < %s"), found)

    @contextmanager
    def _writing(self) -> Iterator["Connection"]:
        """Lend a connection in a transaction that no other writer runs beside."""
        with self._connections.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if not tables_exist(connection):
                create_tables(connection)
            yield connection


def _held(connection: "Connection") -> pl.DataFrame:
    """Return what the newest state holds, as `HELD_SCHEMA`."""
    names = HELD_SCHEMA.names()
    asked = statement(
        "SELECT {columns} FROM {schema}.chunks WHERE valid_to IS NULL", columns=column_list(names)
    )
    with connection.cursor(binary=True) as cursor:
        return as_frame(cursor.execute(asked).fetchall(), names, HELD_SCHEMA)


def _newest(connection: "Connection") -> int:
    found = connection.execute(statement("SELECT max(state) FROM {schema}.states")).fetchone()
    assert found is not None
    return int(found[0])


def _named(connection: "Connection") -> dict[str, int]:
    found = connection.execute(statement("SELECT name, state FROM {schema}.names")).fetchall()
    return {str(name): int(state) for name, state in found}
