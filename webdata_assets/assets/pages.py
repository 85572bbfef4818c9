"""The pages asset, and dead letters beside it: what the visits gave."""

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output, sample
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource
from webdata_assets.schemas.pages import DEAD_LETTERS, OUTCOMES, PAGES
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.store import Store
from webdata_assets.store.blobs import BinariesApart
from webdata_assets.store.dead_letters import DeadLetters

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.result import CrawlResult

_FRONTIER_ROWS_AT_ONCE = 10_000
_SHARD_TRIES = 3
_SHOWN_HOSTS = 20

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

    @dg.multi_asset(name="crawl_pages", partitions_def=grid, outs=outs)
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

    @dg.op(out=dg.DynamicOut(dg.Nothing))
    def plan_shards(
        context: dg.OpExecutionContext, frontier: pl.LazyFrame, sources: SourcesResource
    ) -> Iterator[dg.DynamicOutput[None]]:
        source = sources.get(Partition.from_key(context.partition_key).source)
        hosts = _shards_of(source, frontier, most)
        context.log.info("%d shards", len(hosts))
        for number in range(len(hosts)):
            yield dg.DynamicOutput(None, mapping_key=str(number))

    @dg.op(
        ins={"planned": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=dg.RetryPolicy(max_retries=_SHARD_TRIES - 1, delay=1, backoff=dg.Backoff.EXPONENTIAL),
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
    spool = Spool(opened.location.spool(partition))
    result = _left_unchecked(opened, partition, spool) or _crawl(
        context, partition, source, frontier, opened, fetcher, clock
    )
    rows = BinariesApart(result.rows, opened.blobs) if opened.location.is_local else result.rows
    yield output(PAGES, rows, _metadata(result), name="pages")
    yield output(
        DEAD_LETTERS,
        result.dead_letters,
        sample(result.dead_letters, ["url", "reason", "attempts"]),
        name="dead_letters",
    )
    result.close()
    # Both tables are committed once the outputs are consumed; before that a rerun still needs the spool, and
    # the next run of a paused partition goes on from it.
    if result.finish_reason != "paused":
        spool.drop()


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
            spool=Spool(store.location.spool(partition)),
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


def _metadata(result: "CrawlResult") -> dict[str, Any]:
    busiest = sorted(result.paces.items(), key=lambda item: -item[1].requests)[:_SHOWN_HOSTS]
    hosts = [
        dg.TableRecord(
            {
                "host": host,
                "requests": pace.requests,
                "interval_seconds": pace.interval_seconds,
                "concurrency": pace.concurrency,
                "min_concurrency": pace.min_concurrency,
                "max_concurrency": pace.max_concurrency,
            }
        )
        for host, pace in busiest
    ]
    metadata: dict[str, Any] = {
        **{name: result.counts.get(name, 0) for name in OUTCOMES},
        "requests": result.requests,
        "retries": result.retries,
        "resumed_pages": result.resumed,
        "payload_megabytes": result.payload_bytes / 1e6,
        "finish_reason": result.finish_reason,
    }
    if hosts:
        metadata["hosts"] = dg.MetadataValue.table(hosts)
    return metadata


def _left_unchecked(store: Store, partition: Partition, spool: Spool) -> "CrawlResult | None":
    """Return what a run that died between its commit and its checks had crawled: it is not fetched again."""
    from webdata_assets.stages.crawl.result import CrawlResult

    pages, dead_letters = (store.read_unjudged(table, partition) for table in (PAGES, DEAD_LETTERS))
    if pages is None or dead_letters is None or not spool.is_empty():
        return None
    return CrawlResult.stored(pages, dead_letters)
