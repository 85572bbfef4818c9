"""Dagster's event log in SQLite, while this process writes a run: its connections are kept open.

Dagster opens the database for every statement and closes it, which makes SQLite fold the write-ahead log back
each time, and SQLAlchemy compile the statement anew. A partition's run writes some 230 events, most of them
in two databases: that was two fifths of its CPU time.

What belongs here: how connections are made. What does not: what is written with them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from webdata_assets.dagster_internals import SqliteEventLogStorage, create_shard_engine


@contextmanager
def kept_connections(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep the instance's connections to its event log until the block ends.

    Statements still come one after the other, each in a transaction of its own, committed before the next:
    other processes read and write between them, and a crash loses nothing that was told as stored. An event
    log elsewhere than in SQLite files is left as it is, and so is one whose connections are kept already.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage) or "_connect" in vars(storage):
        yield
        return
    kept = _Kept(storage)
    storage._connect = kept.connect  # type: ignore[method-assign]
    storage.has_table = kept.has_table  # type: ignore[method-assign]
    try:
        yield
    finally:
        del storage._connect, storage.has_table
        kept.close()


class _Kept:
    """One connection for each file: the index of all runs, and this run's own."""

    def __init__(self, storage: SqliteEventLogStorage) -> None:
        self._storage = storage
        self._open_once = storage._connect
        self._look_for_table = storage.has_table
        self._tables: set[str] = set()
        self._engines: dict[str, Any] = {}

    @contextmanager
    def connect(self, shard: str) -> Iterator[Any]:
        if shard not in self._storage._initialized_dbs:
            # makes the tables
            with self._open_once(shard):
                pass
        with self._storage._db_lock:
            if shard not in self._engines:
                self._engines[shard] = create_shard_engine(self._storage, shard)
            with self._engines[shard].connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Ask once for a table that is there: Dagster asks anew for every event of a check."""
        if table_name not in self._tables and self._look_for_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def close(self) -> None:
        with self._storage._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
