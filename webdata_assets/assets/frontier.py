"""The frontier asset: what a partition must visit."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.kept_pages import stored_urls, visits_new_only
from webdata_assets.orchestration.work import CRAWL, asset_work
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.crawl.frontier import check_date, plan_frontier
from webdata_assets.store.dead_letters import DeadLetters


def build_frontier(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(
        name="frontier",
        partitions_def=grid,
        **asset_work(CRAWL),
        **describe(FRONTIER, kinds={"polars"}, code_version="2"),
    )
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
        retried = letters.urls_to_retry(source.name, partition.date)
        if visits_new_only(context.run.tags):
            retried = [*retried, *stored_urls(opened, partition)]
        planned = plan_frontier(
            source,
            partition.date,
            last_visits,
            listed=fetcher.list_urls(source, partition.date),
            retried=retried,
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
