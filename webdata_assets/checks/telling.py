"""Telling Dagster what checks found.

What belongs here: results of a step, and evaluations without a run. What does not: judging (judging.py).
"""

import uuid
from collections.abc import Sequence

import dagster as dg

from webdata_assets.checks.check import Check, Finding
from webdata_assets.checks.judging import severity_of
from webdata_assets.dagster_internals import TargetMaterialization, report_check_without_run
from webdata_assets.partitions import Partition

Metadata = dict[str, dg.MetadataValue]


def result_of(check: Check, finding: Finding) -> dg.AssetCheckResult:
    """Return what a check step yields."""
    return dg.AssetCheckResult(
        asset_key=check.table.name,
        check_name=check.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity(severity_of(check, finding)),
        metadata=metadata_of(finding),
    )


def tell_without_run(
    instance: dg.DagsterInstance, judged: Sequence[tuple[Check, Finding]], partition: Partition | None
) -> int:
    """Enter what was found outside of any run, so that the UI shows it; nothing is materialized.

    Returns:
        How many were entered: none of an asset that this instance has never seen materialized.
    """
    told, event_id = 0, str(uuid.uuid4())
    assets = {check.table.name for check, _ in judged}
    targets = {asset: _materialization(instance, asset, partition) for asset in assets}
    for check, finding in judged:
        target = targets[check.table.name]
        if target is None:
            continue
        report_check_without_run(
            instance,
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(check.table.name),
                check_name=check.name,
                passed=finding.passed,
                metadata=metadata_of(finding),
                target_materialization_data=target,
                severity=dg.AssetCheckSeverity(severity_of(check, finding)),
                blocking=check.blocking,
                partition=partition.key if partition else None,
            ),
            event_id,
        )
        told += 1
    return told


def metadata_of(finding: Finding) -> Metadata:
    """Return plain numbers, and text that nothing renders."""
    metadata: Metadata = {
        name: dg.MetadataValue.float(float(value)) for name, value in finding.metrics.items()
    }
    if finding.value is not None:
        metadata["value"] = dg.MetadataValue.float(float(finding.value))
    if finding.threshold is not None:
        metadata["threshold"] = dg.MetadataValue.float(float(finding.threshold))
        metadata["threshold_origin"] = dg.MetadataValue.text(finding.origin)
    if finding.detail:
        # Text, never Markdown: details quote crawled strings, and the UI loads what Markdown links to.
        metadata["detail"] = dg.MetadataValue.text(finding.detail)
    return metadata


def _materialization(
    instance: dg.DagsterInstance, asset: str, partition: Partition | None
) -> TargetMaterialization | None:
    """Return which materialization is judged: the newest of the partition."""
    wanted = dg.AssetRecordsFilter(
        dg.AssetKey(asset), asset_partitions=[partition.key] if partition else None
    )
    records = instance.fetch_materializations(wanted, limit=1).records
    if not records:
        return None
    newest = records[0]
    return TargetMaterialization(
        storage_id=newest.storage_id, run_id=newest.run_id, timestamp=newest.timestamp
    )
