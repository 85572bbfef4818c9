"""The work of `webdata rollback`: a table as it was, in the ledger and in Dagster."""

import datetime as dt
from typing import Any

import dagster as dg

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets.store.rollback import RUN_ID, RolledBack, roll_back


def roll_back_asset(asset: str, to: str, partition: str | None) -> dict[str, Any]:
    """Roll back an asset's table, or one partition of it, and tell Dagster.

    Args:
        asset: its name.
        to: a Delta version, or a moment (ISO 8601, UTC if it names no zone).
        partition: `YYYY-MM-DD|source`; the whole table if None.

    Returns:
        `asset`, `to`, `changed` (one row for each table and partition).

    Raises:
        PermanentError: there is no such asset, version or moment, or it cannot be rolled back.
        TransientError: a run over the same tables or partition does not end.
    """
    from webdata_assets.automation.jobs import UNPARTITIONED_TAGS
    from webdata_assets.cli.instance import PARTITION_TAG, open_instance
    from webdata_assets.cli.output import tell
    from webdata_assets.cli.waiting import wait_for_writers

    settings = Settings()
    store = Store.of(settings)
    target, chosen = _target(to), _partition(partition)
    with open_instance(settings) as instance:
        tags = {PARTITION_TAG: chosen.key} if chosen else UNPARTITIONED_TAGS
        if chosen is None and asset in TABLES and TABLES[asset].partitioned:
            # any run may be at work on one of its partitions, and commit what the ledger then takes for good
            tags = {}
        wait_for_writers(instance, tags, tell)
        changed = roll_back(store, asset, target, chosen)
        for each in changed:
            _tell_dagster(instance, store, each)
    return {
        "asset": asset,
        "to": to,
        "changed": [
            {
                "asset": each.table.name,
                "partition": each.partition.key if each.partition else None,
                "to_version": each.to_version,
                "data_version": each.data_version[:16],
                "rows": each.rows,
                "admitted": each.admitted,
            }
            for each in changed
        ],
    }


def _tell_dagster(instance: dg.DagsterInstance, store: Store, each: RolledBack) -> None:
    """Enter a materialization, so that the UI and automation see a new data version, and its verdicts."""
    from webdata_assets.checks.catalogue import STEPS
    from webdata_assets.checks.check import Finding
    from webdata_assets.checks.telling import tell_without_run

    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            each.table.name,
            partition=each.partition.key if each.partition else None,
            description=f"{RUN_ID} to version {each.to_version}",
            metadata={"rows": each.rows, "data_version": dg.MetadataValue.text(each.data_version[:16])},
            tags={"dagster/data_version": each.data_version[:16]},
        )
    )
    verdicts = {
        row["check"]: row
        for row in store.ledger.all_newest_verdicts(each.table).iter_rows(named=True)
        if each.partition is None
        or (row["date"], row["source"]) == (each.partition.date, each.partition.source)
    }
    judged = [
        (
            check,
            Finding(
                verdict["passed"],
                value=verdict["value"],
                threshold=verdict["threshold"],
                detail=verdict["detail"],
                origin=verdict["threshold_origin"] or "fixed",
                only_warns=verdict["severity"] == "WARN",
            ),
        )
        for check in (check for step in STEPS.values() for check in step)
        if check.table == each.table and (verdict := verdicts.get(check.name)) is not None
    ]
    tell_without_run(instance, judged, each.partition)


def _target(to: str) -> int | dt.datetime:
    if to.isdigit():
        return int(to)
    try:
        moment = dt.datetime.fromisoformat(to)
    except ValueError as error:
        raise PermanentError(
            f"--to {to} is neither a version, such as 12, nor a moment, such as 2026-06-01T12:00:00",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _partition(key: str | None) -> Partition | None:
    if key is None:
        return None
    try:
        return Partition.from_key(key)
    except ValueError as error:
        raise PermanentError(str(error), failure_domain=FailureDomain.CONFIGURATION) from error
