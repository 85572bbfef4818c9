"""Runs that failed, that Dagster was to retry, and that it will not.

What belongs here: telling them, and what is asked for instead. What does not: runs whose process is gone
(dead_runs.py), and repairs of what failed a check (repairs.py).

Dagster's daemon takes a failure as handled also when the retry of it could not be made, because the database
or the code server was away at that moment. Where it could still say so, the run is no longer marked as to be
retried; else it waits for ever.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence

import dagster as dg

from webdata_assets.automation.due import due_job
from webdata_assets.automation.tags import CAUSE_KEY_TAG, CAUSE_TAG, REPAIR_TAG, REPAIR_TAGS
from webdata_assets.dagster_internals import failures_to_be_handled
from webdata_assets.partitions import Partition
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

_WILL_RETRY, _RETRIED_BY = "dagster/will_retry", "dagster/auto_retry_run_id"
"""Of a run that crashed: Dagster sets the first at once, and the second when it has created the retry."""
_REASON, _STEP_FAILED = "dagster/failure_reason", "STEP_FAILURE"
_GIVEN_UP = "Failed to retry run"
"""What Dagster enters for a run of which it could not make the retry."""
_PARTITION_TAG = "dagster/partition"


def owed_retries(
    instance: dg.DagsterInstance, since: dt.datetime, keys: Sequence[str] = ()
) -> list[dg.DagsterRun]:
    """Return the failed runs that Dagster is to retry and has not yet.

    Args:
        instance: whose runs are asked for.
        since: runs that were created before are left out.
        keys: only runs of these partitions; all if empty.
    """
    tags = {_WILL_RETRY: "true", **({_PARTITION_TAG: list(keys)} if keys else {})}
    return [run for run in _failed(instance, since, tags) if _RETRIED_BY not in run.tags]


def lost_retries(instance: dg.DagsterInstance, since: dt.datetime) -> list[dg.DagsterRun]:
    """Return the failed runs of which the retry never comes: Dagster's daemon is done with the failure.

    Args:
        instance: whose runs are asked for.
        since: runs that were created before are left out.
    """
    given_up = [
        run
        for run in _failed(instance, since, {_WILL_RETRY: "false"})
        if run.tags.get(_REASON) != _STEP_FAILED and _was_given_up(instance, run)
    ]
    return [*given_up, *_passed_over(instance, since)]


def _passed_over(instance: dg.DagsterInstance, since: dt.datetime) -> list[dg.DagsterRun]:
    """Return the owed retries of failures that lie behind the daemon's cursor."""
    # a retry is entered before the cursor moves on: the order of these looks matters
    owed = owed_retries(instance, since)
    waiting = failures_to_be_handled(instance) if owed else None
    if waiting is None:
        return []
    behind = {run.run_id for run in owed} - waiting
    return [run for run in owed_retries(instance, since) if run.run_id in behind] if behind else []


def _was_given_up(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    return any(entry.dagster_event and entry.dagster_event.message == _GIVEN_UP for entry in entries)


def _failed(
    instance: dg.DagsterInstance, since: dt.datetime, tags: Mapping[str, str | Sequence[str]]
) -> Sequence[dg.DagsterRun]:
    statuses = [dg.DagsterRunStatus.FAILURE]
    return instance.get_runs(dg.RunsFilter(statuses=statuses, tags=tags, created_after=since))


def requests_instead(
    instance: dg.DagsterInstance,
    ledger: LedgerSnapshot,
    lost: Sequence[dg.DagsterRun],
    enabled: Collection[str],
) -> Iterator[dg.RunRequest]:
    """Return a run for each partition of which the newest run lost its retry, and that is not done.

    Args:
        instance: whose runs count.
        ledger: tells what the partition still needs.
        lost: as `lost_retries` gives them.
        enabled: names of the sources that are asked for anything.
    """
    for run in lost:
        key = run.tags.get(_PARTITION_TAG)
        if key is None or Partition.from_key(key).source not in enabled:
            continue
        [newest] = instance.get_runs(dg.RunsFilter(tags={_PARTITION_TAG: key}), limit=1)
        job = due_job(ledger, Partition.from_key(key))
        if newest.run_id != run.run_id or job is None:
            continue
        yield dg.RunRequest(
            run_key=f"lost retry of {run.run_id}",
            job_name=job,
            partition_key=key,
            tags={
                REPAIR_TAG: key,
                CAUSE_KEY_TAG: f"lost_retry:{run.run_id}",
                CAUSE_TAG: f"run {run.run_id[:8]} failed, and was not retried",
                **REPAIR_TAGS,
            },
        )
