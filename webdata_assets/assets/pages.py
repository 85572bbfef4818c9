"""The pages asset, and dead letters beside it: what the visits gave."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output, sample
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource
from webdata_assets.schemas.pages import DEAD_LETTERS, OUTCOMES, PAGES
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.store import Store

if TYPE_CHECKING:
    from webdata_assets.stages.crawl.crawler import CrawlResult


def build_pages(grid: dg.PartitionsDefinition[str], stale_after: dt.timedelta) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; both tables are written in one step.

    Args:
        grid: the partitions.
        stale_after: for the UI only, which knows one policy per asset; the check `freshness` judges each
            date and source.
    """
    policy = dg.FreshnessPolicy.time_window(fail_window=stale_after)

    @dg.multi_asset(
        name="crawl_pages",
        partitions_def=grid,
        outs={
            "pages": dg.AssetOut(
                freshness_policy=policy, **describe(PAGES, kinds={"python"}, code_version="1")
            ),
            "dead_letters": dg.AssetOut(**describe(DEAD_LETTERS, kinds={"python"}, code_version="1")),
        },
    )
    def crawl_pages(
        context: dg.AssetExecutionContext,
        frontier: pl.DataFrame,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        opened = store.open()
        spool = Spool(opened.location.spool(partition))
        result = _left_unchecked(opened, partition, spool) or asyncio.run(
            fetcher.crawl(
                source,
                partition.date,
                frontier,
                spool=spool,
                load_payload=lambda url, payload_hash, date: opened.payloads.load(
                    source.name, url, payload_hash, date
                ),
                now=clock.now,
                log=context.log.info,
            )
        )
        counts = {name: result.pages.filter(pl.col("outcome") == name).height for name in OUTCOMES}
        yield output(
            PAGES,
            result.pages,
            {
                **counts,
                "requests": result.requests,
                "resumed_pages": result.resumed,
                "payload_megabytes": float(result.pages["payload_bytes"].sum() or 0) / 1e6,
                "finish_reason": result.finish_reason,
            },
            name="pages",
        )
        yield output(
            DEAD_LETTERS,
            result.dead_letters,
            sample(result.dead_letters, ["url", "reason", "attempts"]),
            name="dead_letters",
        )
        # Both tables are committed once the outputs are consumed; before that a rerun still needs the spool.
        spool.drop()

    return crawl_pages


def _left_unchecked(store: Store, partition: Partition, spool: Spool) -> "CrawlResult | None":
    """Return what a run that died between its commit and its checks had crawled: it is not fetched again."""
    from webdata_assets.stages.crawl.crawler import CrawlResult

    pages, dead_letters = (store.read_unjudged(table, partition) for table in (PAGES, DEAD_LETTERS))
    if pages is None or dead_letters is None or not spool.read().is_empty():
        return None
    return CrawlResult(pages, dead_letters, "complete", requests=0, resumed=pages.height)
