"""Maintenance of a whole store, table by table, then of the folders beside the tables.

What belongs here: the order, and the row that tells of each layer. What does not: the work (compaction.py,
cleaning.py, leftovers.py), and when it runs (automation/).

Each step leaves the store readable and is repeated without harm: a run that is killed is run again.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.alerts import ALERTS
from webdata_assets.schemas.dead_letter_decisions import DEAD_LETTER_DECISIONS
from webdata_assets.schemas.delivery_events import DELIVERY_EVENTS
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.schemas.selector_proposals import SELECTOR_PROPOSALS
from webdata_assets.schemas.storage import STORAGE
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store.maintenance.cleaning import clean
from webdata_assets.store.maintenance.compaction import compact
from webdata_assets.store.maintenance.leftovers import sweep
from webdata_assets.store.maintenance.listing import files_below
from webdata_assets.store.store import Store

LOGS = (
    CHECK_RESULTS, VECTORS, DEAD_LETTER_DECISIONS, RELEASE_DECISIONS, SELECTOR_PROPOSALS, ALERTS,
    DELIVERY_EVENTS,
)  # fmt: skip
"""Tables of no asset: only ever added to."""
FOLDERS = ("blobs", "models", "index", "spool", "extractions", "delivered", "reports")
GIGABYTE = 1_000_000_000


def maintain(
    store: Store,
    *,
    keep_days: int,
    archive_after_days: int,
    price: float,
    now: dt.datetime,
    tell: Callable[[str], None],
    only: Sequence[str] = (),
) -> pl.DataFrame:
    """Compact, checkpoint and clean every table, sweep the folders, and return a row of `storage` for each.

    Args:
        store: to maintain.
        keep_days: how far back tables can be rolled back.
        archive_after_days: partitions older than that are out of the grid; 0 for none.
        price: of a gigabyte (10⁹ bytes) and month.
        now: the present moment.
        tell: takes a line of progress.
        only: names of tables; all tables, and the folders, if none.

    Raises:
        ContentChangedError: a table's content is not what it was; the table is as it was before.
        FilesMissingError: a table names files that are not there.
    """
    # the table of this maintenance itself is written right after it
    tables = [table for table in (*TABLES.values(), *LOGS) if table.name != STORAGE.name]
    stored = [table for table in tables if store.tables.exists(table)]
    chosen = [table for table in stored if not only or table.name in only]
    oldest = now.date() - dt.timedelta(days=archive_after_days) if archive_after_days else None
    rows = []
    for number, table in enumerate(chosen, start=1):
        row = _table(store, table, keep_days, oldest, now)
        rows.append(row)
        removed = f"{row['removed_files']} files ({row['removed_bytes']} bytes) removed"
        tell(f"{number}/{len(chosen)} {table.name}: {row['compacted_partitions']} compacted, {removed}")
    if not only:
        swept = sweep(store, keep_days, now)
        rows += [_folder(store, name, swept.get(name, 0)) for name in FOLDERS]
        tell(f"folders: {sum(swept.values())} files removed that nothing names")
    for row in rows:
        row["monthly_cost"] = (row["bytes"] + row["kept_bytes"]) / GIGABYTE * price
        row["maintained_at"] = now
    return pl.DataFrame(rows, schema=STORAGE.polars_schema).sort("layer")


def _table(
    store: Store, table: Table, keep_days: int, oldest: dt.date | None, now: dt.datetime
) -> dict[str, Any]:
    compacted = compact(store, table)
    cleaned = clean(store, table, keep_days, now)
    archived = 0
    if table.partitioned and oldest is not None:
        archived = store.ledger.states(table).filter(pl.col("date") < oldest).height
    return {
        "layer": table.name,
        "files": cleaned.files,
        "bytes": cleaned.bytes,
        "kept_bytes": cleaned.kept_bytes,
        "version": store.tables.version(table),
        "log_files": cleaned.log_files,
        "compacted_partitions": compacted.partitions,
        "contested_partitions": compacted.contested,
        "archived_partitions": archived,
        "removed_files": cleaned.removed_files,
        "removed_bytes": cleaned.removed_bytes,
        "content_before": compacted.before,
        "content_after": compacted.after,
    }


def _folder(store: Store, name: str, removed: int) -> dict[str, Any]:
    files = files_below(store.location, name)
    return {
        "layer": name,
        "files": len(files),
        "bytes": sum(file.size for file in files),
        "kept_bytes": 0,
        "removed_files": removed,
        "removed_bytes": 0,
    }
