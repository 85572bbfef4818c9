"""One schedule per source that declares one."""

from collections.abc import Iterable

import dagster as dg

from webdata_assets.dagster_internals import UnresolvedAssetJobDefinition
from webdata_assets.partitions import Partition
from webdata_assets.sources.model import Source


def build_schedules(
    sources: Iterable[Source], job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """Return a schedule for each source with a cron expression; it crawls the date on which it fires."""
    return [_schedule(source, source.schedule, job) for source in sources if source.schedule]


def _schedule(source: Source, cron: str, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"crawl_{source.name.replace('-', '_')}",
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
