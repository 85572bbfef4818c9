"""The two sensors: one repairs partitions, one retrains and publishes.

What belongs here: turning a plan into run requests, once per cause and within the budget. What does not: the
rules themselves (repairs.py, refresh.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import dagster as dg

from webdata_assets.automation.jobs import CRAWL, EMBED, PUBLISH, REPLAY, RETRAIN, UNPARTITIONED_TAGS
from webdata_assets.automation.refresh import Refresh, plan_refresh
from webdata_assets.automation.repairs import Repair, plan_repairs
from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition
from webdata_assets.errors import WebdataError
from webdata_assets.resources import ClockResource, EncoderResource, SourcesResource, StoreResource
from webdata_assets.tasks.model import Retrain

REPAIR_TAG = "webdata/repair"
"""On repair runs; its value is the partition key."""
REFRESH_TAG = "webdata/refresh"
"""On runs that retrain or publish; its value names the job and what was admitted."""
CAUSE_TAG = "webdata/cause"
KILLED_TAG = "webdata/killed"
"""On runs whose process was killed: an attempt that says nothing about its cause, and uses up no budget."""
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]

SHOWN = 5
"""Waiting partitions that a tick names; the others are counted."""

Jobs = Mapping[str, UnresolvedAssetJobDefinition]


def build_recrawl_sensor(jobs: Jobs, *, attempts_per_day: int, seconds: int) -> dg.SensorDefinition:
    """Return the sensor that answers failed, stale, missing and interrupted partitions.

    Args:
        jobs: by name; `crawl`, `replay` and `embed` are launched.
        attempts_per_day: repairs of one partition in 24 hours; then a person is needed.
        seconds: between two looks, at least.
    """

    @dg.sensor(
        name="recrawl_sensor",
        jobs=[jobs[CRAWL], jobs[REPLAY], jobs[EMBED]],
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Re-crawls or replays partitions whose freshness or completeness check failed; embeds "
        "those again whose vectors are of another model.",
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
        try:
            model_id = encoder.expected_model_id()
        except WebdataError as error:
            # no reason to leave crawls and replays alone
            model_id = None
            waiting.append(f"no partition is embedded again: {error}")
        for repair in plan_repairs(store.open(), sources.registry(), now, model_id):
            request = _request(context.instance, repair, attempts_per_day, now)
            if isinstance(request, str):
                waiting.append(f"{repair.partition}: {request}")
            else:
                requests.append(request)
        if not requests:
            return dg.SensorResult(skip_reason=_sample(waiting) or "every partition is admitted or at rest")
        if waiting:
            context.log.info(_sample(waiting))
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
        if _in_progress(context.instance, {REPAIR_TAG: ""}):
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
        return dg.SensorResult(skip_reason=_sample(reasons))

    return retrain_sensor


def _refresh_request(
    instance: dg.DagsterInstance, refresh: Refresh, attempts_per_day: int, now: dt.datetime
) -> dg.RunRequest | str:
    """Return the run that retrains or publishes, or why there is none now."""
    if refresh.job is None:
        return refresh.reason
    name = f"{refresh.job}:{refresh.fingerprint}"
    # Runs that succeeded count too: the same partitions can be admitted once more, after others or after
    # a withdrawal, and a run that no sensor asked for can die over them.
    ended = instance.get_run_records(dg.RunsFilter(tags={REFRESH_TAG: name}, statuses=ENDED), limit=1_000)
    held_back = _hold_back(ended, refresh.reason, attempts_per_day, now)
    if held_back:
        return held_back
    return dg.RunRequest(
        run_key=f"{name}:{len(ended)}",
        job_name=refresh.job,
        tags={REFRESH_TAG: name, CAUSE_TAG: refresh.reason},
    )


def _sample(lines: Sequence[str]) -> str:
    shown = "; ".join(lines[:SHOWN])
    return shown if len(lines) <= SHOWN else f"{shown}; and {len(lines) - SHOWN} more"


def _request(
    instance: dg.DagsterInstance, repair: Repair, attempts_per_day: int, now: dt.datetime
) -> dg.RunRequest | str:
    """Return the run that repairs, or why there is none now."""
    if repair.job is None:
        return repair.reason
    key = repair.partition.key
    if _in_progress(instance, {"dagster/partition": key}):
        return "a run is in progress"
    earlier = instance.get_run_records(dg.RunsFilter(tags={REPAIR_TAG: key}), limit=1_000)
    held_back = _hold_back(earlier, repair.reason, attempts_per_day, now)
    if held_back:
        return held_back
    return dg.RunRequest(
        # A run key counts for ever: cause and attempt make each answer a new one.
        run_key=f"{repair.job}:{key}:{repair.cause}:{len(earlier)}",
        job_name=repair.job,
        partition_key=key,
        tags={REPAIR_TAG: key, CAUSE_TAG: repair.reason},
    )


def _hold_back(
    earlier: Sequence[dg.RunRecord], reason: str, attempts_per_day: int, now: dt.datetime
) -> str | None:
    """Return why there is no further attempt now: the budget is used up, or the gap is not over."""
    today = [
        _utc(record.create_timestamp)
        for record in earlier
        if KILLED_TAG not in record.dagster_run.tags
        and now - _utc(record.create_timestamp) < dt.timedelta(days=1)
    ]
    if len(today) >= attempts_per_day:
        return f"{reason}; {len(today)} attempts in 24 hours are used up, a person is needed"
    if today:
        gap = dt.timedelta(minutes=2 ** (len(today) - 1))
        if now - max(today) < gap:
            return f"{reason}; the next attempt waits {gap}"
    return None


def _in_progress(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> bool:
    wanted = {name: value for name, value in tags.items() if value}
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=wanted or None), limit=1_000)
    return any(set(tags) <= set(run.tags) for run in runs)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
