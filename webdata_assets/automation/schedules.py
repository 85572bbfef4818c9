"""Schedules: of each source that declares one, of retraining where a task does, of report and maintenance."""

from collections.abc import Iterable

import dagster as dg

from webdata_assets.automation.refresh import changed_since, trained_at_of
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets.automation.unsettled import why_not_now
from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, SourcesResource, StoreResource
from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import schedule_name
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.tasks.model import Retrain


def build_schedules(
    sources: Iterable[Source], job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """Return a schedule for each source with a cron expression; it crawls the date on which it fires."""
    return [_schedule(source, source.schedule, job) for source in sources if source.schedule]


def _schedule(source: Source, cron: str, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=schedule_name(source),
        cron_schedule=cron,
        execution_timezone="UTC",
        job=job,
        description=f"Crawl {source.name} for the date on which the schedule fires.",
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def crawl_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        partition = Partition(context.scheduled_execution_time.date(), source.name)
        if not source.has(partition.date):
            return dg.SkipReason(f"{partition}: the source lasts from {source.start} to {source.end}")
        return dg.RunRequest(run_key=partition.key, partition_key=partition.key)

    return crawl_schedule


def build_retrain_schedule(rules: Retrain, job: UnresolvedAssetJobDefinition) -> list[dg.ScheduleDefinition]:
    """Return the schedule of the task's retraining; none where the task has none."""
    if rules.schedule is None:
        return []

    @dg.schedule(
        name="retrain_schedule",
        cron_schedule=rules.schedule,
        execution_timezone="UTC",
        job=job,
        description="Retrain, unless nothing was admitted or withdrawn since the last training.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def retrain_schedule(
        context: dg.ScheduleEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        clock: ClockResource,
    ) -> dg.RunRequest | dg.SkipReason:
        ledger = LedgerSnapshot.read(store.open().tables)
        if waiting := why_not_now(ledger, sources.registry().enabled, clock.now()):
            return dg.SkipReason(waiting)
        if ledger.states(TABLES["embeddings"]).filter("admitted").is_empty():
            return dg.SkipReason("no partition is admitted yet")
        if not changed_since(ledger, trained_at_of(ledger)):
            return dg.SkipReason("nothing was admitted or withdrawn since the last training")
        return dg.RunRequest(
            run_key=f"retrain:{context.scheduled_execution_time:%Y%m%dT%H%M}",
            tags={CAUSE_TAG: "scheduled"},
        )

    return [retrain_schedule]


def build_report_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule of the daily report, half an hour after the day before is over."""
    return dg.ScheduleDefinition(
        name="daily_report",
        cron_schedule="30 0 * * *",
        execution_timezone="UTC",
        job=job,
        description="The report of the day, and the service levels.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def build_maintenance_schedule(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule of maintenance, in the night of most of those who look at the data."""
    return dg.ScheduleDefinition(
        name="nightly_maintenance",
        cron_schedule="30 2 * * *",
        execution_timezone="UTC",
        job=job,
        description="Small files together, old versions away; content stays.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
