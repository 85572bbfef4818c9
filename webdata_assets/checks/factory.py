"""Turn the formulas of one step into one Dagster check step.

What belongs here: steps, their specs and resources. What does not: judging (judging.py), and any formula.
"""

import asyncio
from collections.abc import Iterator, Sequence

import dagster as dg

from webdata_assets.checks.check import Check
from webdata_assets.checks.judging import Judge
from webdata_assets.checks.telling import result_of
from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.partitions import Partition
from webdata_assets.resources import (
    ClockResource,
    FetcherResource,
    IndexResource,
    SinksResource,
    SourcesResource,
    StoreResource,
    TaskResource,
)


def build_check_step(
    name: str, checks: Sequence[Check], grid: dg.PartitionsDefinition[str] | None
) -> dg.AssetChecksDefinition:
    """Return one step that scans a layer once and evaluates all its checks.

    Args:
        name: the step's name.
        checks: of one asset, or of assets that are written in one step.
        grid: the assets' partitions; None for unpartitioned assets.
    """
    with pinned_feature():  # partitioned checks
        specs = [_spec(check, grid) for check in checks]
    by_key = {dg.AssetCheckKey(dg.AssetKey(check.table.name), check.name): check for check in checks}

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def check_step(
        context: dg.AssetCheckExecutionContext,
        store: StoreResource,
        sources: SourcesResource,
        task: TaskResource,
        fetcher: FetcherResource,
        index: IndexResource,
        sinks: SinksResource,
        clock: ClockResource,
    ) -> Iterator[dg.AssetCheckResult]:
        partition = Partition.from_key(context.partition_key) if grid else None
        judge = Judge(
            store=store.open(),
            sources=sources.registry(),
            now=clock.now(),
            task=None if partition else task.load(),
            index_uri=index.uri,
            check_proxies=lambda source: asyncio.run(fetcher.check_proxies(source)),
            sinks={} if partition else sinks.enabled(),
            environ=sinks.environ(),
        )
        selected = [check for key, check in by_key.items() if key in context.selected_asset_check_keys]
        # The ledger first: a crash in between leaves Dagster without a verdict that readers already have,
        # never the other way round.
        for check, finding in judge.judge(selected, partition, run_id=context.run.run_id):
            yield result_of(check, finding)

    return check_step


def _spec(check: Check, grid: dg.PartitionsDefinition[str] | None) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=check.table.name,
        description=check.description,
        blocking=check.blocking,
        partitions_def=grid,
    )
