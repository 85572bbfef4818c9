"""Every check of the house, by the step that evaluates it."""

import dagster as dg

from webdata_assets.checks import (
    changes,
    corpus,
    crawl,
    delivery,
    duplicates,
    embeddings,
    features,
    learning,
    model,
    monitoring,
    quality_report,
    records,
    release,
    slo,
    storage,
    vector_index,
)
from webdata_assets.checks.check import Check
from webdata_assets.checks.factory import build_check_step

STEPS: dict[str, tuple[Check, ...]] = {
    "frontier_checks": tuple(check for check in crawl.CHECKS if check.table.name == "frontier"),
    "pages_checks": tuple(check for check in crawl.CHECKS if check.table.name != "frontier"),
    "records_checks": records.CHECKS,
    "changes_checks": changes.CHECKS,
    "features_checks": features.CHECKS,
    "embeddings_checks": embeddings.CHECKS,
    "fingerprints_checks": tuple(check for check in duplicates.CHECKS if check.table.partitioned),
    "near_duplicates_checks": tuple(check for check in duplicates.CHECKS if not check.table.partitioned),
    "corpus_checks": corpus.CHECKS,
    "vector_index_checks": vector_index.CHECKS,
    "training_set_checks": learning.CHECKS,
    "model_checks": model.CHECKS,
    "release_checks": release.CHECKS,
    "monitoring_checks": monitoring.CHECKS,
    "delivery_checks": delivery.CHECKS,
    "slo_checks": slo.CHECKS,
    "quality_report_checks": quality_report.CHECKS,
    "storage_checks": storage.CHECKS,
}
"""Step → its checks. One step scans a layer once."""


def build_checks(grid: dg.PartitionsDefinition[str]) -> list[dg.AssetChecksDefinition]:
    """Return the check steps; those of partitioned tables share the assets' partitions."""
    return [
        build_check_step(name, checks, grid if checks[0].table.partitioned else None)
        for name, checks in STEPS.items()
    ]
