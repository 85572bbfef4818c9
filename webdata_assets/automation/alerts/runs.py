"""Causes that runs tell: those that crashed, and those that take longer than expected.

What belongs here: reading Dagster's runs, and what of them is a cause. What does not: failed checks, which
are told from the ledger (verdicts.py).
"""

import datetime as dt
import statistics
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from webdata_assets.automation.alerts.cause import Cause, about, written
from webdata_assets.automation.jobs import COMPARE, CRAWL, DELIVER, EMBED, PROMOTE, PUBLISH, REPLAY, RETRAIN
from webdata_assets.automation.tags import ENDED, KILLED_TAG
from webdata_assets.errors import FailureDomain, domain_told
from webdata_assets.partitions import Partition

ASSETS = "__ASSET_JOB"
"""Dagster's name for runs of assets that a person chose in the UI."""

MAKES_GOOD: Mapping[str, tuple[str, ...]] = {
    CRAWL: (CRAWL, REPLAY),
    REPLAY: (CRAWL, REPLAY),
    EMBED: (CRAWL, REPLAY, EMBED),
    COMPARE: (CRAWL, REPLAY, COMPARE),
    PUBLISH: (PUBLISH, RETRAIN),
    RETRAIN: (RETRAIN,),
    PROMOTE: (PROMOTE, PUBLISH, RETRAIN),
    DELIVER: (DELIVER, PROMOTE, PUBLISH, RETRAIN),
    ASSETS: (ASSETS, CRAWL, REPLAY, PUBLISH, RETRAIN),
}
"""Job whose run failed → jobs whose later success on the same partition ends it; for others, the same job.
A crawl that crashed after its pages were stored is ended by the replay that the repair asks for."""

LOOK_BACK = dt.timedelta(days=7)
"""How far the first look goes; later ones read what changed since the one before."""
OVERLAP = dt.timedelta(seconds=1)
READ_RUNS = 2_000
LONGER_THAN_MEDIANS = 3
MEDIAN_OF = 20


@dataclass(frozen=True)
class Run:
    """One ended run, as far as alerts ask.

    Attributes:
        key: of the partition, or the range of partitions; empty for an unpartitioned run.
        step: that failed with an error which is no failed check; None for a run that succeeded, or that ended
            with failed checks alone. Empty where no step failed: the run's process died, say.
        error: the error's class.
        domain: whose fault it is; None for a bug, and where no step failed.
    """

    run_id: str
    root_run_id: str
    job: str
    key: str
    step: str | None = None
    error: str = ""
    domain: FailureDomain | None = None

    @property
    def cause(self) -> str:
        """The name of its failure's cause: of the job and partition, however often it was tried again."""
        return f"run_failed:{self.job}:{self.key}"


@dataclass(frozen=True)
class RunsSeen:
    """What changed among the runs since the last look.

    Attributes:
        ended: newest first; at most one for each job and partition.
        until: the newest change; where the next look begins.
        long: runs in progress that take longer than expected.
    """

    ended: tuple[Run, ...]
    until: dt.datetime
    long: tuple[Cause, ...]


def read_runs(
    instance: dg.DagsterInstance,
    jobs: Collection[str],
    since: dt.datetime | None,
    now: dt.datetime,
    *,
    long_minutes: float,
) -> RunsSeen:
    """Return the runs that ended since a moment, and those that take too long now.

    Args:
        instance: whose runs; another code location's may be among them.
        jobs: names of our own; runs of assets that no job names count too.
        since: `until` of the look before; None for the first.
        now: the moment of the look, in UTC.
        long_minutes: a run is not too long before this.
    """
    start = (since or dt.datetime.now(dt.UTC) - LOOK_BACK) - OVERLAP
    records = instance.get_run_records(
        dg.RunsFilter(statuses=list(ENDED), updated_after=start), limit=READ_RUNS
    )
    newest: dict[tuple[str, str], dg.RunRecord] = {}
    for record in records:
        run = record.dagster_run
        if _is_ours(run, jobs):
            newest.setdefault((run.job_name, _key(run)), record)
    until = max((_utc(record.update_timestamp) for record in records), default=start + OVERLAP)
    ended = tuple(_ended(instance, record.dagster_run) for record in newest.values())
    return RunsSeen(ended, until, tuple(_long(instance, jobs, now, long_minutes)))


def run_causes(seen: RunsSeen, known: Mapping[str, Cause]) -> list[Cause]:
    """Return the causes that runs tell now.

    Args:
        seen: what changed since the last look.
        known: causes that were told and are not over, by name: a failed run stays one until a later run
            succeeds, however long ago it was.
    """
    failed = {name: cause for name, cause in known.items() if name.startswith("run_failed:")}
    for run in reversed(seen.ended):  # oldest first
        if run.step is not None:
            failed[run.cause] = _failure(run)
        else:
            for job in {run.job, *(job for job, ending in MAKES_GOOD.items() if run.job in ending)}:
                failed.pop(f"run_failed:{job}:{run.key}", None)
    return [*failed.values(), *seen.long]


def _ended(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Run:
    success = run.status is dg.DagsterRunStatus.SUCCESS
    step, error, domain = (None, "", None) if success else _crash(instance, run)
    return Run(run.run_id, run.root_run_id or run.run_id, run.job_name, _key(run), step, error, domain)


def _crash(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str | None, str, FailureDomain | None]:
    """Return the first step that crashed, its error's class and domain; None where only checks failed."""
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    checks = 0
    for record in records:
        event = record.event_log_entry.dagster_event
        failure = event.step_failure_data if event else None
        if event is None or failure is None or failure.error is None:
            continue
        cause = failure.error.cause or failure.error
        if "DagsterAssetCheckFailedError" in (failure.error.cls_name or ""):
            checks += 1
        else:
            return event.step_key or "", cause.cls_name or "", domain_told(cause.message)
    if checks:
        return None, "", None
    return "", "killed" if KILLED_TAG in run.tags else "", None


def _failure(run: Run) -> Cause:
    partition = _partition(run.key)
    is_delivery = run.step == "delivery"
    subject = about(partition) if partition or not run.key else run.key
    died = "Its process was killed" if run.error == "killed" else "No step failed: its process died"
    what = f"Step {run.step} ended with {run.error or 'an error'}" if run.step else died
    return Cause(
        cause=run.cause,
        kind="delivery_halted" if is_delivery else "run_failed",
        date=partition.date if partition else None,
        source=partition.source if partition else None,
        failure_domain=FailureDomain.SINK if is_delivery else run.domain,
        title=f"{subject}: a run of {run.job} failed" + (" at the delivery" if is_delivery else ""),
        body=written(
            f"{what}, in run {run.run_id}.",
            f"It was a retry of run {run.root_run_id}." if run.root_run_id != run.run_id else "",
            "Nothing partial is visible. The run's log has the error; the cause is over once a run of "
            f"{' or '.join(MAKES_GOOD.get(run.job, (run.job,)))} succeeds there.",
        ),
    )


def _long(
    instance: dg.DagsterInstance, jobs: Collection[str], now: dt.datetime, long_minutes: float
) -> Iterator[Cause]:
    in_progress = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for record in instance.get_run_records(in_progress, limit=READ_RUNS):
        run = record.dagster_run
        if record.start_time is None or not _is_ours(run, jobs):
            continue
        seconds = now.timestamp() - record.start_time
        if seconds <= long_minutes * 60:
            continue
        usual = _median_seconds(instance, run)
        if usual is not None and seconds <= LONGER_THAN_MEDIANS * usual:
            continue
        partition, began = _partition(_key(run)), dt.datetime.fromtimestamp(record.start_time, dt.UTC)
        yield Cause(
            cause=f"run_long:{run.run_id}",
            kind="run_long",
            date=partition.date if partition else None,
            source=partition.source if partition else None,
            failure_domain=None,
            title=f"{about(partition)}: a run of {run.job_name} takes longer than expected",
            body=written(
                f"Run {run.run_id} began at {began:%Y-%m-%d %H:%M} UTC.",
                f"The median of its job and source is {usual / 60:.1f} minutes." if usual is not None else "",
                "Look at its log in the Dagster UI; if its process is gone, terminate it there: a repair "
                "goes on where it stopped.",
            ),
        )


def _median_seconds(instance: dg.DagsterInstance, run: dg.DagsterRun) -> float | None:
    tag = "dagster/partition/source"
    same = {tag: run.tags[tag]} if tag in run.tags else None
    earlier = instance.get_run_records(
        dg.RunsFilter(job_name=run.job_name, statuses=[dg.DagsterRunStatus.SUCCESS], tags=same),
        limit=MEDIAN_OF,
    )
    spans = [
        record.end_time - record.start_time for record in earlier if record.start_time and record.end_time
    ]
    return statistics.median(spans) if spans else None


def _key(run: dg.DagsterRun) -> str:
    first = run.tags.get("dagster/asset_partition_range_start")
    if first is not None:
        return f"{first}…{run.tags.get('dagster/asset_partition_range_end', '')}"
    return run.tags.get("dagster/partition", "")


def _is_ours(run: dg.DagsterRun, jobs: Collection[str]) -> bool:
    return run.job_name in jobs or run.job_name.startswith(ASSETS)


def _partition(key: str) -> Partition | None:
    try:
        return Partition.from_key(key)
    except ValueError:
        # none, a range, or a partition of another code location's assets
        return None


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
