"""Every check of the house, by the step that evaluates it."""

import dagster as dg

from webdata_assets.checks import changes, corpus, crawl, delivery, duplicates, features, learning, records
from webdata_assets.checks.check import Check
from webdata_assets.checks.factory import build_check_step

STEPS: dict[str, tuple[Check, ...]] = {
    "frontier_checks": tuple(check for check in crawl.CHECKS if check.table.name == "frontier"),
    "pages_checks": tuple(check for check in crawl.CHECKS if check.table.name != "frontier"),
    "records_checks": records.CHECKS,
    "changes_checks": changes.CHECKS,
    "features_checks": tuple(check for check in features.CHECKS if check.table.name == "features"),
    "embeddings_checks": tuple(check for check in features.CHECKS if check.table.name == "embeddings"),
    "fingerprints_checks": tuple(check for check in duplicates.CHECKS if check.table.partitioned),
    "near_duplicates_checks": tuple(check for check in duplicates.CHECKS if not check.table.partitioned),
    "corpus_checks": tuple(check for check in corpus.CHECKS if check.table.name == "corpus"),
    "vector_index_checks": tuple(check for check in corpus.CHECKS if check.table.name == "vector_index"),
    "training_set_checks": tuple(check for check in learning.CHECKS if check.table.name == "training_set"),
    "model_checks": tuple(check for check in learning.CHECKS if check.table.name == "model"),
    "delivery_checks": delivery.CHECKS,
}
"""Step → its checks. One step scans a layer once."""


def build_checks(grid: dg.PartitionsDefinition[str]) -> list[dg.AssetChecksDefinition]:
    """Return the check steps; those of partitioned tables share the assets' partitions."""
    return [
        build_check_step(name, checks, grid if checks[0].table.partitioned else None)
        for name, checks in STEPS.items()
    ]
