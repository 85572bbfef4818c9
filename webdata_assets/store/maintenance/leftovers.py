"""What lies outside of tables and is named by nothing any more: blobs, models, spools, results handed over.

What belongs here: what names each of them, and removing the rest. What does not: files of tables
(cleaning.py), and states of the index, which the release step forgets by itself.

Blobs and models are named by rows. Every data file that lies in a table's folder counts, those of earlier
versions and of commits still being made too: whatever can be rolled back to finds what it names.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

import polars as pl

from webdata_assets.schemas import Table
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.store.maintenance.cleaning import LEAST_AGE, LOG
from webdata_assets.store.maintenance.listing import StoredFile, files_below, remove
from webdata_assets.store.rollback import RUN_ID as ROLLBACK
from webdata_assets.store.store import Store

_UNFINISHED = "unfinished"
_DROPPED = ".dropped-"


def sweep(store: Store, keep_days: int, now: dt.datetime) -> dict[str, int]:
    """Remove what nothing names and nobody touched for as long as versions are kept; at least for a day.

    Returns:
        How many files went, by the name of the folder that they lay in.
    """
    before = now - max(LEAST_AGE, dt.timedelta(days=keep_days))
    leftovers: dict[str, Iterable[str]] = {
        "blobs": _blobs(store, before),
        "models": _models(store, before),
        "spool": _of_finished_crawls(store, before),
        "extractions": _untouched(store, "extractions", before),
        "reports": _half_written(store, "reports", before),
    }
    removed = {}
    for room, found in leftovers.items():
        paths = sorted(found)
        remove(store.location, [room], paths)
        removed[room] = len(paths)
    return removed


def _blobs(store: Store, before: dt.datetime) -> set[str]:
    if all(file.modified >= before for file in files_below(store.location, "blobs")):
        return set()
    named = _values(store, PAGES, ["payload_hash"], pl.col("in_blobs"))
    # listed after that: one that a writer puts again meanwhile, and is about to name, is young by now
    old = [file for file in files_below(store.location, "blobs") if file.modified < before]
    return {
        file.path
        for file in old
        if file.path.startswith(f"{_UNFINISHED}/") or file.path.rpartition("/")[2] not in named
    }


def _models(store: Store, before: dt.datetime) -> set[str]:
    by_version = _by_folder(files_below(store.location, "models"), 1)
    old = {version: files for version, files in by_version.items() if _newest(files) < before}
    if not old:
        return set()
    named = _values(store, MODEL, ["version", "parent"]) | _values(store, RELEASE, ["model_version"])
    named |= _values(store, RELEASE_DECISIONS, ["model_version", "left_model_version"])
    return {file.path for version, files in old.items() if version not in named for file in files}


def _of_finished_crawls(store: Store, before: dt.datetime) -> set[str]:
    """Return the files of spools whose partition was written since: a kill came between commit and drop.

    A crawl that never got to its commit goes on from its spool, however old that is, and whatever its
    partition went back to meanwhile. One that ended paused loses what it kept for its repair after the days
    given.
    """
    spools = {
        key: files
        for key, files in _by_folder(files_below(store.location, "spool"), 2).items()
        if _newest(files) < before
    }
    if not spools:
        return set()
    states = store.ledger.states(PAGES).filter(pl.col("run_id") != ROLLBACK)
    written = {
        (source, date.isoformat()): at for date, source, at in states.select("date", "source", "at").rows()
    }
    return {
        file.path
        for key, files in spools.items()
        if (at := written.get(_source_and_date(key))) is not None and at > _newest(files)
        for file in files
    }


def _untouched(store: Store, room: str, before: dt.datetime) -> set[str]:
    """Return the files of folders of partitions in which nothing was written for long."""
    folders = _by_folder(files_below(store.location, room), 2).values()
    return {file.path for files in folders if _newest(files) < before for file in files}


def _half_written(store: Store, room: str, before: dt.datetime) -> set[str]:
    return {
        file.path
        for file in files_below(store.location, room)
        if file.path.rpartition("/")[2].startswith(".") and file.modified < before
    }


def _values(store: Store, table: Table, columns: list[str], where: pl.Expr | None = None) -> set[str]:
    """Return the values of columns in every data file that lies in a table's folder, committed or not."""
    location, values = store.location, set()
    uri = location.table(table.name)
    paths = [
        f"{uri}/{file.path}"
        for file in files_below(location, "tables", table.name)
        if file.path.endswith(".parquet") and not file.path.startswith(f"{LOG}/")
    ]
    wanted = [*columns, *([] if where is None else where.meta.root_names())]
    for path in paths:
        rows = pl.scan_parquet(path, storage_options=dict(location.options) or None, hive_partitioning=False)
        held = [name for name in wanted if name in rows.collect_schema()]
        if where is not None and held == wanted:
            rows = rows.filter(where)
        found = rows.select(name for name in columns if name in held).unique().collect()
        values |= {str(value) for column in found.iter_columns() for value in column.drop_nulls()}
    return values


def _by_folder(files: Collection[StoredFile], depth: int) -> dict[str, list[StoredFile]]:
    """Return files by the first names of their path; what lies above is in no folder."""
    folders: defaultdict[str, list[StoredFile]] = defaultdict(list)
    for file in files:
        names = file.path.split("/")
        if len(names) > depth:
            folders["/".join(names[:depth])].append(file)
    return dict(folders)


def _newest(files: Collection[StoredFile]) -> dt.datetime:
    return max(file.modified for file in files)


def _source_and_date(folder: str) -> tuple[str, str]:
    source, _, date = folder.partition("/")
    return source, date.partition(_DROPPED)[0]
