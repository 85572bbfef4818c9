"""Which repairs may run now: attempts of one partition, runs of all partitions, and the gaps between them.

What belongs here: answering each repair of the plan with a run request or with what it waits for. What does
not: which partitions need repair and how (repairs.py, rules.py), and launching (sensors.py).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from webdata_assets.automation.causes import Repair
from webdata_assets.automation.lost_retries import owed_retries
from webdata_assets.automation.repairs import plan_repairs
from webdata_assets.automation.rules import Action
from webdata_assets.automation.tags import (
    CAUSE_KEY_TAG,
    CAUSE_TAG,
    IN_PROGRESS,
    KILLED_TAG,
    REPAIR_TAG,
    REPAIR_TAGS,
)
from webdata_assets.partitions import first_date
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store

BUDGETED = dt.timedelta(days=1)
"""Both budgets count the runs of this long until now."""

FIRST_GAP = dt.timedelta(minutes=1)
"""Between the first attempt and the second; each further gap is twice as long."""

_SOURCE_TAG = "dagster/partition/source"


@dataclass(frozen=True)
class Waiting:
    """Why a repair is not answered by a run now.

    Attributes:
        kind: `awaiting_patch` and `person` until somebody acts; `in_progress` and `gap` pass by themselves;
            `attempts_exhausted` (of the partition) and `budget_exhausted` (of all) pass within a day, but
            want a person before.
        reason: in words.
    """

    kind: Literal["awaiting_patch", "person", "in_progress", "gap", "attempts_exhausted", "budget_exhausted"]
    reason: str


@dataclass(frozen=True)
class Answer:
    """A repair with the run that is due now, or with what it waits for: one of the two."""

    repair: Repair
    request: dg.RunRequest | None
    waiting: Waiting | None


def plan_answers(
    instance: dg.DagsterInstance,
    store: Store,
    registry: Registry,
    now: dt.datetime,
    *,
    model_id: str | None,
    attempts_per_day: int,
    runs_per_day: int,
    archive_after_days: int = 0,
    lost: Collection[str] = (),
) -> list[Answer]:
    """Return an answer for each partition that needs repair, in order of partition.

    Where the budget does not suffice for all, it goes to the newest dates. Five queries tell of the
    runs of all partitions, however many need repair.

    Args:
        instance: whose runs count.
        store: what is stored, with its ledger.
        registry: the declared sources.
        now: the moment of the look, in UTC.
        model_id: of the encoder in use; None where it is not known.
        attempts_per_day: repairs of one partition in 24 hours.
        runs_per_day: repairs of all partitions together in 24 hours.
        archive_after_days: age from which on partitions are out of the grid; 0 for none.
        lost: runs of which the retry will not come.
    """
    oldest = first_date(dt.date.min, archive_after_days, now.date())
    repairs = plan_repairs(store, registry, now, model_id, oldest)
    wanted = [repair.partition.key for repair in repairs if repair.job is not None]
    busy = _in_progress(instance, wanted, lost, now) | _behind_others(instance, repairs)
    earlier = _earlier(instance, now)
    answered = _answered(instance, repairs)
    left = runs_per_day - sum(len(records) for records in earlier.values())
    answers = []
    for repair in sorted(repairs, key=lambda repair: repair.partition.date, reverse=True):
        tried = _tried(repair, earlier[repair.partition.key])
        waiting = _waiting(repair, busy, tried, attempts_per_day, left, now)
        if (
            waiting is None
            and repair.answered_by in answered
            and repair.cause == answered[repair.answered_by]
        ):
            reason = f"{repair.reason} again after {repair.action}, a person is needed"
            waiting = Waiting("person", reason)
        request = None if waiting else _request(repair, earlier[repair.partition.key], now)
        left -= request is not None
        answers.append(Answer(repair, request, waiting))
    return sorted(answers, key=lambda answer: answer.repair.partition)


def hold_back(
    earlier: Iterable[dg.RunRecord], reason: str, attempts_per_day: int, now: dt.datetime
) -> Waiting | None:
    """Return why there is no further attempt now: the budget is used up, or the gap is not over.

    Runs that were killed are no attempts: they say nothing about the cause.
    """
    attempts = [
        created_at(record)
        for record in earlier
        if KILLED_TAG not in record.dagster_run.tags and now - created_at(record) < BUDGETED
    ]
    if len(attempts) >= attempts_per_day:
        used_up = f"{reason}; {len(attempts)} attempts in 24 hours are used up, a person is needed"
        return Waiting("attempts_exhausted", used_up)
    if attempts:
        gap = FIRST_GAP * 2 ** (len(attempts) - 1)
        if now - max(attempts) < gap:
            return Waiting("gap", f"{reason}; the next attempt waits {gap}")
    return None


def created_at(record: dg.RunRecord) -> dt.datetime:
    """Return when a run was created, in UTC."""
    moment = record.create_timestamp
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _tried(repair: Repair, earlier: Sequence[dg.RunRecord]) -> Sequence[dg.RunRecord]:
    """Return the repairs of a partition that count as attempts at this one."""
    if repair.action is not Action.COMPARE_AGAIN:
        return earlier
    # any that succeeded answered another past: a day on which many dates are healed wants as many
    return [record for record in earlier if record.dagster_run.tags.get(CAUSE_KEY_TAG) == repair.cause]


def _waiting(
    repair: Repair,
    busy: set[str],
    earlier: Sequence[dg.RunRecord],
    attempts_per_day: int,
    left: int,
    now: dt.datetime,
) -> Waiting | None:
    if repair.job is None:
        return Waiting(repair.awaits or "person", repair.reason)
    if repair.partition.key in busy:
        return Waiting("in_progress", "a run is in progress")
    held_back = hold_back(earlier, repair.reason, attempts_per_day, now)
    if held_back is None and left <= 0:
        reason = f"{repair.reason}; all partitions together used up the repairs of 24 hours"
        return Waiting("budget_exhausted", f"{reason}, a person is needed")
    return held_back


def _request(repair: Repair, earlier: Sequence[dg.RunRecord], now: dt.datetime) -> dg.RunRequest:
    key = repair.partition.key
    # A run key counts for ever. The run that came before makes each attempt's key a new one, and the same
    # one at every look until the attempt is made.
    newest = max(earlier, key=created_at, default=None)
    attempt = f"after {newest.dagster_run.run_id}" if newest else f"on {now.date()}"
    return dg.RunRequest(
        run_key=f"{repair.job}:{key}:{repair.cause}:{attempt}",
        job_name=repair.job,
        partition_key=key,
        tags={
            REPAIR_TAG: key,
            CAUSE_KEY_TAG: repair.cause,
            CAUSE_TAG: repair.reason,
            **REPAIR_TAGS,
            **repair.action.tags,
        },
    )


def _answered(instance: dg.DagsterInstance, repairs: Iterable[Repair]) -> dict[str, str]:
    """Return the cause that each run was to mend which made a data version that is not to be made again."""
    runs = list({repair.answered_by for repair in repairs if repair.answered_by})
    if not runs:
        return {}
    found = instance.get_runs(dg.RunsFilter(run_ids=runs))
    return {run.run_id: run.tags[CAUSE_KEY_TAG] for run in found if CAUSE_KEY_TAG in run.tags}


def _in_progress(
    instance: dg.DagsterInstance, keys: Sequence[str], lost: Collection[str], now: dt.datetime
) -> set[str]:
    """Return which of the partitions a run is working on, or is about to: queued, or Dagster's own retry."""
    if not keys:
        return set()
    here = {"dagster/partition": list(keys)}
    runs = [*instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=here))]
    runs += [run for run in owed_retries(instance, now - BUDGETED, keys) if run.run_id not in lost]
    return {run.tags["dagster/partition"] for run in runs}


def _behind_others(instance: dg.DagsterInstance, repairs: Iterable[Repair]) -> set[str]:
    """Return the partitions to be compared while runs of their source may still change their past."""
    compared = [repair.partition for repair in repairs if repair.action is Action.COMPARE_AGAIN]
    if not compared:
        return set()
    here = {_SOURCE_TAG: sorted({partition.source for partition in compared})}
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS, tags=here))
    sources = {run.tags[_SOURCE_TAG] for run in runs}
    return {partition.key for partition in compared if partition.source in sources}


def _earlier(instance: dg.DagsterInstance, now: dt.datetime) -> defaultdict[str, list[dg.RunRecord]]:
    """Return the repairs that were begun within the budgets' time, by partition key."""
    filters = dg.RunsFilter(tags=REPAIR_TAGS, created_after=now - BUDGETED)
    by_partition: defaultdict[str, list[dg.RunRecord]] = defaultdict(list)
    for record in instance.get_run_records(filters):
        by_partition[record.dagster_run.tags[REPAIR_TAG]].append(record)
    return by_partition
