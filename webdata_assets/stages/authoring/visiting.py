"""Visits while a site is looked at: few, slow, and through everything that a crawl's requests go through.

What belongs here: opening the ways in for one look, and its budget. What does not: which URLs are visited
(survey.py), and the request itself (stages/crawl).
"""

import asyncio
import datetime as dt
import os
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.settings import Settings
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.politeness.shared import open_shared
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.rows import Visit
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.crawl.visit import Retry, Tries, try_url
from webdata_assets.stages.crawl.ways import Surroundings, open_ways

MOST_REQUESTS = 30
MOST_SECONDS = 15.0
"""After which nothing further is asked for; reading what came takes the rest of twenty seconds."""
_LEFT_FOR_REDIRECTS = 2
_LONGEST_WAIT = 2.0
"""Seconds that a host may ask us to wait before the second try."""
WITH_HEADERS = 1
"""The position of the rule whose pages come with their headers, see `looking_at`."""


@dataclass(frozen=True)
class Came:
    """One page that came.

    Attributes:
        url: as it was asked for, canonical.
        page: its bytes, at the URL where redirects ended.
    """

    url: str
    page: Page = field(repr=False)


class Visits:
    """Visits of one site, within a budget of requests and seconds. To be closed."""

    def __init__(
        self, source: Source, settings: Settings, connect_to: dict[str, str], *, requests: int = MOST_REQUESTS
    ) -> None:
        """Open the source's ways in.

        Args:
            source: says host, way, rate and limits; see `looking_at`.
            settings: of the deployment.
            connect_to: host → `address:port` to connect to in its place.
            requests: the most that may be made, robots.txt and redirects included.

        Raises:
            PermanentError: CONFIGURATION, when a way cannot be opened.
        """
        self.date = dt.datetime.now(dt.UTC).date()
        self._source = source
        self._settings = settings
        self._connect_to = connect_to
        self._most = requests
        self._until = time.monotonic() + MOST_SECONDS
        self._runner = asyncio.Runner()
        self._opened = AsyncExitStack()
        self._requester: Requester | None = None

    def __enter__(self) -> Self:
        """Open the ways in."""
        try:
            self._runner.run(self._open())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        self._runner.run(self._opened.aclose())
        self._runner.close()

    @property
    def requests(self) -> int:
        """Made so far, robots.txt and redirects included."""
        return self._requester.requests if self._requester else 0

    @property
    def is_spent(self) -> bool:
        """Whether no further page may be asked for."""
        return self.requests + _LEFT_FOR_REDIRECTS > self._most or time.monotonic() >= self._until

    def first(self, url: str) -> Came:
        """Return the page that the look begins with.

        Raises:
            PermanentError, TransientError: it did not come; the message says why, and what can be done.
        """
        visit = self._runner.run(self._visit(url, WITH_HEADERS))
        if visit.outcome == "fetched" and visit.body is not None:
            return _came(url, visit)
        domain = FailureDomain(visit.failure_domain or FailureDomain.ACCESS)
        if visit.outcome == "gone":
            domain = FailureDomain.TARGET
        raise PermanentError(f"{url}: {visit.reason}; {_remedy(visit)}", failure_domain=domain)

    def get(self, urls: Iterable[str], on_page: Callable[[Came], None] | None = None) -> list[Came]:
        """Return those of the pages that came, while the budget lasts."""
        came = []
        for url in urls:
            if self.is_spent:
                break
            try:
                visit = self._runner.run(self._visit(url, 0))
            except TransientError:
                # the host is not to be had now: what came before has to do
                break
            if visit.outcome == "fetched" and visit.body is not None:
                came.append(_came(url, visit))
                if on_page:
                    on_page(came[-1])
        return came

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that robots.txt names, which the first visit of an origin has read."""
        return self._requester.sitemaps(canonical_url(url)) if self._requester else ()

    async def _visit(self, url: str, rule: int) -> Visit:
        assert self._requester is not None
        node = Node(canonical_url(url), "content", rule, "start", 0)
        tried = await try_url(self._requester, node, Tries())
        if isinstance(tried, Retry) and tried.after_seconds <= _LONGEST_WAIT:
            await asyncio.sleep(tried.after_seconds)
            tried = await try_url(self._requester, node, tried.tries)
        return tried.visit if isinstance(tried, Retry) else tried

    async def _open(self) -> None:
        settings, clock = self._settings, SystemClock()
        surroundings = Surroundings(
            environ=os.environ,
            clock=clock,
            user_agent=settings.user_agent,
            http_client=settings.http_client,
            connect_to={**self._connect_to, **settings.connect_to},
            chromium=settings.chromium,
        )
        ways = open_ways(self._source, self.date, surroundings)
        self._opened.push_async_callback(ways.close)
        address = settings.shared_rates.get_secret_value()
        rates, breakers = await self._opened.enter_async_context(
            open_shared(address, Path(settings.rates), clock)
        )
        self._requester = Requester(
            self._source,
            self.date,
            ways.pages,
            robots_way=ways.http,
            user_agent=settings.user_agent,
            now=lambda: dt.datetime.now(dt.UTC),
            clock=clock,
            backoff=Backoff(),
            rates=rates,
            proxies=None,
            breakers=breakers,
        )
        self._opened.push_async_callback(self._requester.close)


def _came(url: str, visit: Visit) -> Came:
    assert visit.body is not None
    return Came(
        canonical_url(url),
        Page(visit.final_url or canonical_url(url), visit.body, visit.content_type, visit.headers),
    )


def _remedy(visit: Visit) -> str:
    if visit.outcome == "skipped" and "robots" in (visit.reason or ""):
        return "nothing was fetched. Ask the site's owner, or begin at a URL that it allows"
    if visit.outcome == "gone":
        return "check the URL in a browser"
    if visit.failure_domain == FailureDomain.RESOURCE:
        return "begin at a smaller page"
    if "the address " in (visit.reason or ""):
        return "if it is meant, add --allow-private"
    if visit.failure_domain == FailureDomain.TARGET:
        return "try again later, or write a file to edit with --blank"
    return "write a file to edit with --blank"
