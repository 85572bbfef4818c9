"""Ways in: everything through which one source's pages are reached.

What belongs here: the choice. What does not: any way itself (http/, browser/, stored/, scrapy/, vendors/).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from webdata_assets.sources.fetch import Way
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import JobService
from webdata_assets.stages.crawl.transport import Transport

HttpClient = Literal["curl", "aiohttp"]


@dataclass(frozen=True)
class Surroundings:
    """What a deployment gives to every way.

    Attributes:
        environ: where keys come from.
        clock: what waiting is measured on.
        user_agent: what we call ourselves.
        http_client: fetches plain pages.
        connect_to: host, or host:port, → `address:port` to connect to in its place.
        chromium: the browser's executable; found by itself if None.
        archives: the folder for indexes of web archives.
        objects: options of the object store, for sources whose pages are delivered to one.
        scratch: a folder that survives a restart of the crawl, for jobs that run on this machine.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    user_agent: str
    http_client: HttpClient = "curl"
    connect_to: Mapping[str, str] = field(default_factory=dict)
    chromium: Path | None = None
    archives: Path = Path("archives")
    scratch: Path = Path("scratch")
    objects: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Ways:
    """The ways of one crawl.

    Attributes:
        pages: the way in, and those to fall back to.
        http: the plain one, which reads robots.txt and speaks to services.
        jobs: runs jobs, for sources that have any.
    """

    pages: tuple[Transport, ...]
    http: Transport
    jobs: JobService | None = None

    async def close(self) -> None:
        """Release all of them."""
        if self.jobs is not None:
            await self.jobs.close()
        for way in {id(way): way for way in (*self.pages, self.http)}.values():
            await way.close()


def open_ways(source: Source, date: dt.date, given: Surroundings) -> Ways:
    """Return a source's ways in; whoever opens them closes them.

    Raises:
        PermanentError: CONFIGURATION, for a key or an archive that is missing.
    """
    http = open_http(given.http_client, given.connect_to)
    jobs = _open_jobs(source, http, given)
    if source.fetch.via == "warc":
        from webdata_assets.stages.crawl.stored.warc import open_warc

        return Ways((open_warc(source, date, given.archives, given.objects),), http)
    if source.fetch.via == "files":
        from webdata_assets.stages.crawl.stored.files import FilesTransport

        return Ways((FilesTransport(source, date, given.objects),), http)
    names: list[Way] = [source.fetch.via, *source.fetch.fallback]
    return Ways(tuple(_open(name, source, http, given, jobs) for name in names), http, jobs)


def open_http(client: HttpClient, connect_to: Mapping[str, str] | None = None) -> Transport:
    """Return the plain way in."""
    if client == "curl":
        from webdata_assets.stages.crawl.http.curl import CurlTransport

        return CurlTransport(connect_to=connect_to)
    from webdata_assets.stages.crawl.http.aiohttp import HttpTransport

    return HttpTransport(connect_to=connect_to)


def _open(
    name: Way, source: Source, http: Transport, given: Surroundings, jobs: JobService | None
) -> Transport:
    if name == "browser":
        from webdata_assets.stages.crawl.browser.browser import BrowserTransport

        return BrowserTransport(source, executable=given.chromium, connect_to=given.connect_to)
    if jobs is not None:
        # nothing but jobs is visited; redirects and revisits of their pages are theirs
        return http
    if name == "firecrawl":
        from webdata_assets.stages.crawl.vendors.firecrawl import FirecrawlTransport

        return FirecrawlTransport(source, http=http, environ=given.environ)
    if name == "zyte":
        from webdata_assets.stages.crawl.vendors.zyte import ZyteTransport

        return ZyteTransport(source, http=http, environ=given.environ)
    if name == "zenrows":
        from webdata_assets.stages.crawl.vendors.zenrows import ZenRowsTransport

        return ZenRowsTransport(source, http=http, environ=given.environ)
    if name == "brightdata":
        from webdata_assets.stages.crawl.vendors.brightdata import BrightDataTransport

        return BrightDataTransport(source, http=http, environ=given.environ)
    return http


def _open_jobs(source: Source, http: Transport, given: Surroundings) -> JobService | None:
    if not any(rule.by == "job" for rule in source.fetch.discover):
        return None
    if source.fetch.via == "scrapy":
        from webdata_assets.stages.crawl.scrapy.jobs import ScrapyJobs

        return ScrapyJobs(
            source,
            root=Path(),  # the registry has made names absolute
            folder=given.scratch,
            environ=given.environ,
            clock=given.clock,
            user_agent=given.user_agent,
        )
    if source.fetch.via == "firecrawl":
        from webdata_assets.stages.crawl.vendors.firecrawl_jobs import FirecrawlJobs

        return FirecrawlJobs(source, http=http, environ=given.environ, clock=given.clock)
    if source.fetch.via == "apify":
        from webdata_assets.stages.crawl.vendors.apify import ApifyJobs

        return ApifyJobs(source, http=http, environ=given.environ, clock=given.clock)
    if source.fetch.via == "scrapy_cloud":
        from webdata_assets.stages.crawl.vendors.scrapy_cloud import ScrapyCloudJobs

        return ScrapyCloudJobs(source, http=http, environ=given.environ, clock=given.clock)
    from webdata_assets.stages.crawl.vendors.brightdata_jobs import BrightDataJobs

    return BrightDataJobs(source, http=http, environ=given.environ, clock=given.clock)
