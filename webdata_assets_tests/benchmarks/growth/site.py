"""A site of any size within this process: small pages, a chain of lists, and the way in to them.

What belongs here: answers, and the resource that crawls through them. What does not: a socket, whose cost is
the same for every page.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

import polars as pl

from webdata_assets.resources.fetcher import FetcherResource, _every_few_seconds
from webdata_assets.stages.crawl.transport import Request, Response

if TYPE_CHECKING:
    import datetime as dt

    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.links import LoadLinks, LoadPayload
    from webdata_assets.stages.crawl.result import CrawlResult
    from webdata_assets.stages.crawl.spool import Spool

HOST = "https://shop.example.com"
LISTED = 20
CHANGED_EVERY = 50

_FEED = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>New pages</title>
<item><title>Page 0</title><link>{HOST}/p/00000000</link></item></channel></rss>""".encode()


def url_of(number: int) -> str:
    """Return the URL of a page; URLs sort as numbers do."""
    return f"{HOST}/p/{number:08d}"


def body_of(number: int, version: int) -> bytes:
    """Return a page's bytes; of the second version only one page in fifty differs."""
    seen = version if number % CHANGED_EVERY == 0 else 1
    text = f"This is page {number} of very many, in its version {seen}, and hardly like any other. " * 4
    return f"<!doctype html><title>Page {number}</title><h1>Page {number}</h1><p>{text}</p>".encode()


def tag_of(number: int, version: int) -> str:
    """Return the entity tag of a page's version."""
    return f'"{number}-{version if number % CHANGED_EVERY == 0 else 1}"'


class Answers:
    """The `Transport`: `/p/N` is a page, `/list/K` names twenty and the next list, `/feed/0` one."""

    name = "http"

    def __init__(self, version: int, pages: int) -> None:
        self._version = version
        self._pages = pages

    async def fetch(self, request: Request) -> Response:
        """Answer at the next turn of the loop, with 304 where the page is known in this version."""
        await asyncio.sleep(0)
        kind, number = request.url.removeprefix(f"{HOST}/").split("/")
        headers = {"content-type": "text/html; charset=utf-8"}
        if kind == "list":
            return Response(request.url, 200, headers, self._list(int(number)), 1)
        if kind == "feed":
            return Response(request.url, 200, {"content-type": "application/rss+xml"}, _FEED, 1)
        headers["etag"] = tag_of(int(number), self._version)
        asked = {name.lower(): value for name, value in request.headers.items()}
        if asked.get("if-none-match") == headers["etag"]:
            return Response(request.url, 304, headers, b"", 1)
        return Response(request.url, 200, headers, body_of(int(number), self._version), 1)

    async def close(self) -> None:
        """Nothing is open."""

    def _list(self, number: int) -> bytes:
        first = number * LISTED
        numbers = range(first, min(self._pages, first + LISTED))
        items = "".join(f'<li><a href="{url_of(each)}">Page {each}</a></li>' for each in numbers)
        more = f'<a class="next" href="/list/{number + 1}">next</a>' if numbers.stop < self._pages else ""
        return f"<!doctype html><title>List {number}</title><ul>{items}</ul>{more}".encode()


class GrowthFetcher(FetcherResource):
    """The deployment's fetcher with the site in place of the ways in; rates are shared as ever."""

    version: int = 1
    pages: int = 0

    async def crawl(
        self,
        source: "Source",
        date: "dt.date",
        frontier: pl.DataFrame | Iterable[pl.DataFrame],
        *,
        spool: "Spool",
        load_payload: "LoadPayload",
        now: "Callable[[], dt.datetime]",
        log: Callable[[str], None],
        load_links: "LoadLinks | None" = None,
        hosts: Collection[str] | None = None,
        dropped: Collection[str] = (),
    ) -> "CrawlResult":
        """Visit the frontier."""
        from webdata_assets.stages.crawl.clock import SystemClock
        from webdata_assets.stages.crawl.crawler import crawl

        clock = SystemClock()
        async with self._shared(clock) as (rates, breakers):
            return await crawl(
                source,
                date,
                frontier,
                transport=Answers(self.version, self.pages),
                spool=spool,
                load_payload=load_payload,
                load_links=load_links,
                user_agent=self.user_agent,
                now=now,
                rates=rates,
                breakers=breakers,
                hosts=hosts,
                dropped=dropped,
                clock=clock,
                on_progress=_every_few_seconds(log),
            )
