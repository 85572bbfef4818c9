"""Building the index of web archives: a SQLite file that is brought up to date file by file.

What belongs here: which files are an archive's, the tables, and what is written to them. What does not: what
a file holds (warc_scan.py), and looking captures up (warc_index.py).
"""

import datetime as dt
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.stored.warc_entries import Damage, Entry, Forget, NoPages
from webdata_assets.stages.crawl.stored.warc_scan import scan_archive

Progress = Callable[[Path, int, int], None]
"""Is told the file that is being indexed, how many bytes of it are done, and its size."""

_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
_VERSION = 1
"""Raised when the index keeps or means something else, so that it is built anew."""
_WAIT_SECONDS = 900.0
"""For another process that indexes the same archive."""
_ENTRIES_AT_ONCE = 1_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
ENTRY_COLUMNS = tuple(item.name for item in fields(Entry))
_STATEMENTS = (
    """CREATE TABLE files (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL
    )""",
    """CREATE TABLE captures (
        file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, kind TEXT NOT NULL,
        url TEXT NOT NULL, moment INTEGER NOT NULL, status INTEGER, content_type TEXT, record_id TEXT,
        concurrent_to TEXT, digest TEXT, refers_to TEXT, refers_to_url TEXT, refers_to_moment INTEGER,
        PRIMARY KEY (file, offset)
    ) WITHOUT ROWID""",
    "CREATE TABLE damage (file INTEGER NOT NULL, offset INTEGER NOT NULL, reason TEXT NOT NULL)",
    "CREATE INDEX by_url ON captures (url, moment)",
    "CREATE INDEX by_moment ON captures (moment, url)",
    "CREATE INDEX by_record_id ON captures (record_id)",
    "CREATE INDEX by_concurrent_to ON captures (concurrent_to)",
    "CREATE INDEX by_digest ON captures (digest)",
)


def to_microseconds(moment: dt.datetime) -> int:
    """Return a moment as the index keeps it: microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> dt.datetime:
    """Return the moment that the index keeps."""
    return _EPOCH + value * _MICROSECOND


def open_database(path: Path, cache: Path, progress: Progress | None) -> sqlite3.Connection:
    """Bring the index of an archive up to date and return it; see WarcIndex.open."""
    path = path.absolute()
    files = _archive_files(path)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermanentError(
            f"the folder {cache} for indexes of archives cannot be made ({error.strerror}): give this user "
            "write permission, or choose another",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    place = cache / f"{blake3(os.fsencode(path)).hexdigest()[:32]}.sqlite"
    try:
        try:
            return _updated(place, files, progress)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # the index is damaged, and everything in it can be had again
            place.unlink(missing_ok=True)
            return _updated(place, files, progress)
    except sqlite3.OperationalError as error:
        raise TransientError(
            f"the index {place} of {path} cannot be used: {error}", failure_domain=FailureDomain.RESOURCE
        ) from error


def _archive_files(path: Path) -> list[Path]:
    if path.is_dir():
        files = [
            Path(folder, name)
            for folder, _, names in os.walk(path, onerror=_refuse_folder)
            for name in names
            if name.lower().endswith(_SUFFIXES)
        ]
        if files:
            return sorted(files)
        raise _wrong_path(f"there is no *.warc or *.warc.gz in {path}")
    if path.is_file():
        return [path]
    raise _wrong_path(f"there is no archive {path}")


def _refuse_folder(error: OSError) -> None:
    raise PermanentError(
        f"the folder {error.filename} cannot be read ({error.strerror}); give this user read permission",
        failure_domain=FailureDomain.CONFIGURATION,
    ) from error


def _wrong_path(what: str) -> PermanentError:
    return PermanentError(
        f"{what}; correct `path` under `by: warc`", failure_domain=FailureDomain.CONFIGURATION
    )


def _updated(place: Path, files: list[Path], progress: Progress | None) -> sqlite3.Connection:
    database = sqlite3.connect(place, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with _transaction(database):
            if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                _make_tables(database)
            known = [path for (path,) in database.execute("SELECT path FROM files")]
            for path in set(known) - {os.fsencode(file) for file in files}:
                _forget_file(database, path)
        for file in files:
            # one transaction for each file: a killed run keeps what it has indexed
            with _transaction(database):
                _index_file(database, file, progress)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _make_tables(database: sqlite3.Connection) -> None:
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {name}")
    for statement in _STATEMENTS:
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {_VERSION}")


def _forget_file(database: sqlite3.Connection, path: bytes) -> None:
    for table in ("captures", "damage"):
        database.execute(
            f"DELETE FROM {table} WHERE file = (SELECT id FROM files WHERE path = ?)",  # noqa: S608
            (path,),
        )
    database.execute("DELETE FROM files WHERE path = ?", (path,))


def _index_file(database: sqlite3.Connection, file: Path, progress: Progress | None) -> None:
    state, path = file.stat(), os.fsencode(file)
    identity = (path, state.st_size, state.st_mtime_ns)
    if database.execute(
        "SELECT 1 FROM files WHERE path = ? AND size = ? AND changed_ns = ?", identity
    ).fetchone():
        return
    _forget_file(database, path)
    file_id = database.execute(
        "INSERT INTO files (path, size, changed_ns) VALUES (?, ?, ?)", identity
    ).lastrowid
    waiting: list[tuple[object, ...]] = []

    def write_waiting() -> None:
        database.executemany(
            "INSERT INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", waiting
        )
        waiting.clear()

    for found in scan_archive(file):
        if isinstance(found, Entry):
            waiting.append((file_id, *_row(found)))
            if len(waiting) >= _ENTRIES_AT_ONCE:
                write_waiting()
                if progress is not None:
                    progress(file, found.offset + found.length, state.st_size)
            continue
        write_waiting()
        match found:
            case NoPages(record_ids):
                database.executemany(
                    "DELETE FROM captures WHERE file = ? AND (record_id = ? OR concurrent_to = ?)",
                    [(file_id, record_id, record_id) for record_id in record_ids],
                )
            case Forget(offset):
                database.execute("DELETE FROM captures WHERE file = ? AND offset >= ?", (file_id, offset))
            case Damage(offset, reason):
                database.execute("INSERT INTO damage VALUES (?, ?, ?)", (file_id, offset, reason))
    write_waiting()
    if progress is not None:
        progress(file, state.st_size, state.st_size)


def _row(entry: Entry) -> tuple[object, ...]:
    values = (getattr(entry, name) for name in ENTRY_COLUMNS)
    return tuple(to_microseconds(value) if isinstance(value, dt.datetime) else value for value in values)
