"""The pages asset, and dead letters beside it: what the visits gave."""

import asyncio
import datetime as dt
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from webdata_assets.assets.crawled import about_dead_letters, about_pages
from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.kept_pages import (
    keep_stored,
    left_unchecked,
    visits_missing_only,
    visits_new_only,
)
from webdata_assets.orchestration.work import CRAWL, asset_work, step_work
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.stages.crawl.kept import end_keeping
from webdata_assets.store import Store
from webdata_assets.store.blobs import BinariesApart
from webdata_assets.store.dead_letters import DeadLetters

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.result import CrawlResult

_FRONTIER_ROWS_AT_ONCE = 10_000
_SHARD_TRIES = 3

_OUTPUTS: Mapping[str, Mapping[str, Any]] = {
    "pages": describe(PAGES, kinds={"python"}, code_version="2"),
    "dead_letters": describe(DEAD_LETTERS, kinds={"python"}, code_version="2"),
}


def build_pages(
    grid: dg.PartitionsDefinition[str], stale_after: dt.timedelta, shards: int = 1
) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; both tables are written in one step.

    Args:
        grid: the partitions.
        stale_after: for the UI only, which knows one policy per asset; the check `freshness` judges each
            date and source.
        shards: steps into which a large frontier is cut by host. With one there is no further step.
    """
    policy = dg.FreshnessPolicy.time_window(fail_window=stale_after)
    outs = {
        "pages": dg.AssetOut(freshness_policy=policy, **_OUTPUTS["pages"]),
        "dead_letters": dg.AssetOut(**_OUTPUTS["dead_letters"]),
    }
    if shards > 1:
        return _build_sharded(grid, outs, shards)

    @dg.multi_asset(name="crawl_pages", partitions_def=grid, outs=outs, **asset_work(CRAWL))
    def crawl_pages(
        context: dg.AssetExecutionContext,
        frontier: pl.LazyFrame,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> Iterator[dg.Output[Any]]:
        yield from _crawl_and_output(context, frontier, sources, store, fetcher, clock)

    return crawl_pages


def _build_sharded(
    grid: dg.PartitionsDefinition[str], outs: Mapping[str, dg.AssetOut], most: int
) -> dg.AssetsDefinition:
    """Return the asset as a graph: shards fetch into the partition's spool, and one last step gathers it.

    Steps hand each other nothing: what a shard fetched lies in the spool, and which hosts it has follows from
    the frontier and from its number.
    """

    @dg.op(out=dg.DynamicOut(dg.Nothing), **step_work(CRAWL))
    def plan_shards(
        context: dg.OpExecutionContext,
        frontier: pl.LazyFrame,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
    ) -> Iterator[dg.DynamicOutput[None]]:
        partition = Partition.from_key(context.partition_key)
        source, opened = sources.get(partition.source), store.open()
        if left_unchecked(opened, partition, opened.location.spool(partition)) is not None:
            return
        _keep_stored(context, opened, source, partition, fetcher)
        hosts = _shards_of(source, frontier, most)
        context.log.info("%d shards", len(hosts))
        for number in range(len(hosts)):
            yield dg.DynamicOutput(None, mapping_key=str(number))

    @dg.op(
        ins={"planned": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=dg.RetryPolicy(max_retries=_SHARD_TRIES - 1, delay=1, backoff=dg.Backoff.EXPONENTIAL),
        **step_work(CRAWL),
    )
    def crawl_shard(
        context: dg.OpExecutionContext,
        frontier: pl.LazyFrame,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> None:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        number = int(context.get_mapping_key() or 0)
        hosts = _shards_of(source, frontier, most)[number]
        result = _crawl(context, partition, source, frontier, store.open(), fetcher, clock, hosts=hosts)
        context.log.info("shard %d: %s, %d requests", number, dict(result.counts), result.requests)
        result.close()

    @dg.op(
        ins={"shards": dg.In(dg.Nothing)},
        out={name: dg.Out(io_manager_key="io_manager") for name in outs},
        **step_work(CRAWL),
    )
    def gather_pages(
        context: dg.OpExecutionContext,
        frontier: pl.LazyFrame,
        sources: SourcesResource,
        store: StoreResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> Iterator[dg.Output[Any]]:
        yield from _crawl_and_output(context, frontier, sources, store, fetcher, clock)

    @dg.graph_multi_asset(name="crawl_pages", partitions_def=grid, outs=outs)
    def crawl_pages(frontier: pl.LazyFrame) -> Any:
        planned = plan_shards(frontier)
        fetched = planned.map(lambda shard: crawl_shard(planned=shard, frontier=frontier))
        return gather_pages(shards=fetched.collect(), frontier=frontier)

    return crawl_pages


def _crawl_and_output(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    frontier: pl.LazyFrame,
    sources: SourcesResource,
    store: StoreResource,
    fetcher: FetcherResource,
    clock: ClockResource,
) -> Iterator[dg.Output[Any]]:
    partition = Partition.from_key(context.partition_key)
    source = sources.get(partition.source)
    opened = store.open()
    started = time.monotonic()
    result = left_unchecked(opened, partition, opened.location.spool(partition))
    if result is None:
        _keep_stored(context, opened, source, partition, fetcher)
        result = _crawl(context, partition, source, frontier, opened, fetcher, clock)
    seconds = time.monotonic() - started
    rows = BinariesApart(result.rows, opened.blobs)
    yield output(PAGES, rows, about_pages(result, seconds), name="pages")
    yield output(
        DEAD_LETTERS,
        result.dead_letters,
        about_dead_letters(source.name, result.dead_letters),
        name="dead_letters",
    )
    result.close()
    # Both tables are committed once the outputs are consumed; before that a rerun still needs the spool, and
    # the next run of a paused partition goes on from it.
    spool = opened.location.spool(partition)
    if result.finish_reason == "paused":
        end_keeping(spool)
    else:
        spool.drop()


def _keep_stored(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    store: Store,
    source: "Source",
    partition: Partition,
    fetcher: FetcherResource,
) -> None:
    tags, spool = context.run.tags, store.location.spool(partition)
    if visits_missing_only(tags):
        kept = keep_stored(store, source, partition, spool)
        context.log.info("%d stored pages are kept; what is missing is visited", kept)
    elif visits_new_only(tags):
        present = fetcher.list_validators(source, partition.date)

        def is_as_it_was(row: Mapping[str, Any]) -> bool:
            # what was taken away since keeps its visit
            return row["role"] == "content" and bool(present.get(row["url"], row["etag"]) == row["etag"])

        kept = keep_stored(store, source, partition, spool, is_as_it_was)
        context.log.info("%d stored pages are kept; what is new is visited", kept)


def _crawl(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    partition: Partition,
    source: "Source",
    frontier: pl.LazyFrame,
    store: Store,
    fetcher: FetcherResource,
    clock: ClockResource,
    hosts: frozenset[str] | None = None,
) -> "CrawlResult":
    return asyncio.run(
        fetcher.crawl(
            source,
            partition.date,
            frontier.collect_batches(chunk_size=_FRONTIER_ROWS_AT_ONCE),
            spool=store.location.spool(partition),
            load_payload=lambda url, payload_hash, date: store.payloads.load(
                source.name, url, payload_hash, date
            ),
            load_links=lambda date: store.payloads.links(source.name, date),
            hosts=hosts,
            dropped=DeadLetters(store.tables, store.ledger).dropped(source.name),
            now=clock.now,
            log=context.log.info,
        )
    )


def _shards_of(source: "Source", frontier: pl.LazyFrame, most: int) -> list[frozenset[str]]:
    from webdata_assets.stages.crawl.shards import plan_shards

    urls = frontier.select("url").collect_batches(chunk_size=_FRONTIER_ROWS_AT_ONCE)
    return plan_shards(urls, most=most, least_urls=source.fetch.shard_urls)
