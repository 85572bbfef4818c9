"""Requests: one polite hop at a time, for pages and for robots.txt, and the wait after a failed one.

What belongs here: scope, robots, rate, breaker, proxy and headers of a single request. What does not:
redirects of pages and outcomes (visit.py).
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.fetch import StoredWay
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.hosts import HostClosedError, HostHealth
from webdata_assets.stages.crawl.http.credentials import credential_scope_of, secret_names
from webdata_assets.stages.crawl.http.headers import source_headers
from webdata_assets.stages.crawl.http.proxies import ProxyPool
from webdata_assets.stages.crawl.node import host_of_canonical
from webdata_assets.stages.crawl.politeness import robots
from webdata_assets.stages.crawl.politeness.breaker import Admission, Breaker
from webdata_assets.stages.crawl.politeness.pacing import Politeness
from webdata_assets.stages.crawl.politeness.rates import SharedRates
from webdata_assets.stages.crawl.politeness.robots import Robots
from webdata_assets.stages.crawl.politeness.shared_breakers import SharedBreakers
from webdata_assets.stages.crawl.retry import REDIRECTS, Backoff, check_status
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response, Transport
from webdata_assets.stages.crawl.urls import canonical_url, scope_of, with_as_of, without_as_of

MAX_REDIRECTS = 10
_MAX_IN_FLIGHT = 128
"""Over all hosts of a crawl."""
_PROBE_MARGIN = 5.0
"""Seconds beyond a request's timeout after which the process that probes a host counts as dead."""


class ForbiddenError(Exception):
    """A request that must not be made; the text says what forbids it."""


class Requester:
    """Makes the requests of one partition's crawl. `requests` counts them, robots.txt included."""

    def __init__(
        self,
        source: Source,
        date: dt.date,
        ways: Sequence[Transport],
        *,
        robots_way: Transport,
        user_agent: str,
        now: Callable[[], dt.datetime],
        clock: Clock,
        backoff: Backoff,
        rates: SharedRates | None,
        proxies: ProxyPool | None,
        breakers: SharedBreakers | None = None,
    ) -> None:
        """Take what all requests share. Raises PermanentError when a header's variable is missing.

        Args:
            source: says how.
            date: the partition's.
            ways: the way in, and those to fall back to.
            robots_way: reads robots.txt, whichever way the pages come.
            user_agent: sent, and matched against robots.txt.
            now: gives the present moment with its time zone.
            clock: for pacing.
            backoff: between tries of a URL.
            rates: the limits that other processes share; none, if this one is alone.
            proxies: to go through; none, to connect directly.
            breakers: what other processes found of hosts; none, if this one is alone.
        """
        self.requests = 0
        self.source = source
        self.scope = scope_of(source)
        self.now = now
        self.date = date
        self.ways = ways
        self._robots_way = robots_way
        self._clock = clock
        self._backoff = backoff
        self._proxies = proxies
        self._breakers = breakers
        self._own_headers = {"user-agent": user_agent}
        if source.as_of is not None and source.as_of.header is not None:
            self._own_headers[source.as_of.header.lower()] = date.strftime(source.as_of.format)
        self._source_headers = {name.lower(): value for name, value in source_headers(source).items()}
        secrets = secret_names(source)
        self._plain_headers = {
            name: value for name, value in self._source_headers.items() if name not in secrets
        }
        self._credential_scope = credential_scope_of(source)
        self.politeness = Politeness(
            requests_per_second=source.fetch.requests_per_second,
            concurrency=source.fetch.concurrency,
            clock=clock,
            rates=rates,
        )
        self._in_flight = asyncio.Semaphore(_MAX_IN_FLIGHT)
        self._is_stored = source.fetch.via in get_args(StoredWay)
        self._robots = (
            Robots(user_agent, self._fetch_robots, clock)
            if source.fetch.robots == "obey" and not self._is_stored
            else None
        )
        self._health: dict[str, HostHealth] = {}
        self._in_scope: dict[str, bool] = {}

    async def close(self) -> None:
        """End what still runs. The ways stay open."""
        if self._robots is not None:
            await self._robots.close()

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that robots.txt names where a page of this origin was asked for before."""
        return self._robots.sitemaps(url) if self._robots is not None else ()

    def health(self, host: str) -> HostHealth:
        """Return the health of a host."""
        if host not in self._health:
            policy = self.source.fetch.breaker
            self._health[host] = HostHealth(
                host, Breaker(policy, self._clock), self._clock, max_wait_seconds=policy.max_wait_seconds
            )
        return self._health[host]

    async def get(self, url: str, *, way: int, credentials: bool, conditions: dict[str, str]) -> Response:
        """Make one request for a page, after scope, robots and rate; no URL here has the date parameter.

        Raises what the way raises, ForbiddenError, HostClosedError, and RobotsUnavailableError.
        """
        if not self.allows_host(url):
            raise ForbiddenError(f"leads out of scope, to {host_of_canonical(url)}")
        if self._robots is not None:
            verdict = self._robots.known(url) or await self._robots.ask(url)
            if not verdict.allowed:
                raise ForbiddenError("robots.txt forbids it")
            if verdict.crawl_delay is not None:
                self.politeness.slow_down(host_of_canonical(url), verdict.crawl_delay)
        headers = self._own_headers
        if credentials and (self._source_headers or conditions):
            own = self._source_headers if url in self._credential_scope else self._plain_headers
            headers = headers | own | conditions
        as_of = self.source.as_of
        asked = with_as_of(url, as_of, self.date)
        response = await self._request(self.ways[way], asked, headers, self.source.fetch.max_body_bytes)
        if response.url == asked:
            return response if asked == url else replace(response, url=url)
        # a browser may have been led elsewhere
        return replace(response, url=without_as_of(canonical_url(response.url), as_of))

    def allows_host(self, url: str) -> bool:
        """Return whether a canonical URL lies in the source's scope."""
        if self._is_stored:
            # nothing is requested from anybody
            return True
        origin = url[: url.index("/", url.index("//") + 2) + 1]
        if origin not in self._in_scope:
            self._in_scope[origin] = origin in self.scope
        return self._in_scope[origin]

    def retry_after(self, url: str, attempt: int, error: TransientError, status: int | None) -> float | None:
        """Return the seconds after which to try again, the host left alone where it is overloaded.

        Returns:
            None when that was the last try.
        """
        if self._is_stored and error.failure_domain is FailureDomain.TARGET:
            # what is stored says the same every time
            return None
        fetch, host = self.source.fetch, host_of_canonical(url)
        asked = error.retry_after_seconds
        if asked is not None:
            wait = min(asked, fetch.max_retry_after_seconds)
            if not isinstance(error, HostClosedError):
                self.politeness.delay(host, wait)
            return wait if attempt < fetch.max_attempts and asked <= fetch.max_retry_after_seconds else None
        if attempt >= fetch.max_attempts:
            return None
        seconds = self._backoff.seconds(attempt)
        if status in (429, 503):
            self.politeness.delay(host, seconds)
        return seconds

    async def _request(
        self, way: Transport, url: str, headers: dict[str, str], max_body_bytes: int
    ) -> Response:
        fetch = self.source.fetch
        request = Request(url, headers, fetch.timeout_seconds, max_body_bytes, self.source.allow_private)
        if self._is_stored:
            return await way.fetch(request)
        host = host_of_canonical(url)
        breaker = self.health(host).breaker
        async with self.politeness.turn(host), self._in_flight:
            admission = await self._admit(host, breaker)
            if admission is Admission.WAIT:
                raise HostClosedError(host, breaker.seconds_to_probe())
            era = breaker.era
            # a probe without an answer, such as a cancelled one, has not shown that the host is well
            succeeded: bool | None = False if admission is Admission.PROBE else None
            failed = False
            proxy = await self._proxies.lease() if self._proxies is not None else None
            if proxy is not None:
                request = replace(request, proxy=proxy)
            self.requests += 1
            started = time.perf_counter()
            try:
                response = await way.fetch(request)
                succeeded = response.status < 500
                failed = not succeeded or response.status == 429
            except ProxyFailedError:
                self._report(proxy, ok=False)
                raise
            except TransientError as error:
                # what a page does to a browser says nothing of its host
                succeeded, failed = error.failure_domain is FailureDomain.RESOURCE, True
                raise
            except PermanentError:
                succeeded = True
                raise
            finally:
                if succeeded is not None:
                    before = breaker.era
                    breaker.record(succeeded, era)
                    if self._breakers is not None and breaker.era != before:
                        self._breakers.tell(host, breaker)
                    self.politeness.observe(host, time.perf_counter() - started, failed)
            self._report(proxy, ok=True)
        return response

    async def _admit(self, host: str, breaker: Breaker) -> Admission:
        if self._breakers is None:
            return breaker.admit()
        return await self._breakers.admit(host, breaker, self.source.fetch.timeout_seconds + _PROBE_MARGIN)

    def _report(self, proxy: str | None, *, ok: bool) -> None:
        if self._proxies is not None and proxy is not None:
            self._proxies.report(proxy, ok=ok)

    async def _fetch_robots(self, url: str) -> Response | None:
        for _ in range(robots.MAX_REDIRECTS + 1):
            response = await self._request(self._robots_way, url, self._own_headers, robots.MAX_FETCHED_BYTES)
            if response.status not in REDIRECTS:
                if response.status == 429 or response.status >= 500:
                    check_status(response.status, response.headers, self.now())
                return response
            try:
                url = canonical_url(response.headers.get("location", ""), url)
            except PermanentError:
                return None
            if not self.allows_host(url):
                return None
        return None
