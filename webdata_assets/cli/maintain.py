"""The work of `webdata maintain`: a run of the maintenance job in this process."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.storage import STORAGE
from webdata_assets.settings import Settings
from webdata_assets.store import Store

_SHOWN = ("layer", "files", "bytes", "kept_bytes", "monthly_cost", "compacted_partitions", "removed_files")


def maintain_store(tables: Sequence[str], tell: Callable[[str], None]) -> dict[str, Any]:
    """Maintain the store, or some of its tables, and report each layer.

    Args:
        tables: names; all, and the folders beside them, if none.
        tell: takes a line of progress.

    Returns:
        `run_id`, `ok`, `bytes`, `monthly_cost`, `layers` (one row each) and `problems` (lines of text).

    Raises:
        PermanentError: CONFIGURATION, there is no such table.
    """
    from webdata_assets.assets.storage import ONLY_TAG
    from webdata_assets.automation.jobs import MAINTAIN
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.store.maintenance.maintain import LOGS

    known = [table.name for table in (*TABLES.values(), *LOGS) if table is not STORAGE]
    unknown = sorted(set(tables) - set(known))
    if unknown:
        raise PermanentError(
            f"there is no table {unknown[0]!r} to maintain; known: {', '.join(known)}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    settings = Settings()
    store = Store.of(settings)
    store.location.check_writable()
    tell(f"Maintaining {', '.join(tables) or 'every table'} of {settings.store}")
    with open_instance(settings) as instance:
        tags = {ONLY_TAG: ",".join(tables)} if tables else None
        outcome = execute(build_defs(settings=settings), instance, MAINTAIN, tags=tags)
    rows = store.tables.read(STORAGE)
    if tables:
        rows = rows.filter(pl.col("layer").is_in(list(tables)))
    return {
        "run_id": outcome.run_id,
        "ok": outcome.success,
        "bytes": int((rows["bytes"] + rows["kept_bytes"]).sum()),
        "monthly_cost": round(float(rows["monthly_cost"].sum()), 6),
        "layers": rows.select(_SHOWN).with_columns(pl.col("monthly_cost").round(6)).to_dicts(),
        "problems": [outcome.error or f"failed: {', '.join(outcome.failed_checks)}"]
        if not outcome.success
        else [],
    }


def migrate_tables(tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Bring every stored table to its present schema; return a row for each.

    Raises:
        SchemaMigrationError: a table cannot be, without loss; those before it are.
    """
    from webdata_assets.store.maintenance.maintain import LOGS

    store = Store.of(Settings())
    rows = []
    for table in (*TABLES.values(), *LOGS):
        if store.tables.exists(table):
            changed = store.tables.migrate(table)
            rows.append({"table": table.name, "migrated": changed})
            if changed:
                tell(f"{table.name}: brought to its present schema")
    return rows
