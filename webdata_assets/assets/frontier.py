"""The frontier asset: what a partition must visit."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.crawl.frontier import check_date, plan_frontier
from webdata_assets.store.dead_letters import DeadLetters


def build_frontier(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(name="frontier", partitions_def=grid, **describe(FRONTIER, kinds={"polars"}, code_version="2"))
    def frontier(
        context: dg.AssetExecutionContext,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> dg.Output[pl.DataFrame]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        check_date(source, partition.date, clock.now())
        opened = store.open()
        last_visits = opened.payloads.last_visits(partition, opened.ledger.admitted(PAGES))
        letters = DeadLetters(opened.tables, opened.ledger)
        planned = plan_frontier(
            source,
            partition.date,
            last_visits,
            listed=fetcher.list_urls(source, partition.date),
            retried=letters.urls_to_retry(source.name, partition.date),
            dropped=letters.dropped(source.name),
        )
        counts = dict(planned.group_by("why").len().iter_rows())
        return output(
            FRONTIER,
            planned,
            {
                "start_urls": counts.get("start", 0),
                "revisits": counts.get("revisit", 0),
                "retries": counts.get("retry", 0),
            },
        )

    return frontier
