"""The ways in as a Dagster resource: which of them a source gets, and how they are confined."""

import datetime as dt
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
import polars as pl
from pydantic import Field, PrivateAttr

from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.clock import Clock
    from webdata_assets.stages.crawl.http.proxies import ProxyHealth
    from webdata_assets.stages.crawl.links import LoadLinks, LoadPayload
    from webdata_assets.stages.crawl.politeness.rates import SharedRates
    from webdata_assets.stages.crawl.politeness.shared_breakers import SharedBreakers
    from webdata_assets.stages.crawl.polling import Polled
    from webdata_assets.stages.crawl.result import CrawlResult
    from webdata_assets.stages.crawl.spool import Spool
    from webdata_assets.stages.crawl.ways import Surroundings

PROGRESS_SECONDS = 5.0
CONNECT_TO_TAG = "webdata/connect_to"
"""On runs of a command that serves hosts itself, such as the demo's: JSON, host → `address:port`."""


class FetcherResource(dg.ConfigurableResource["FetcherResource"]):
    """Open the ways in that a source declares, and crawl through them."""

    user_agent: str
    connect_to: dict[str, str] = Field(default_factory=dict)
    """Connect elsewhere for a host: host → `address:port`."""
    chromium: str = ""
    """The browser's executable; found if empty."""
    http_client: Literal["curl", "aiohttp"] = "curl"
    rates: str = ""
    """The file of rate limits that processes of one machine share; none if empty."""
    archives: str = ""
    """The folder for indexes of web archives."""
    s3_endpoint: str = ""
    """Of the object store that data is delivered to; the environment's if empty."""
    s3_region: str = ""
    """Of its bucket; the environment's if empty."""

    _of_run: dict[str, str] = PrivateAttr(default_factory=dict)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Learn from the run's tags which hosts the command serves that launched it."""
        tags = context.run.tags if context.run else {}
        self._of_run = json.loads(tags.get(CONNECT_TO_TAG, "{}"))

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
            s3_endpoint=settings.s3_endpoint,
            s3_region=settings.s3_region,
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
        from webdata_assets.stages.crawl.ways import open_ways

        clock = SystemClock()
        policy = source.fetch.proxies
        proxies = ProxyPool(proxies_of(source, os.environ), policy, clock) if policy else None
        ways = open_ways(source, date, self._surroundings(spool.scratch / "jobs"))
        try:
            async with self._shared(clock) as (rates, breakers):
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
                    breakers=breakers,
                    proxies=proxies,
                    hosts=hosts,
                    dropped=dropped,
                    clock=clock,
                    on_progress=_every_few_seconds(log),
                )
        finally:
            await ways.close()

    def list_urls(self, source: "Source", date: dt.date) -> Mapping[int, Sequence[str]]:
        """Return the URLs that archives and folders hold for a date, by position of their rule."""
        from webdata_assets.stages.crawl.stored.listed import list_urls

        return list_urls(source, date, Path(self.archives), self.object_options())

    def list_validators(self, source: "Source", date: dt.date) -> Mapping[str, str]:
        """Return URL → entity tag of the files that a date's folders hold now."""
        from webdata_assets.stages.crawl.stored.listed import list_validators

        return list_validators(source, date, self.object_options())

    def object_options(self) -> dict[str, str]:
        """Return the options of the object store that data is delivered to, from the environment."""
        from webdata_assets.store.options import storage_options

        return storage_options("s3://", os.environ, endpoint=self.s3_endpoint, region=self.s3_region)

    async def poll_feeds(
        self,
        source: "Source",
        date: dt.date,
        known: "Mapping[str, Polled]",
        *,
        now: Callable[[], dt.datetime],
    ) -> "dict[str, Polled]":
        """Return what the source's feeds say now; see stages/crawl/polling.py."""
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.http.proxies import ProxyPool, proxies_of
        from webdata_assets.stages.crawl.polling import poll_feeds
        from webdata_assets.stages.crawl.requester import Requester
        from webdata_assets.stages.crawl.retry import Backoff
        from webdata_assets.stages.crawl.ways import open_http

        clock = SystemClock()
        policy = source.fetch.proxies
        proxies = ProxyPool(proxies_of(source, os.environ), policy, clock) if policy else None
        http = open_http(self.http_client, self._connections())
        try:
            async with self._shared(clock) as (rates, breakers):
                requester = Requester(
                    source,
                    date,
                    [http],
                    robots_way=http,
                    user_agent=self.user_agent,
                    now=now,
                    clock=clock,
                    backoff=Backoff(),
                    rates=rates,
                    proxies=proxies,
                    breakers=breakers,
                )
                try:
                    return await poll_feeds(requester, date, known)
                finally:
                    await requester.close()
        finally:
            await http.close()

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
        http = open_http(self.http_client, self._connections())
        try:
            return await pool.check(
                http,
                policy.check_url or starts[0],
                allow_private=source.allow_private,
                timeout_seconds=source.fetch.timeout_seconds,
            )
        finally:
            await http.close()

    @asynccontextmanager
    async def _shared(
        self, clock: "Clock"
    ) -> "AsyncIterator[tuple[SharedRates | None, SharedBreakers | None]]":
        """What processes share of hosts: on the server that WEBDATA_SHARED_RATES names, or in the file."""
        from webdata_assets.stages.crawl.politeness.shared import open_shared

        # it may hold a password: read at each use, and never part of the resource, which Dagster shows
        address = Settings().shared_rates.get_secret_value()
        if not address and not self.rates:
            yield None, None
            return
        async with open_shared(address, Path(self.rates), clock) as opened:
            yield opened

    def _connections(self) -> dict[str, str]:
        return {**self._of_run, **self.connect_to}

    def _surroundings(self, scratch: Path) -> "Surroundings":
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.ways import Surroundings

        return Surroundings(
            environ=os.environ,
            clock=SystemClock(),
            user_agent=self.user_agent,
            http_client=self.http_client,
            connect_to=self._connections(),
            chromium=Path(self.chromium) if self.chromium else None,
            archives=Path(self.archives),
            scratch=scratch,
            objects=self.object_options(),
        )


def _every_few_seconds(log: Callable[[str], None]) -> Callable[[int, int], None]:
    last = time.monotonic()

    def report(finished: int, known: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            log(f"{finished} of {known} known pages finished")

    return report
