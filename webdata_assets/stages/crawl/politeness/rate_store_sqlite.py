"""The store of shared rates in a SQLite file, for all processes of one machine.

What belongs here: the file and its transactions. What does not: what a store is (rate_store.py), and waiting
(rates.py).
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from webdata_assets.stages.crawl.politeness.rate_store import MAX_AHEAD_SECONDS, RateStoreError

_BUSY_SECONDS = 10.0
_REMEDY = "see that its disk has room; if it has, stop the crawls that use them and delete the file"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
  host TEXT PRIMARY KEY, last_slot REAL NOT NULL, next_slot REAL NOT NULL, not_before REAL NOT NULL,
  written_at REAL NOT NULL
) STRICT, WITHOUT ROWID
"""
_BREAKERS = """
CREATE TABLE IF NOT EXISTS breakers (
  host TEXT PRIMARY KEY, probe_at REAL NOT NULL, leased_until REAL NOT NULL, written_at REAL NOT NULL
) STRICT, WITHOUT ROWID
"""


class SqliteRateStore:
    """One row a host: its slots are handed out in the order of the transactions that ask for them.

    Two neighbouring slots are never closer than either of their sources asks for. A process that dies takes
    its reserved slots along, and no lock. Times are the wall clock's, which all processes share; when it was
    set back since a row was written, the row's times are set back with it.
    """

    def __init__(self, path: Path, wall_clock: Callable[[], float] = time.time) -> None:
        """Open the file, or make it. Raises RateStoreError."""
        self._path = path
        self._wall_clock = wall_clock
        with self._typed_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            # used by one worker thread at a time
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            _set_up(self._connection)
            self._inode = path.stat().st_ino

    def reserve(self, host: str, spacing: float, count: int) -> float:
        """Reserve slots that far apart, after all that are reserved; return when the first is due."""
        with self._transaction() as now:
            last_slot, next_slot, not_before = self._row(host, now)
            first = max(now, next_slot, not_before, last_slot + spacing)
            last = first + (count - 1) * spacing
            self._write(host, last, last + spacing, not_before, now)
        return first - now

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long; a longer delay stays."""
        with self._transaction() as now:
            last_slot, next_slot, not_before = self._row(host, now)
            until = now + min(seconds, MAX_AHEAD_SECONDS)
            self._write(host, last_slot, next_slot, max(not_before, until), now)

    def delay_left(self, host: str) -> float:
        """Return how long the host is to be left alone still."""
        with self._transaction() as now:
            return max(0.0, self._row(host, now)[2] - now)

    def open_breaker(self, host: str, seconds_to_probe: float) -> None:
        """Note that the host is down, and that nobody asks it for that long from now."""
        with self._transaction() as now:
            self._write_breaker(host, now + min(seconds_to_probe, MAX_AHEAD_SECONDS), 0.0, now)

    def close_breaker(self, host: str) -> None:
        """Note that the host has answered a probe."""
        with self._transaction():
            self._connection.execute("DELETE FROM breakers WHERE host = ?", (host,))

    def seconds_to_probe(self, host: str) -> float | None:
        """Return how long nobody asks a host that is down, 0 once a probe is due; None if it is not."""
        with self._transaction() as now:
            breaker = self._breaker(host, now)
        return None if breaker is None else max(0.0, breaker[0] - now)

    def claim_probe(self, host: str, lease_seconds: float) -> bool:
        """Take the probe that is due, which holds back others for that long; return whether it was had."""
        with self._transaction() as now:
            breaker = self._breaker(host, now)
            if breaker is None or max(breaker) > now:
                return False
            self._write_breaker(host, breaker[0], now + min(lease_seconds, MAX_AHEAD_SECONDS), now)
        return True

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _row(self, host: str, now: float) -> tuple[float, float, float]:
        row = self._connection.execute(
            "SELECT last_slot, next_slot, not_before, written_at FROM hosts WHERE host = ?", (host,)
        ).fetchone()
        if row is None:
            return 0.0, 0.0, 0.0
        last_slot, next_slot, not_before = _moments(row, now)
        return last_slot, next_slot, not_before

    def _write(self, host: str, last_slot: float, next_slot: float, not_before: float, now: float) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?)",
            (host, last_slot, next_slot, not_before, now),
        )

    def _breaker(self, host: str, now: float) -> tuple[float, float] | None:
        row = self._connection.execute(
            "SELECT probe_at, leased_until, written_at FROM breakers WHERE host = ?", (host,)
        ).fetchone()
        if row is None:
            return None
        probe_at, leased_until = _moments(row, now)
        return probe_at, leased_until

    def _write_breaker(self, host: str, probe_at: float, leased_until: float, now: float) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?)", (host, probe_at, leased_until, now)
        )

    @contextmanager
    def _transaction(self) -> Iterator[float]:
        """Hold the file's write lock; gives the wall clock's time, read under it."""
        with self._typed_errors():
            if not self._path.exists() or self._path.stat().st_ino != self._inode:
                # others would make a new file, and the limits would be kept twice
                raise FileNotFoundError("it was deleted or replaced while in use")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._wall_clock()
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RateStoreError(self._path, error, _REMEDY) from error


def _moments(row: Sequence[float], now: float) -> list[float]:
    """Return a row's moments, all but the last, which says when they were written."""
    *moments, written_at = row
    set_back = max(0.0, written_at - now)
    return [min(moment - set_back, now + MAX_AHEAD_SECONDS) for moment in moments]


def _set_up(connection: sqlite3.Connection) -> None:
    # a write-ahead log: a transaction costs a hundredth of a millisecond, and a killed process breaks nothing
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # several processes that make the file at once: SQLite does not wait for this lock by itself
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_SCHEMA)
    connection.execute(_BREAKERS)
