"""The store of shared rates: when each host may be asked next, for all processes of one machine.

What belongs here: the SQLite file and its transactions. What does not: waiting (rates.py).
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from webdata_assets.errors import FailureDomain, PermanentError

_BUSY_SECONDS = 10.0
MAX_AHEAD_SECONDS = 24 * 3600.0
"""No slot and no delay lies further ahead, whatever a file or a clock says."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
  host TEXT PRIMARY KEY, last_slot REAL NOT NULL, next_slot REAL NOT NULL, not_before REAL NOT NULL,
  written_at REAL NOT NULL
) STRICT, WITHOUT ROWID
"""


class RateStoreError(PermanentError):
    """The store cannot be read or written; the message names the file and the remedy."""

    def __init__(self, path: Path, error: Exception) -> None:
        super().__init__(
            f"the shared rate limits in {path} cannot be used ({error}); "
            "stop the crawls that use them and delete the file",
            failure_domain=FailureDomain.CONFIGURATION,
        )


class RateStore(Protocol):
    """Where processes agree on the next slot of each host. Calls may block; times are seconds from now."""

    def reserve(self, host: str, spacing: float, count: int) -> float:
        """Reserve slots that far apart, after all that are reserved; return when the first is due."""
        ...

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long; a longer delay stays."""
        ...

    def delay_left(self, host: str) -> float:
        """Return how long the host is to be left alone still."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


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

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _row(self, host: str, now: float) -> tuple[float, float, float]:
        row = self._connection.execute(
            "SELECT last_slot, next_slot, not_before, written_at FROM hosts WHERE host = ?", (host,)
        ).fetchone()
        if row is None:
            return 0.0, 0.0, 0.0
        *moments, written_at = row
        set_back = max(0.0, written_at - now)
        last_slot, next_slot, not_before = (
            min(moment - set_back, now + MAX_AHEAD_SECONDS) for moment in moments
        )
        return last_slot, next_slot, not_before

    def _write(self, host: str, last_slot: float, next_slot: float, not_before: float, now: float) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?)",
            (host, last_slot, next_slot, not_before, now),
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
            raise RateStoreError(self._path, error) from error


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
