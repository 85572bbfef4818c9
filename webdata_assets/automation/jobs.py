"""The jobs that schedules, sensors, backfills and the command line launch."""

from collections.abc import Mapping

import dagster as dg

from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition

CRAWL = "crawl"
REPLAY = "replay"
EMBED = "embed"
COMPARE = "compare"
PUBLISH = "publish"
RETRAIN = "retrain"
PROMOTE = "promote"
DELIVER = "deliver"
REPORT = "report"
MAINTAIN = "maintain"

REPLAYED = ("records", "quarantine", "changes", "fingerprints", "features", "embeddings")
CRAWLED = ("frontier", "pages", "dead_letters", *REPLAYED)
COMPARED = ("changes", "features")
PUBLISHED = (
    "near_duplicates", "compared_partitions", "corpus", "vector_index", "release", "monitoring", "delivery",
)  # fmt: skip
RETRAINED = (*PUBLISHED, "training_set", "model")
PROMOTED = ("release", "delivery")
DELIVERED = ("delivery",)
REPORTED = ("slo", "quality_report")
MAINTAINED = ("storage",)

WRITES_TAG = "webdata/writes"
UNPARTITIONED_TAGS = {WRITES_TAG: "unpartitioned"}
"""Runs that carry it are limited to one at a time in dagster.yaml: one writer per table."""


def build_jobs(config: Mapping[str, object] | None = None) -> dict[str, UnresolvedAssetJobDefinition]:
    """Return the jobs by name; each selects its assets with all their checks.

    Args:
        config: of runs that bring none of their own.
    """
    return {
        CRAWL: dg.define_asset_job(
            CRAWL,
            selection=dg.AssetSelection.assets(*CRAWLED),
            config=config,
            description="One partition from frontier to embeddings. Fetches; resumes what a crash left.",
        ),
        REPLAY: dg.define_asset_job(
            REPLAY,
            selection=dg.AssetSelection.assets(*REPLAYED),
            config=config,
            description="One partition again from its stored payloads: no HTTP request.",
        ),
        EMBED: dg.define_asset_job(
            EMBED,
            selection=dg.AssetSelection.assets("embeddings"),
            config=config,
            description="Chunks and vectors of one partition again, as after a change of the encoder.",
        ),
        COMPARE: dg.define_asset_job(
            COMPARE,
            selection=dg.AssetSelection.assets(*COMPARED),
            config=config,
            description="Changes and features of one partition again, as after a repair of an earlier date.",
        ),
        PUBLISH: dg.define_asset_job(
            PUBLISH,
            selection=dg.AssetSelection.assets(*PUBLISHED),
            tags=UNPARTITIONED_TAGS,
            config=config,
            description="Corpus, index, release and delivery from what is admitted now.",
        ),
        RETRAIN: dg.define_asset_job(
            RETRAIN,
            selection=dg.AssetSelection.assets(*RETRAINED),
            tags=UNPARTITIONED_TAGS,
            config=config,
            description="Everything unpartitioned: corpus, index, training set, model, release, delivery.",
        ),
        PROMOTE: dg.define_asset_job(
            PROMOTE,
            selection=dg.AssetSelection.assets(*PROMOTED),
            tags=UNPARTITIONED_TAGS,
            config=config,
            description="Carries out what a person has decided: a promotion, or a rollback.",
        ),
        DELIVER: dg.define_asset_job(
            DELIVER,
            selection=dg.AssetSelection.assets(*DELIVERED),
            tags=UNPARTITIONED_TAGS,
            config=config,
            description="What is admitted now to every sink, or to those that the tag webdata/sinks names.",
        ),
        REPORT: dg.define_asset_job(
            REPORT,
            selection=dg.AssetSelection.assets(*REPORTED),
            tags={WRITES_TAG: REPORT},
            config=config,
            description="Service levels and the daily report, from what is stored, admitted or not.",
        ),
        MAINTAIN: dg.define_asset_job(
            MAINTAIN,
            selection=dg.AssetSelection.assets(*MAINTAINED),
            tags=UNPARTITIONED_TAGS,
            config=config,
            description="Compacts, checkpoints and cleans every table; files, bytes and cost of each layer.",
        ),
    }
