"""The crawler: a frontier in, pages and dead letters out, resumable at any moment.

What belongs here: level after level, host beside host, pausing, and going on from the spool. What does not:
one URL (visitor.py, visit.py), the order of URLs (walk.py), and the stores (store/).
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Sequence

import orjson
import polars as pl

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.concurrency import all_or_nothing
from webdata_assets.stages.crawl.hosts import HostQueue
from webdata_assets.stages.crawl.http.proxies import ProxyPool
from webdata_assets.stages.crawl.job_run import JobRun
from webdata_assets.stages.crawl.jobs import JobService
from webdata_assets.stages.crawl.links import LinkReader, LoadLinks, LoadPayload
from webdata_assets.stages.crawl.politeness.rates import SharedRates
from webdata_assets.stages.crawl.politeness.shared_breakers import SharedBreakers
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.result import CrawlResult, FinishReason, WalkedRows
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.visitor import RETRY, Visitor
from webdata_assets.stages.crawl.walk import Walk

logger = logging.getLogger(__name__)

_MAX_ACTIVE_HOSTS = 512
_PROGRESS_SECONDS = 1.0


async def crawl(
    source: Source,
    date: dt.date,
    frontier: pl.DataFrame | Iterable[pl.DataFrame],
    *,
    transport: Transport,
    spool: Spool,
    load_payload: LoadPayload,
    user_agent: str,
    now: Callable[[], dt.datetime],
    load_links: LoadLinks | None = None,
    fallback: Sequence[Transport] = (),
    robots_way: Transport | None = None,
    jobs: JobService | None = None,
    rates: SharedRates | None = None,
    breakers: SharedBreakers | None = None,
    proxies: ProxyPool | None = None,
    hosts: Collection[str] | None = None,
    dropped: Collection[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
) -> CrawlResult:
    """Visit the frontier and what is found from it.

    A page counts as done once it is in the spool; a later call with the same spool does not fetch it again.
    The spool is left as it is: whoever stores the result drops it, unless the crawl is paused.

    Args:
        source: says how.
        date: the partition's.
        frontier: see plan_frontier; whole, or in parts.
        transport: the way in; it stays open, as do the others.
        spool: of this very partition.
        load_payload: called in a thread for list pages that did not change.
        user_agent: sent, and matched against robots.txt.
        now: gives the present moment with its time zone.
        load_links: called in a thread, so that unchanged pages need not be read for links again.
        fallback: ways to try in turn when the one before is refused.
        robots_way: reads robots.txt; the way in, if not given.
        jobs: runs the jobs of `by: job` rules.
        rates: limits shared with other processes.
        breakers: what they tell each other of hosts that are down.
        proxies: to go through.
        hosts: visit the URLs of these hosts only, and leave the rest to a later call: a shard. None for all.
        dropped: URLs that a person has dropped; they are skipped wherever they are named.
        on_progress: told the numbers of pages finished and known, about once a second.
        clock: for pacing and backoff; the machine's own if not given.
        backoff: between tries of a URL.

    Raises:
        PermanentError: CONFIGURATION, when nothing can be crawled before a person has acted.
    """
    clock = clock or SystemClock()
    requester = Requester(
        source,
        date,
        [transport, *fallback],
        robots_way=robots_way or transport,
        user_agent=user_agent,
        now=now,
        clock=clock,
        backoff=backoff or Backoff(),
        rates=rates,
        proxies=proxies,
        breakers=breakers,
    )
    walk = Walk(source, date, frontier, spool.scratch)
    links = LinkReader(source, requester.scope, walk, load_payload, load_links)
    writer = spool.writer()
    visitor = Visitor(requester, walk, spool, writer, links, dropped)
    if jobs is not None:
        visitor.jobs = JobRun(jobs, date, spool, walk, visitor.keep_delivered, now)
    try:
        return await _Crawl(source, date, visitor, clock).run(hosts, on_progress)
    except BaseException:
        walk.close()
        raise
    finally:
        await writer.close()
        spool.close()
        await requester.close()


class _Crawl:
    def __init__(self, source: Source, date: dt.date, visitor: Visitor, clock: Clock) -> None:
        self._source = source
        self._date = date
        self._visitor = visitor
        self._walk = visitor.walk
        self._requester = visitor.requester
        self._clock = clock
        self._resumed = 0
        self._capped = False
        self._not_before: dict[str, dt.datetime] = {}

    async def run(
        self, hosts: Collection[str] | None, on_progress: Callable[[int, int], None] | None
    ) -> CrawlResult:
        """Visit level by level: what a URL's row says must not depend on which answer came first."""
        self._read_spool()
        progress = None if on_progress is None else asyncio.create_task(self._report(on_progress))
        try:
            while await self._visit_level(hosts) or (hosts is None and self._walk.release_unnamed()):
                pass
        finally:
            if progress is not None:
                progress.cancel()
        self._walk.settle_unnamed()
        finish_reason: FinishReason = "complete"
        if self._not_before:
            finish_reason = "paused"
        elif self._capped:
            finish_reason = "capped"
        rows = WalkedRows(self._source, self._date, self._walk, self._visitor.spool)
        result = CrawlResult(
            rows,
            rows.dead_letters(),
            self._walk.visited.counts(),
            finish_reason,
            self._walk.visited.payload_bytes,
            requests=self._requester.requests,
            resumed=self._resumed,
            retries=self._visitor.retries,
            paces=self._requester.politeness.report(),
            not_before=self._not_before,
        )
        logger.info(
            "%s %s: %s, %d requests, %d resumed, %s",
            self._source.name, self._date, result.counts, result.requests, result.resumed, finish_reason,
        )  # fmt: skip
        return result

    def _read_spool(self) -> None:
        for entry, place in self._visitor.spool.entries():
            url = entry["url"]
            if entry["outcome"] == RETRY:
                self._walk.visited.set_retry(url, entry)
                continue
            self._walk.visited.record(url, entry["outcome"], orjson.dumps(entry), place)
            self._resumed += 1
            if "delivered_from" in entry:
                self._walk.visited.add_delivered(entry["delivered_from"], url)

    async def _report(self, on_progress: Callable[[int, int], None]) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            on_progress(self._walk.visited.finished, len(self._walk))

    async def _visit_level(self, only: Collection[str] | None) -> bool:
        """Visit the URLs of the next depth; return whether there were any."""
        hosts = self._walk.begin_level()
        if not hosts:
            return False
        fetch = self._source.fetch
        self._visitor.known = len(self._walk)
        self._capped |= self._walk.cap_level(fetch.max_pages, fetch.max_pages_per_host)
        active = asyncio.Semaphore(_MAX_ACTIVE_HOSTS)
        await all_or_nothing(self._visit_host(host, active) for host in hosts if only is None or host in only)
        self._walk.end_level()
        return True

    async def _visit_host(self, host: str, active: asyncio.Semaphore) -> None:
        async with active:
            health = self._requester.health(host)
            queue = HostQueue(self._walk.level_of(host), health, self._clock)
            await all_or_nothing(self._work(queue) for _ in range(self._source.fetch.concurrency))
            if health.paused is not None:
                wait = dt.timedelta(seconds=max(0.0, health.wait_seconds()))
                self._not_before[host] = self._requester.now() + wait
                self._walk.settle_host(host, health.paused)

    async def _work(self, queue: HostQueue) -> None:
        while (taken := await queue.take()) is not None:
            node, is_visited = taken
            if is_visited:
                await self._visitor.read_again(node, queue)
            else:
                await self._visitor.visit(node, queue)
