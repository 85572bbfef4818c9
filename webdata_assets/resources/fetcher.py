"""The ways in as a Dagster resource: which of them a source gets, and how they are confined."""

import datetime as dt
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
import polars as pl
from pydantic import Field

from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.http.proxies import ProxyHealth
    from webdata_assets.stages.crawl.links import LoadLinks, LoadPayload
    from webdata_assets.stages.crawl.result import CrawlResult
    from webdata_assets.stages.crawl.spool import Spool
    from webdata_assets.stages.crawl.ways import Surroundings

PROGRESS_SECONDS = 5.0


class FetcherResource(dg.ConfigurableResource["FetcherResource"]):
    """Open the ways in that a source declares, and crawl through them."""

    user_agent: str
    connect_to: dict[str, str] = Field(default_factory=dict)
    """Connect elsewhere for a host: host → `address:port`."""
    chromium: str = ""
    """The browser's executable; found if empty."""
    http_client: Literal["curl", "aiohttp"] = "curl"
    rates: str = ""
    """The file of rate limits that processes share; none if empty."""
    archives: str = ""
    """The folder for indexes of web archives."""

    @classmethod
    def of(cls, settings: Settings, connect_to: Mapping[str, str] | None = None) -> "FetcherResource":
        """Return the ways in that the settings describe, with further places to connect to for hosts."""
        return cls(
            user_agent=settings.user_agent,
            connect_to={**(connect_to or {}), **settings.connect_to},
            chromium=str(settings.chromium or ""),
            http_client=settings.http_client,
            rates=str(settings.rates),
            archives=str(settings.archives),
        )

    async def crawl(
        self,
        source: "Source",
        date: dt.date,
        frontier: pl.DataFrame | Iterable[pl.DataFrame],
        *,
        spool: "Spool",
        load_payload: "LoadPayload",
        now: Callable[[], dt.datetime],
        log: Callable[[str], None],
        load_links: "LoadLinks | None" = None,
        hosts: Collection[str] | None = None,
        dropped: Collection[str] = (),
    ) -> "CrawlResult":
        """Visit the frontier; see stages/crawl/crawler.py. Progress goes to `log` every five seconds."""
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.crawler import crawl
        from webdata_assets.stages.crawl.http.proxies import ProxyPool, proxies_of
        from webdata_assets.stages.crawl.politeness.rates import SharedRates
        from webdata_assets.stages.crawl.ways import open_ways

        clock = SystemClock()
        policy = source.fetch.proxies
        proxies = ProxyPool(proxies_of(source, os.environ), policy, clock) if policy else None
        ways = open_ways(source, date, self._surroundings(spool.folder / "jobs"))
        rates = SharedRates(Path(self.rates), clock) if self.rates else None
        try:
            return await crawl(
                source,
                date,
                frontier,
                transport=ways.pages[0],
                fallback=ways.pages[1:],
                robots_way=ways.http,
                jobs=ways.jobs,
                spool=spool,
                load_payload=load_payload,
                load_links=load_links,
                user_agent=self.user_agent,
                now=now,
                rates=rates,
                proxies=proxies,
                hosts=hosts,
                dropped=dropped,
                clock=clock,
                on_progress=_every_few_seconds(log),
            )
        finally:
            await ways.close()
            if rates is not None:
                await rates.close()

    def list_urls(self, source: "Source", date: dt.date) -> Mapping[int, Sequence[str]]:
        """Return the URLs that archives and folders hold for a date, by position of their rule."""
        from webdata_assets.stages.crawl.stored.listed import list_urls

        return list_urls(source, date, Path(self.archives))

    async def check_proxies(self, source: "Source") -> "list[ProxyHealth]":
        """Fetch one page through each of the source's proxies; return how they did, none without proxies."""
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.http.proxies import ProxyPool, proxies_of
        from webdata_assets.stages.crawl.ways import open_http

        policy = source.fetch.proxies
        if policy is None:
            return []
        pool = ProxyPool(proxies_of(source, os.environ), policy, SystemClock())
        starts = [start for rule in source.fetch.discover for start in rule.start]
        http = open_http(self.http_client, self.connect_to)
        try:
            return await pool.check(
                http,
                policy.check_url or starts[0],
                allow_private=source.allow_private,
                timeout_seconds=source.fetch.timeout_seconds,
            )
        finally:
            await http.close()

    def _surroundings(self, scratch: Path) -> "Surroundings":
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.ways import Surroundings

        return Surroundings(
            environ=os.environ,
            clock=SystemClock(),
            user_agent=self.user_agent,
            http_client=self.http_client,
            connect_to=self.connect_to,
            chromium=Path(self.chromium) if self.chromium else None,
            archives=Path(self.archives),
            scratch=scratch,
        )


def _every_few_seconds(log: Callable[[str], None]) -> Callable[[int, int], None]:
    last = time.monotonic()

    def report(finished: int, known: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            log(f"{finished} of {known} known pages finished")

    return report
