"""The two sensors: one repairs partitions, one retrains and publishes.

What belongs here: turning a plan into run requests, once per cause and within the budget. What does not: the
rules themselves (repairs.py, refresh.py).
"""

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from webdata_assets.automation.jobs import CRAWL, PUBLISH, REPLAY, RETRAIN
from webdata_assets.automation.refresh import plan_refresh
from webdata_assets.automation.repairs import Repair, plan_repairs
from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition
from webdata_assets.resources import ClockResource, SourcesResource, StoreResource

REPAIR_TAG = "webdata/repair"
"""On repair runs; its value is the partition key."""
CAUSE_TAG = "webdata/cause"
TICK_SECONDS = 30
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Jobs = Mapping[str, UnresolvedAssetJobDefinition]


def build_recrawl_sensor(jobs: Jobs, *, attempts_per_day: int) -> dg.SensorDefinition:
    """Return the sensor that answers failed, stale, missing and interrupted partitions.

    Args:
        jobs: by name; `crawl` and `replay` are launched.
        attempts_per_day: repairs of one partition in 24 hours; then a person is needed.
    """

    @dg.sensor(
        name="recrawl_sensor",
        jobs=[jobs[CRAWL], jobs[REPLAY]],
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Re-crawls or replays partitions whose freshness or completeness check failed.",
    )
    def recrawl_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        now = clock.now()
        requests, waiting = [], []
        for repair in plan_repairs(store.open(), sources.registry(), now):
            request = _request(context.instance, repair, attempts_per_day, now)
            if isinstance(request, str):
                waiting.append(f"{repair.partition}: {request}")
            else:
                requests.append(request)
        for line in waiting:
            context.log.info(line)
        reason = "; ".join(waiting) or "every partition is admitted or at rest"
        return dg.SensorResult(run_requests=requests, skip_reason=None if requests else dg.SkipReason(reason))

    return recrawl_sensor


def build_retrain_sensor(jobs: Jobs, *, after_partitions: int) -> dg.SensorDefinition:
    """Return the sensor that retrains after repairs or enough new data, and publishes after any.

    Args:
        jobs: by name; `retrain` and `publish` are launched.
        after_partitions: newly admitted partitions that are enough.
    """

    @dg.sensor(
        name="retrain_sensor",
        jobs=[jobs[RETRAIN], jobs[PUBLISH]],
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Retrains when partitions were repaired or enough arrived; publishes what is admitted.",
    )
    def retrain_sensor(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
        if _in_progress(context.instance, {REPAIR_TAG: ""}):
            return dg.SensorResult(skip_reason="repairs are in progress")
        refresh = plan_refresh(store.open(), after_partitions=after_partitions)
        if refresh.job is None:
            return dg.SensorResult(skip_reason=refresh.reason)
        request = dg.RunRequest(
            run_key=f"{refresh.job}:{refresh.fingerprint}",
            job_name=refresh.job,
            tags={CAUSE_TAG: refresh.reason},
        )
        return dg.SensorResult(run_requests=[request])

    return retrain_sensor


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
    today = [record for record in earlier if now - _utc(record.create_timestamp) < dt.timedelta(days=1)]
    if len(today) >= attempts_per_day:
        return f"{repair.reason}; {len(today)} repairs in 24 hours are used up, a person is needed"
    if today:
        gap = dt.timedelta(minutes=2 ** (len(today) - 1))
        if now - max(_utc(record.create_timestamp) for record in today) < gap:
            return f"{repair.reason}; the next attempt waits {gap}"
    return dg.RunRequest(
        # A run key counts for ever: cause and attempt make each answer a new one.
        run_key=f"{repair.job}:{key}:{repair.cause}:{len(earlier)}",
        job_name=repair.job,
        partition_key=key,
        tags={REPAIR_TAG: key, CAUSE_TAG: repair.reason},
    )


def _in_progress(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> bool:
    wanted = {name: value for name, value in tags.items() if value}
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=wanted or None), limit=1_000)
    return any(set(tags) <= set(run.tags) for run in runs)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
