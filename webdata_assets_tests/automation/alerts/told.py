"""What people were told, seen from both ends: the log, and a webhook that receives.

What belongs here: what tests of alerts need to set up and to look at. What does not: assertions.
"""

import datetime as dt

import dagster as dg
import polars as pl

from webdata_assets.automation.alerts import sensor
from webdata_assets.automation.alerts.sensor import Look, Memory
from webdata_assets.automation.budget import plan_answers
from webdata_assets.automation.jobs import CRAWL, EMBED, PROMOTE, PUBLISH, REPLAY, RETRAIN
from webdata_assets.partitions import Partition
from webdata_assets.resources import AlertsResource, ClockResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.alerts import ALERTS
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.alerts import messages
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.automation.history import MODEL_ID, History


def look(history: History) -> str:
    """Look once, as the sensor does without a cursor; return what it would say of it."""
    return str(look_with(history, Memory()))


def look_with(history: History, memory: Memory) -> Look:
    deployment, settings, store = history.deployment, history.deployment.settings, history.store
    registry = load_sources(deployment.sources)
    now = ClockResource(fixed=deployment.now).now()
    answers = plan_answers(
        deployment.instance, store, registry, now, model_id=MODEL_ID, attempts_per_day=3, runs_per_day=200
    )
    return sensor.look(
        store,
        registry,
        deployment.instance,
        AlertsResource(),
        answers,
        now,
        memory,
        jobs={CRAWL, REPLAY, EMBED, PUBLISH, RETRAIN, PROMOTE},
        long_minutes=settings.long_run_minutes,
    )


def log(history: History) -> list[tuple[str, str]]:
    """Return kind and state of every message, oldest first."""
    return messages(history.store).select("kind", "state").rows()


def titles(history: History) -> list[str]:
    return messages(history.store)["title"].to_list()


def rows(history: History) -> pl.DataFrame:
    """Return the log's rows as they lie there."""
    return history.store.tables.scan(ALERTS).collect()


def judge(
    history: History,
    layer: str,
    partition: Partition | None,
    check: str,
    *,
    passed: bool,
    blocking: bool = False,
    detail: str | None = None,
    value: float | None = None,
    threshold: float | None = None,
) -> None:
    """Enter one verdict on the newest write."""
    verdict = Verdict(check, passed, value, threshold, detail, blocking, "ERROR" if blocking else "WARN")
    history.store.ledger.record(TABLES[layer], partition, [verdict], run_id="run")


def pretend_run(
    history: History,
    job: str,
    status: dg.DagsterRunStatus,
    partition: Partition | None = None,
    **tags: str,
) -> dg.DagsterRun:
    """Enter a run with a status; it did nothing."""

    @dg.job(name=job)
    def nothing() -> None:
        pass

    if partition:
        tags |= {"dagster/partition": partition.key, "dagster/partition/source": partition.source}
    return history.deployment.instance.create_run_for_job(nothing, status=status, tags=tags)


def start(history: History, run: dg.DagsterRun, at: dt.datetime, until: dt.datetime | None = None) -> None:
    """Let a run have begun, and ended."""
    instance = history.deployment.instance
    moments = {dg.DagsterEventType.RUN_START: at, dg.DagsterEventType.RUN_SUCCESS: until}
    for kind, moment in moments.items():
        if moment is None:
            continue
        event = dg.DagsterEvent(event_type_value=kind.value, job_name=run.job_name)
        instance.report_dagster_event(event, run.run_id, timestamp=moment.timestamp())
