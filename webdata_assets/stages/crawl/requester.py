"""Requests: one polite hop at a time, for pages and for robots.txt, and the wait after a failed one.

What belongs here: scope, robots, rate and headers of a single request. What does not: redirects of pages and
outcomes (visit.py).
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.headers import source_headers
from webdata_assets.stages.crawl.politeness import Politeness
from webdata_assets.stages.crawl.retry import REDIRECTS, Backoff, check_status
from webdata_assets.stages.crawl.robots import MAX_FETCHED_BYTES, Robots
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.urls import canonical_url, host_of, scope_of, with_as_of, without_as_of

MAX_REDIRECTS = 10
_MAX_IN_FLIGHT = 128
"""Over all hosts of a crawl."""


class ForbiddenError(Exception):
    """A request that must not be made; the text says what forbids it."""


class Requester:
    """Makes the requests of one partition's crawl. `requests` counts them, robots.txt included."""

    def __init__(
        self,
        source: Source,
        date: dt.date,
        transport: Transport,
        *,
        user_agent: str,
        now: Callable[[], dt.datetime],
        clock: Clock,
        backoff: Backoff,
    ) -> None:
        """Take what all requests share. Raises PermanentError when a header's variable is missing."""
        self.requests = 0
        self.source = source
        self.scope = scope_of(source)
        self.now = now
        self.date = date
        self.transport = transport
        self._clock = clock
        self._backoff = backoff
        self._own_headers = {"user-agent": user_agent}
        if source.as_of is not None and source.as_of.header is not None:
            self._own_headers[source.as_of.header.lower()] = date.strftime(source.as_of.format)
        self._source_headers = {name.lower(): value for name, value in source_headers(source).items()}
        self._politeness = Politeness(
            requests_per_second=source.fetch.requests_per_second,
            concurrency=source.fetch.concurrency,
            clock=clock,
        )
        self._in_flight = asyncio.Semaphore(_MAX_IN_FLIGHT)
        self._robots = Robots(user_agent, self._fetch_robots)

    async def close(self) -> None:
        """End what still runs. The transport stays open."""
        await self._robots.close()

    async def get(self, url: str, *, credentials: bool, conditions: dict[str, str]) -> Response:
        """Make one request for a page, after scope, robots and rate; no URL here has the date parameter.

        Raises what the transport raises, and ForbiddenError.
        """
        if url not in self.scope:
            raise ForbiddenError(f"leads out of scope, to {host_of(url)}")
        if self.source.fetch.robots == "obey":
            verdict = await self._robots.ask(url)
            if not verdict.allowed:
                raise ForbiddenError("robots.txt forbids it")
            if verdict.crawl_delay is not None:
                self._politeness.slow_down(host_of(url), verdict.crawl_delay)
        headers = self._own_headers | (self._source_headers | conditions if credentials else {})
        as_of = self.source.as_of
        asked = with_as_of(url, as_of, self.date)
        response = await self._request(asked, headers, self.source.fetch.max_body_bytes)
        # a browser may have been led elsewhere
        landed = url if response.url == asked else without_as_of(canonical_url(response.url), as_of)
        return replace(response, url=landed)

    async def wait(self, url: str, attempt: int, error: TransientError, status: int | None) -> bool:
        """Wait as the failed attempt asks for, the host with it where it is overloaded.

        Returns:
            Whether there is another attempt.
        """
        fetch, host = self.source.fetch, host_of(url)
        asked = error.retry_after_seconds
        if asked is not None:
            self._politeness.delay(host, min(asked, fetch.max_retry_after_seconds))
            return attempt < fetch.max_attempts and asked <= fetch.max_retry_after_seconds
        if attempt >= fetch.max_attempts:
            return False
        seconds = self._backoff.seconds(attempt)
        if status in (429, 503):
            self._politeness.delay(host, seconds)
        else:
            await self._clock.sleep(seconds)
        return True

    async def _request(self, url: str, headers: dict[str, str], max_body_bytes: int) -> Response:
        request = Request(
            url, headers, self.source.fetch.timeout_seconds, max_body_bytes, self.source.allow_private
        )
        async with self._politeness.turn(host_of(url)), self._in_flight:
            self.requests += 1
            return await self.transport.fetch(request)

    async def _fetch_robots(self, url: str) -> Response | None:
        attempt = 0
        while True:
            attempt += 1
            status = None
            try:
                response = await self._follow_robots(url)
                if response is None:
                    return None
                status = response.status
                if status == 429 or status >= 500:
                    check_status(status, response.headers, self.now())
                return response
            except TransientError as error:
                if not await self.wait(url, attempt, error, status):
                    raise

    async def _follow_robots(self, url: str) -> Response | None:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._request(url, self._own_headers, MAX_FETCHED_BYTES)
            if response.status not in REDIRECTS:
                return response
            try:
                url = canonical_url(response.headers.get("location", ""), url)
            except PermanentError:
                return None
            if url not in self.scope:
                return None
        return None
