"""One partition's crawl without Dagster, as the assets do it: plan, crawl, store, drop the spool.

The one place where tests and measurements that need processes of their own call the engine.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.crawler import crawl
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.store.store import Store, data_version

RUN_ID = "whole"
_ROWS_AT_ONCE = 10_000


def open_way(name: str, connect_to: Mapping[str, str] | None = None) -> Transport:
    """Return a transport by its client's name: `curl` or `aiohttp`."""
    if name == "curl":
        from webdata_assets.stages.crawl.http.curl import CurlTransport

        return CurlTransport(connect_to=connect_to)
    from webdata_assets.stages.crawl.http.aiohttp import HttpTransport

    return HttpTransport(connect_to=connect_to)


async def crawl_and_store(
    source: Source,
    date: dt.date,
    *,
    store: Store,
    transport: Transport,
    now: Callable[[], dt.datetime],
    user_agent: str,
    frontier: Path | None = None,
) -> dict[str, int]:
    """Crawl one partition into a store, or go on where a killed crawl was; return outcome → pages.

    A partition that is stored already is left as it is.

    Args:
        source: says how.
        date: the partition's; pages of earlier dates in the store are visited again.
        store: takes pages and dead letters, and has the spool.
        transport: the way in; it is closed.
        now: gives the present moment.
        user_agent: sent.
        frontier: a Parquet file with the frontier, in place of the planned one.
    """
    partition = Partition(date, source.name)
    spool = store.location.spool(partition)
    stored = store.tables.read_partition(PAGES, partition, ["outcome"])
    if stored.height and spool.is_empty():
        # an earlier run died after its last write
        return dict(stored.group_by("outcome").len().iter_rows())
    try:
        result = await crawl(
            source,
            date,
            _planned(store, source, partition) if frontier is None else _read(frontier),
            transport=transport,
            spool=spool,
            load_payload=lambda url, digest, day: store.payloads.load(source.name, url, digest, day),
            load_links=lambda day: store.payloads.links(source.name, day),
            user_agent=user_agent,
            now=now,
        )
    finally:
        await transport.close()
    for table, rows in ((PAGES, result.rows), (DEAD_LETTERS, result.dead_letters)):
        store.tables.overwrite(
            table, rows, partition=partition, run_id=RUN_ID, data_version=data_version(table, rows)
        )
    result.close()
    spool.drop()
    return dict(result.counts)


def _planned(store: Store, source: Source, partition: Partition) -> pl.DataFrame:
    visited = store.tables.scan(PAGES).select("date", "source").unique().collect()
    return plan_frontier(source, partition.date, store.payloads.last_visits(partition, visited))


def _read(frontier: Path) -> Iterator[pl.DataFrame]:
    return pl.scan_parquet(frontier).collect_batches(chunk_size=_ROWS_AT_ONCE)
