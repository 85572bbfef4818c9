"""A source on the fault server, a clock that does not wait, and one call that crawls."""

import asyncio
import datetime as dt
import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.crawler import crawl
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.http.proxies import ProxyPool
from webdata_assets.stages.crawl.jobs import JobService
from webdata_assets.stages.crawl.result import CrawlResult
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets_tests.site.server import FaultServer

DATE = dt.date(2026, 6, 2)
NOW = dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)
HOST = "site.test"
START = f"http://{HOST}/"
USER_AGENT = "webdata-assets/0.1 (+https://example.org)"


class FastClock:
    """Passes as fast as it is slept on, in the order of the sleepers' ends, and remembers for how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1_000.0
        self._ends: list[float] = []

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        end = self._now + seconds
        self._ends.append(end)
        try:
            await asyncio.sleep(0)
            while min(self._ends) < end:
                await asyncio.sleep(0)
            self._now = max(self._now, end)
        finally:
            self._ends.remove(end)


def source_of(*discover: dict[str, Any], **values: Any) -> Source:
    """Return a source on the fault server; keys of `fetch` and of the source may be mixed."""
    of_source = {name: values.pop(name) for name in ("as_of", "allow_private", "start") if name in values}
    fetch = {"requests_per_second": 1000, "timeout_seconds": 5, "max_attempts": 3} | values
    return Source.model_validate(
        {
            "name": "faulty",
            "description": "A site that fails on command",
            "start": "2026-06-01",
            "allow_private": True,
            "fetch": fetch | {"discover": list(discover)},
            "extract": {"kind": "document"},
            **of_source,
        }
    )


def urls(*paths: str) -> dict[str, Any]:
    return {"by": "urls", "start": [START + path for path in paths]}


def starting(by: str, path: str = "", **values: Any) -> dict[str, Any]:
    return {"by": by, "start": [START + path], **values}


def hashed(frame: pl.DataFrame, table: str = "pages") -> pl.DataFrame:
    """The columns that the table's content hash covers."""
    return frame.drop(TABLES[table].unhashed)


class Crawling:
    """Crawls the fault server as `http://site.test/` and checks every result against its schema."""

    def __init__(self, site: FaultServer, spool: Path) -> None:
        self.site = site
        self.clock = FastClock()
        self.spool: Spool = FolderSpool(spool)
        self.stored: dict[str, bytes] = {}

    def run(
        self,
        source: Source,
        *,
        after: pl.DataFrame | None = None,
        date: dt.date = DATE,
        transport: Transport | None = None,
        fallback: Sequence[Transport] = (),
        jobs: JobService | None = None,
        proxies: ProxyPool | None = None,
        hosts: Collection[str] | None = None,
        dropped: Collection[str] = (),
        frontier: pl.DataFrame | None = None,
        clock: Clock | None = None,
        now: dt.datetime = NOW,
        keep_spool: bool = False,
    ) -> CrawlResult:
        """Crawl one date; `after` holds the pages of an earlier one, whose payloads are at hand."""
        visits = TABLES["pages"].empty() if after is None else after
        for row in visits.filter(pl.col("payload").is_not_null()).iter_rows(named=True):
            self.stored[row["payload_hash"]] = row["payload"]
        if frontier is None:
            frontier = plan_frontier(source, date, visits)
        TABLES["frontier"].schema.validate(frontier)

        async def go() -> CrawlResult:
            way = transport or HttpTransport(connect_to={HOST: self.site.address})
            try:
                return await crawl(
                    source,
                    date,
                    frontier,
                    transport=way,
                    fallback=fallback,
                    jobs=jobs,
                    proxies=proxies,
                    hosts=hosts,
                    dropped=dropped,
                    spool=self.spool,
                    load_payload=lambda _url, payload_hash, _date: self.stored[payload_hash],
                    user_agent=USER_AGENT,
                    now=lambda: now,
                    clock=clock or self.clock,
                    backoff=Backoff(jitter=random.Random(7)),
                )
            finally:
                await way.close()

        result = asyncio.run(go())
        TABLES["pages"].schema.validate(result.pages)
        TABLES["dead_letters"].schema.validate(result.dead_letters)
        failed = result.pages.filter(pl.col("outcome") == "failed")
        assert failed["url"].to_list() == result.dead_letters["url"].to_list()
        if not keep_spool:
            self.spool.drop()
        return result

    def page(self, result: CrawlResult, path: str = "") -> dict[str, Any]:
        """The row of one page."""
        return result.pages.row(by_predicate=pl.col("url") == START + path, named=True)


def outcomes(result: CrawlResult) -> dict[str, str]:
    """Path → outcome."""
    pages = result.pages.select(pl.col("url").str.strip_prefix(START.rstrip("/")), "outcome")
    return dict(pages.iter_rows())
