"""What Dagster's event log tells of runs.

What belongs here: from runs, plans and events to facts. What does not: what follows from the facts
(stages/observe/).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from webdata_assets.dagster_internals import events_of, planned_steps, timeline
from webdata_assets.errors import FailureDomain, domain_told
from webdata_assets.stages.observe.runs import (
    TEMPLATE,
    FailureKind,
    RunFacts,
    RunStatus,
    StepFacts,
    StepStatus,
    Try,
)

_TICK = dt.timedelta(microseconds=1)
"""Both bounds of Dagster's filters are exclusive."""
_RECORDS_AT_ONCE = 1_000
_ROOTS_AT_ONCE = 200
_OUTAGES = {FailureDomain.TARGET, FailureDomain.ACCESS}
_CHECK_FAILED = "DagsterAssetCheckFailedError"
_WRAPPERS = ("Dagster", "RetryRequested")
_STATUSES: dict[dg.DagsterRunStatus, RunStatus] = {
    dg.DagsterRunStatus.SUCCESS: "success",
    dg.DagsterRunStatus.FAILURE: "failure",
    dg.DagsterRunStatus.CANCELED: "cancelled",
}
_STEP_STATUSES: dict[str, StepStatus] = {
    "STEP_START": "in_progress",
    "STEP_RESTARTED": "in_progress",
    "STEP_SUCCESS": "success",
    "STEP_FAILURE": "failure",
    "STEP_SKIPPED": "skipped",
}
_ENDS = ("PIPELINE_SUCCESS", "PIPELINE_FAILURE", "PIPELINE_CANCELED")
_Event = tuple[str | None, str, dt.datetime]


def read_runs(instance: dg.DagsterInstance, since: dt.datetime, until: dt.datetime) -> list[RunFacts]:
    """Return the runs whose first run, or they themselves, were created from `since` to before `until`.

    The runs that retry them come along, whenever they were made. A retry whose first run is older is left
    out; one whose first run was deleted counts as a first run.

    Args:
        instance: whose run and event logs are read; both may be SQLite or PostgreSQL.
        since: in UTC, inclusive.
        until: in UTC, exclusive.
    """
    records = list(_records(instance, dg.RunsFilter(created_after=since - _TICK, created_before=until)))
    foreign = sorted(
        {_root(record) for record in records} - {record.dagster_run.run_id for record in records}
    )
    older = {
        record.dagster_run.run_id
        for roots in _slices(foreign)
        for record in instance.get_run_records(dg.RunsFilter(run_ids=roots))
    }
    records = [record for record in records if _root(record) not in older]
    began = {_root(record) for record in records}
    # not by tag: a run executed again by `dg.execute_job` names its root, and has no tag for it
    later = _records(instance, dg.RunsFilter(created_after=until - _TICK))
    records += [record for record in later if _root(record) in began]
    return _facts(instance, records)


def _facts(instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> list[RunFacts]:
    events: dict[str, list[_Event]] = defaultdict(list)
    for run_id, key, kind, moment in timeline(instance, [record.dagster_run.run_id for record in records]):
        events[run_id].append((key, kind, moment))
    plans: dict[str | None, dict[str, tuple[str, ...]]] = {None: {}}
    facts = []
    for record in records:
        snapshot = record.dagster_run.execution_plan_snapshot_id
        if snapshot is not None and snapshot not in plans:
            plans[snapshot] = planned_steps(instance, snapshot)
        facts.append(_run(instance, record, events[record.dagster_run.run_id], plans[snapshot]))
    return sorted(facts, key=lambda run: (run.created, run.run_id))


def _run(
    instance: dg.DagsterInstance,
    record: dg.RunRecord,
    events: Sequence[_Event],
    plan: dict[str, tuple[str, ...]],
) -> RunFacts:
    run = record.dagster_run
    status = _STATUSES.get(run.status, "in_progress")
    moments = {kind: moment for step, kind, moment in events if step is None}
    ends = [moments[kind] for kind in _ENDS if kind in moments]
    failure, domain = _failure(instance, run.run_id) if status == "failure" else (None, None)
    return RunFacts(
        run_id=run.run_id,
        root_run_id=_root(record),
        job=run.job_name,
        status=status,
        created=record.create_timestamp.astimezone(dt.UTC),
        tags=dict(run.tags),
        enqueued=moments.get("PIPELINE_ENQUEUED"),
        started=moments.get("PIPELINE_START"),
        ended=max(ends) if ends and status != "in_progress" else None,
        steps=_steps(events, plan),
        failure=failure,
        failure_domain=domain,
    )


def _steps(events: Sequence[_Event], plan: dict[str, tuple[str, ...]]) -> tuple[StepFacts, ...]:
    statuses: dict[str, StepStatus] = {}
    tries: dict[str, list[Try]] = defaultdict(list)
    for key, kind, moment in events:
        if key is None:
            continue
        if kind in ("STEP_START", "STEP_RESTARTED"):
            tries[key].append(Try(moment, None))
        elif tries[key]:
            tries[key][-1] = Try(tries[key][-1].started, moment)
        statuses[key] = _STEP_STATUSES.get(kind, "in_progress")
    return tuple(
        StepFacts(key, depends_on, statuses.get(key), tuple(tries[key]))
        for key, depends_on in _mapped(plan, statuses).items()
    )


def _mapped(plan: dict[str, tuple[str, ...]], ran: dict[str, StepStatus]) -> dict[str, tuple[str, ...]]:
    """Return the plan with the steps that came of its templates in their place."""
    instances = {
        key: [each for each in ran if each not in plan and each.startswith(key.removesuffix("?]"))]
        for key in plan
        if key.endswith(TEMPLATE)
    }

    def stand_ins(key: str, of: str) -> list[str]:
        steps = instances.get(key) or [key]
        mapping = of[of.rfind("[") :] if of.endswith("]") else ""
        # a mapped step takes what the one of its own number made; what gathers takes all
        return [step for step in steps if mapping and step.endswith(mapping)] or steps

    return {
        step: tuple(sorted({each for key in depends_on for each in stand_ins(key, step)}))
        for template, depends_on in plan.items()
        for step in instances.get(template) or [template]
    }


def _failure(instance: dg.DagsterInstance, run_id: str) -> tuple[FailureKind, str | None]:
    """Return why a run failed: by what its last failed step raised, if any did."""
    errors = [event.step_failure_data.error for event in events_of(instance, run_id, "STEP_FAILURE")]
    causes = [raised(error) for error in errors if error is not None]
    if any(_CHECK_FAILED in (error.cls_name or "") for error in causes):
        return ("target_outage" if _was_paused(instance, run_id) else "check"), None
    domains = [domain for error in causes if (domain := domain_told(error.message)) is not None]
    if not domains:
        return "error", None
    return ("target_outage" if set(domains) <= _OUTAGES else "error"), domains[-1].value


def raised(error: Any) -> Any:
    """Return what our code raised, without what Dagster wraps around it."""
    while (error.cls_name or "").startswith(_WRAPPERS) and error.cause is not None:
        error = error.cause
    return error


def _was_paused(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether all failed blocking checks are of tables whose crawl paused, as a host or proxies were down."""
    paused, failed = set(), set()
    for event in events_of(instance, run_id, "ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION"):
        if event.event_type_value == "ASSET_MATERIALIZATION":
            reason = event.step_materialization_data.materialization.metadata.get("finish_reason")
            if reason is not None and reason.value == "paused":
                paused.add(event.asset_key)
        else:
            verdict = event.asset_check_evaluation_data
            if not verdict.passed and verdict.blocking and verdict.severity == dg.AssetCheckSeverity.ERROR:
                failed.add(verdict.asset_key)
    return bool(failed) and failed <= paused


def _root(record: dg.RunRecord) -> str:
    return record.dagster_run.root_run_id or record.dagster_run.run_id


def _records(instance: dg.DagsterInstance, wanted: dg.RunsFilter) -> Iterator[dg.RunRecord]:
    cursor = None
    while page := instance.get_run_records(wanted, limit=_RECORDS_AT_ONCE, cursor=cursor):
        yield from page
        cursor = page[-1].dagster_run.run_id


def _slices(run_ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(run_ids), _ROOTS_AT_ONCE):
        yield list(run_ids[start : start + _ROOTS_AT_ONCE])
