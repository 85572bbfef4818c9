"""The frontier asset: what a partition must visit."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, SourcesResource, StoreResource
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.crawl.frontier import check_date, plan_frontier


def build_frontier(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(name="frontier", partitions_def=grid, **describe(FRONTIER, kinds={"polars"}, code_version="1"))
    def frontier(
        context: dg.AssetExecutionContext,
        sources: SourcesResource,
        store: StoreResource,
        clock: ClockResource,
    ) -> dg.Output[pl.DataFrame]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        check_date(source, partition.date, clock.now())
        opened = store.open()
        last_visits = opened.payloads.last_visits(partition, opened.ledger.admitted(PAGES))
        planned = plan_frontier(source, partition.date, last_visits)
        revisits = planned.filter(pl.col("why") == "revisit").height
        return output(FRONTIER, planned, {"start_urls": planned.height - revisits, "revisits": revisits})

    return frontier
