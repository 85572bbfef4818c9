"""The jobs that schedules, sensors, backfills and the command line launch."""

import dagster as dg

from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition

CRAWL = "crawl"
REPLAY = "replay"
PUBLISH = "publish"
RETRAIN = "retrain"

REPLAYED = ("records", "quarantine", "changes", "fingerprints", "features", "embeddings")
CRAWLED = ("frontier", "pages", "dead_letters", *REPLAYED)
PUBLISHED = ("near_duplicates", "compared_partitions", "corpus", "vector_index", "delivery")
RETRAINED = (*PUBLISHED, "training_set", "model")

UNPARTITIONED_TAGS = {"webdata/writes": "unpartitioned"}
"""Runs that carry it are limited to one at a time in dagster.yaml: one writer per table."""


def build_jobs() -> dict[str, UnresolvedAssetJobDefinition]:
    """Return the jobs by name; each selects its assets with all their checks."""
    return {
        CRAWL: dg.define_asset_job(
            CRAWL,
            selection=dg.AssetSelection.assets(*CRAWLED),
            description="One partition from frontier to embeddings. Fetches; resumes what a crash left.",
        ),
        REPLAY: dg.define_asset_job(
            REPLAY,
            selection=dg.AssetSelection.assets(*REPLAYED),
            description="One partition again from its stored payloads: no HTTP request.",
        ),
        PUBLISH: dg.define_asset_job(
            PUBLISH,
            selection=dg.AssetSelection.assets(*PUBLISHED),
            tags=UNPARTITIONED_TAGS,
            description="Corpus, index and delivery from what is admitted now, with the champion model.",
        ),
        RETRAIN: dg.define_asset_job(
            RETRAIN,
            selection=dg.AssetSelection.assets(*RETRAINED),
            tags=UNPARTITIONED_TAGS,
            description="Everything unpartitioned: corpus, index, training set, model, delivery.",
        ),
    }
