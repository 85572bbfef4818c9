"""The two sensors: one repairs partitions, one retrains and publishes.

What belongs here: turning a plan into run requests, once per cause and within the budget. What does not: the
rules themselves (repairs.py, refresh.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import dagster as dg

from webdata_assets.automation.auto_repair import repair_sources
from webdata_assets.automation.budget import BUDGETED, hold_back, plan_answers
from webdata_assets.automation.dead_runs import end_dead_runs
from webdata_assets.automation.jobs import COMPARE, CRAWL, EMBED, PUBLISH, REPLAY, RETRAIN, UNPARTITIONED_TAGS
from webdata_assets.automation.lost_retries import lost_retries, requests_instead
from webdata_assets.automation.refresh import Refresh, plan_refresh
from webdata_assets.automation.tags import CAUSE_TAG, ENDED, IN_PROGRESS, REFRESH_TAG, REPAIR_TAGS
from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition
from webdata_assets.errors import WebdataError
from webdata_assets.resources import ClockResource, EncoderResource, SourcesResource, StoreResource
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.tasks.model import Retrain

SHOWN = 5
"""Waiting partitions that a tick names; the others are counted."""

Jobs = Mapping[str, UnresolvedAssetJobDefinition]


def build_recrawl_sensor(
    jobs: Jobs, *, attempts_per_day: int, runs_per_day: int, seconds: int, archive_after_days: int = 0
) -> dg.SensorDefinition:
    """Return the sensor that answers failed, stale, missing and interrupted partitions.

    Args:
        jobs: by name; `crawl`, `replay`, `embed` and `compare` are launched.
        attempts_per_day: repairs of one partition in 24 hours; then a person is needed.
        runs_per_day: repairs of all partitions together in 24 hours.
        seconds: between two looks, at least.
        archive_after_days: age from which on partitions are out of the grid; 0 for none.
    """

    @dg.sensor(
        name="recrawl_sensor",
        jobs=[jobs[CRAWL], jobs[REPLAY], jobs[EMBED], jobs[COMPARE]],
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Re-crawls or replays partitions whose freshness or completeness check failed; embeds "
        "those again whose vectors are of another model, and compares those again whose past has changed.",
    )
    def recrawl_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        encoder: EncoderResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        now = clock.now()
        requests, waiting = [], []
        for run_id in end_dead_runs(context.instance, now=now):
            context.log.warning(f"run {run_id} is reported as failed: its process is gone")
        for line in repair_sources(store.open(), sources):
            context.log.info(line)
        try:
            model_id = encoder.expected_model_id()
        except WebdataError as error:
            # no reason to leave crawls and replays alone
            model_id = None
            waiting.append(f"no partition is embedded again: {error}")
        opened, registry = store.open(), sources.registry()
        lost = lost_retries(context.instance, now - BUDGETED)
        answers = plan_answers(
            context.instance,
            opened,
            registry,
            now,
            model_id=model_id,
            attempts_per_day=attempts_per_day,
            runs_per_day=runs_per_day,
            archive_after_days=archive_after_days,
            lost=[run.run_id for run in lost],
        )
        for answer in answers:
            if answer.request is not None:
                requests.append(answer.request)
            elif answer.waiting is not None:
                waiting.append(f"{answer.repair.partition}: {answer.waiting.reason}")
        if lost:
            repaired = {answer.repair.partition.key for answer in answers}
            ledger = LedgerSnapshot.read(opened.tables)
            instead = requests_instead(context.instance, ledger, lost, registry.enabled)
            requests += [request for request in instead if request.partition_key not in repaired]
        if not requests:
            return dg.SensorResult(skip_reason=sample(waiting) or "every partition is admitted or at rest")
        if waiting:
            context.log.info(sample(waiting))
        return dg.SensorResult(run_requests=requests)

    return recrawl_sensor


def build_retrain_sensor(
    jobs: Jobs, *, rules: Retrain, attempts_per_day: int, seconds: int
) -> dg.SensorDefinition:
    """Return the sensor that retrains when the task's rules say so, and publishes what was admitted.

    Args:
        jobs: by name; `retrain` and `publish` are launched.
        rules: when the task wants a new model.
        attempts_per_day: ended runs over the same admitted partitions in 24 hours; then a person is needed.
        seconds: between two looks, at least.
    """

    @dg.sensor(
        name="retrain_sensor",
        jobs=[jobs[RETRAIN], jobs[PUBLISH]],
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Retrains after repairs, enough new partitions, drift, or a score under its floor; "
        "publishes what is admitted.",
    )
    def retrain_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        if _in_progress(context.instance, REPAIR_TAGS):
            return dg.SensorResult(skip_reason="repairs are in progress")
        if _in_progress(context.instance, UNPARTITIONED_TAGS):
            return dg.SensorResult(skip_reason="a run of the unpartitioned tables is in progress")
        now, reasons = clock.now(), []
        # what is admitted does not wait for a training that keeps failing
        for may_retrain in (True, False):
            refresh = plan_refresh(
                store.open(), rules, sources.registry().enabled, now, may_retrain=may_retrain
            )
            request = _refresh_request(context.instance, refresh, attempts_per_day, now)
            if isinstance(request, dg.RunRequest):
                return dg.SensorResult(run_requests=[request])
            reasons.append(request)
            if refresh.job != RETRAIN:
                break
        return dg.SensorResult(skip_reason=sample(reasons))

    return retrain_sensor


def _refresh_request(
    instance: dg.DagsterInstance, refresh: Refresh, attempts_per_day: int, now: dt.datetime
) -> dg.RunRequest | str:
    """Return the run that retrains or publishes, or why there is none now."""
    if refresh.job is None:
        return refresh.reason
    name = f"{refresh.job}:{refresh.fingerprint}"
    # Runs that succeeded count too: the same partitions can be admitted once more, after others or after
    # a withdrawal, and a run that no sensor asked for can die over them. So do cancelled ones, whose key is
    # taken for ever like any other.
    statuses = [*ENDED, dg.DagsterRunStatus.CANCELED]
    ended = instance.get_run_records(dg.RunsFilter(tags={REFRESH_TAG: name}, statuses=statuses), limit=1_000)
    held_back = hold_back(ended, refresh.reason, attempts_per_day, now)
    if held_back:
        return held_back.reason
    return dg.RunRequest(
        run_key=f"{name}:{len(ended)}",
        job_name=refresh.job,
        tags={REFRESH_TAG: name, CAUSE_TAG: refresh.reason},
    )


def sample(lines: Sequence[str]) -> str:
    """Return the first lines, and how many more there are."""
    shown = "; ".join(lines[:SHOWN])
    return shown if len(lines) <= SHOWN else f"{shown}; and {len(lines) - SHOWN} more"


def _in_progress(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> bool:
    return bool(instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=tags), limit=1))
