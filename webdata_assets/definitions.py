"""The whole code location on one screen: settings, grid, assets, checks, automation, resources.

What belongs here: putting the parts together. What does not: any part.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from webdata_assets.assets.changes import build_changes
from webdata_assets.assets.corpus import corpus
from webdata_assets.assets.delivery import delivery
from webdata_assets.assets.describe import with_code_references
from webdata_assets.assets.embeddings import build_embeddings
from webdata_assets.assets.features import build_features
from webdata_assets.assets.fingerprints import build_fingerprints
from webdata_assets.assets.frontier import build_frontier
from webdata_assets.assets.model import model
from webdata_assets.assets.monitoring import monitoring
from webdata_assets.assets.near_duplicates import near_duplicates
from webdata_assets.assets.pages import build_pages
from webdata_assets.assets.quality_report import quality_report
from webdata_assets.assets.records import build_records
from webdata_assets.assets.release import release
from webdata_assets.assets.slo import slo
from webdata_assets.assets.storage import build_storage
from webdata_assets.assets.training_set import training_set
from webdata_assets.assets.vector_index import vector_index
from webdata_assets.automation.alerts.sensor import build_alert_sensor
from webdata_assets.automation.arrival_sensor import build_arrival_sensor
from webdata_assets.automation.delivery_events import build_delivery_event_sensor
from webdata_assets.automation.jobs import CRAWL, MAINTAIN, REPORT, RETRAIN, build_jobs
from webdata_assets.automation.schedules import (
    build_maintenance_schedule,
    build_report_schedule,
    build_retrain_schedule,
    build_schedules,
)
from webdata_assets.automation.sensors import build_recrawl_sensor, build_retrain_sensor
from webdata_assets.checks.catalogue import build_checks
from webdata_assets.io_managers import TableIOManager
from webdata_assets.orchestration.executors import build_executor
from webdata_assets.partitions import build_partitions_definition, first_date
from webdata_assets.resources import (
    AlertsResource,
    ClockResource,
    EncoderResource,
    ExtractorResource,
    FetcherResource,
    IndexResource,
    MlflowResource,
    SinksResource,
    SourcesResource,
    StoreResource,
    TaskResource,
)
from webdata_assets.resources.logs import JSON_LOGS, build_loggers
from webdata_assets.settings import Settings
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.store.location import Location


def build_defs(
    *, settings: Settings | None = None, resources: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Return the code location.

    Args:
        settings: read from the environment when None.
        resources: by name, in place of those that the settings give.

    Raises:
        SourceFileError: a source file cannot be used; the message names file, line, field and remedy.
        TaskFileError: likewise of the task file.
        SinkFileError: likewise of a sink file.
    """
    settings = settings or Settings()
    given = {**build_resources(settings), **(resources or {})}
    sources = given["sources"]
    task = given["task"]
    assert isinstance(sources, SourcesResource)
    assert isinstance(task, TaskResource)
    rules = task.load().retrain
    registry = sources.registry()
    load_sinks(settings.sinks, sources=registry.all)
    start = first_date(registry.start, settings.archive_after_days)
    grid = build_partitions_definition(start, sorted(registry.enabled), registry.end)
    loggers = build_loggers(settings, registry.enabled.values())
    jobs = build_jobs(JSON_LOGS if loggers else None)
    stale_after = dt.timedelta(hours=min(source.max_age_hours for source in registry.enabled.values()))
    return dg.Definitions(
        assets=with_code_references(
            build_frontier(grid),
            build_pages(grid, stale_after, settings.crawl_shards),
            build_records(grid, settings.extract_step_pages),
            build_changes(grid),
            build_features(grid),
            build_embeddings(grid, settings.chunker),
            build_fingerprints(grid),
            near_duplicates,
            corpus,
            vector_index,
            training_set,
            model,
            release,
            monitoring,
            delivery,
            slo,
            quality_report,
            build_storage(settings.keep_versions_days, settings.archive_after_days, settings.storage_price),
        ),
        asset_checks=build_checks(grid),
        jobs=list(jobs.values()),
        schedules=[
            *build_schedules(registry.enabled.values(), jobs[CRAWL]),
            *build_retrain_schedule(rules, jobs[RETRAIN]),
            build_report_schedule(jobs[REPORT]),
            build_maintenance_schedule(jobs[MAINTAIN]),
        ],
        sensors=[
            build_recrawl_sensor(
                jobs,
                attempts_per_day=settings.repair_attempts_per_day,
                runs_per_day=settings.repair_runs_per_day,
                seconds=settings.sensor_seconds,
                archive_after_days=settings.archive_after_days,
            ),
            build_retrain_sensor(
                jobs,
                rules=rules,
                attempts_per_day=settings.repair_attempts_per_day,
                seconds=settings.sensor_seconds,
            ),
            build_alert_sensor(
                set(jobs),
                attempts_per_day=settings.repair_attempts_per_day,
                runs_per_day=settings.repair_runs_per_day,
                long_minutes=settings.long_run_minutes,
                seconds=settings.sensor_seconds,
                archive_after_days=settings.archive_after_days,
            ),
            build_arrival_sensor(
                jobs, attempts_per_day=settings.repair_attempts_per_day, seconds=settings.sensor_seconds
            ),
            build_delivery_event_sensor(seconds=settings.sensor_seconds),
        ],
        resources=given,
        loggers=loggers,
        executor=build_executor(settings),
    )


def build_resources(settings: Settings) -> dict[str, object]:
    """Return the resources that the settings describe, by name."""
    store = build_store(settings)
    return {
        "store": store,
        "io_manager": TableIOManager(store=store),
        "sources": SourcesResource(folder=str(settings.sources), patches=str(settings.patches)),
        "fetcher": FetcherResource.of(settings),
        "extractor": ExtractorResource.of(settings),
        "encoder": EncoderResource.of(settings),
        "index": IndexResource(uri=settings.index or Location(store.root).index(), store=store),
        "sinks": SinksResource(folder=str(settings.sinks.absolute())),
        "task": TaskResource(path=str(settings.task.absolute())),
        "mlflow": MlflowResource(uri=settings.mlflow),
        "alerts": AlertsResource(),
        "clock": ClockResource(),
    }


def build_store(settings: Settings) -> StoreResource:
    """Return the store that the settings name: a folder, or below an address in an object store."""
    if settings.is_local_store:
        return StoreResource(root=str(Path(settings.store).absolute()))
    if not settings.store.startswith(("s3://", "s3a://")):
        return StoreResource(root=settings.store, cache=str(settings.cache))
    from dagster_aws.s3 import S3Resource

    from webdata_assets.resources.s3_store import S3StoreResource

    s3 = S3Resource(endpoint_url=settings.s3_endpoint or None, region_name=settings.s3_region or None)
    return S3StoreResource(root=settings.store, s3=s3, cache=str(settings.cache))


def job_of_settings(name: str) -> dg.JobDefinition:
    """Return a job as the settings of this process define it, for processes that carry out its steps."""
    return build_defs().resolve_job_def(name)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return build_defs()
