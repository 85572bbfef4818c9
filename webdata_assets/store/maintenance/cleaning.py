"""What old versions leave behind: checkpoints, log entries, files that no kept version names.

What belongs here: one table's log and files. What does not: putting files together (compaction.py), and what
lies outside of tables (leftovers.py).

No file goes that is younger than a day: a writer's files lie there before its commit names them, and a reader
may be at work on a version that was just replaced. Older files go if no version of the last days names them.
"""

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import unquote

from deltalake import DeltaTable

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import Table
from webdata_assets.store.commits import retried
from webdata_assets.store.maintenance.listing import StoredFile, files_below, remove
from webdata_assets.store.store import Store
from webdata_assets.store.tables import CHECKPOINT_INTERVAL

LEAST_AGE = dt.timedelta(days=1)
"""Of whatever is removed: longer than any write or read takes."""
LOG = "_delta_log"
_HALF_WRITTEN = re.compile(r"#\d+$")
"""A file that is renamed once it is whole."""


class FilesMissingError(PermanentError):
    """A table whose newest version names files that are not there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.SINK)


@dataclass(frozen=True)
class Cleaned:
    """What cleaning one table did.

    Attributes:
        removed_files: data files, log entries and temporary files.
        removed_bytes: their size.
        files: those that the newest version names.
        bytes: their size.
        kept_bytes: of everything else that lies there: earlier versions, log, writes at work.
        log_files: entries and checkpoints of the log.
    """

    removed_files: int
    removed_bytes: int
    files: int
    bytes: int
    kept_bytes: int
    log_files: int


def clean(store: Store, table: Table, keep_days: int, now: dt.datetime) -> Cleaned:
    """Write a checkpoint, and remove what no version of the last days needs.

    Args:
        store: with the table.
        table: one that was written.
        keep_days: how far back versions stay readable; at least a day.
        now: the present moment.

    Raises:
        FilesMissingError: the newest version names a file that is not there. Nothing is removed then.
        TransientError: other writers won on every try.
    """
    before = files_below(store.location, "tables", table.name)
    _check_whole(store, table, before)
    keep = max(LEAST_AGE, dt.timedelta(days=keep_days))
    _configure(store, table, keep)
    delta = _opened(store, table)
    delta.create_checkpoint()
    delta.cleanup_metadata()
    hours = int(keep.total_seconds()) // 3_600
    # a vacuum is a commit, and so is one that finds nothing
    if _vacuum(store, table, hours, dry_run=True):
        retried(lambda: _vacuum(store, table, hours, dry_run=False), what=f"vacuum {table.name}")
    torn = [file.path for file in before if _is_torn(file, now)]
    remove(store.location, ["tables", table.name], torn)
    after = files_below(store.location, "tables", table.name)
    _check_whole(store, table, after)
    named = _named(store, table)
    data = [file for file in after if file.path in named]
    gone = {file.path for file in before} - {file.path for file in after}
    return Cleaned(
        removed_files=len(gone),
        removed_bytes=sum(file.size for file in before if file.path in gone),
        files=len(data),
        bytes=sum(file.size for file in data),
        kept_bytes=sum(file.size for file in after) - sum(file.size for file in data),
        log_files=sum(file.path.startswith(f"{LOG}/") for file in after),
    )


def _configure(store: Store, table: Table, keep: dt.timedelta) -> None:
    """Have the table itself keep log entries and the names of replaced files for as long as its versions."""
    interval = f"interval {keep.days} days"
    wanted = {
        "delta.checkpointInterval": str(CHECKPOINT_INTERVAL),
        "delta.logRetentionDuration": interval,
        "delta.deletedFileRetentionDuration": interval,
    }
    if _opened(store, table).metadata().configuration.items() >= wanted.items():
        return
    retried(lambda: _opened(store, table).alter.set_table_properties(wanted), what=f"configure {table.name}")


def _vacuum(store: Store, table: Table, hours: int, *, dry_run: bool) -> list[str]:
    """Remove, or only name, files that no version of so many hours names, and that are older than that."""
    return _opened(store, table).vacuum(hours, dry_run=dry_run, enforce_retention_duration=False, full=True)


def _opened(store: Store, table: Table) -> DeltaTable:
    return DeltaTable(store.location.table(table.name), storage_options=dict(store.location.options))


def _named(store: Store, table: Table) -> set[str]:
    paths = _opened(store, table).get_add_actions(flatten=True).column("path").to_pylist()
    return {unquote(str(path)) for path in paths}


def _check_whole(store: Store, table: Table, files: list[StoredFile]) -> None:
    """Raise FilesMissingError unless every file that the newest version names is there."""
    missing = _named(store, table) - {file.path for file in files}
    if missing:  # or committed after the listing
        missing &= _named(store, table)
        missing -= {file.path for file in files_below(store.location, "tables", table.name)}
    if missing:
        raise FilesMissingError(
            f"{len(missing)} files of {table.name} are not there, such as {min(missing)}: restore them from "
            f"a backup, or `webdata rollback {table.name}` to a version that is whole"
        )


def _is_torn(file: StoredFile, now: dt.datetime) -> bool:
    """Whether a killed writer left it half written; vacuum does not see such files."""
    return now - file.modified > LEAST_AGE and (
        _HALF_WRITTEN.search(file.path) is not None
        or (file.path.startswith(f"{LOG}/") and file.path.endswith(".tmp"))
    )
