"""The crawler: a frontier in, pages and dead letters out, resumable at any moment.

What belongs here: the order of work, retries and their budget, pausing, the spool. What does not: one try of
one URL (visit.py), the order of URLs (walk.py), and the stores (store/).
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.concurrency import all_or_nothing
from webdata_assets.stages.crawl.hosts import HostClosedError, HostQueue
from webdata_assets.stages.crawl.http.proxies import ProxiesExhaustedError, ProxyPool
from webdata_assets.stages.crawl.job_run import JobRun
from webdata_assets.stages.crawl.jobs import JobService
from webdata_assets.stages.crawl.links import LinkReader, LoadLinks, LoadPayload, PayloadGoneError
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.politeness.rates import SharedRates
from webdata_assets.stages.crawl.politeness.robots import RobotsUnavailableError
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.result import CrawlResult, FinishReason, WalkedRows
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.rows import Visit, visit_from_json, visit_to_json
from webdata_assets.stages.crawl.spool import GroupedWriter, Spool
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.visit import Retry, Tries, try_url
from webdata_assets.stages.crawl.walk import Walk

logger = logging.getLogger(__name__)

_MAX_ACTIVE_HOSTS = 512
_FREE_RETRIES = 50
_PROGRESS_SECONDS = 1.0
_HOLD_SECONDS = 5.0
"""Between two looks at a host whose robots.txt is not to be had."""
_RETRY = "retry"


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
    )
    walk = Walk(source, date, frontier, spool.folder / f"walk-{uuid.uuid4().hex}.sqlite")
    run = _Crawl(source, date, walk, requester, spool, clock, dropped)
    run.links = LinkReader(source, requester.scope, walk, load_payload, load_links)
    run.jobs = None if jobs is None else JobRun(jobs, date, spool, walk, run.keep_delivered, now)
    try:
        return await run.run(hosts, on_progress)
    except BaseException:
        walk.close()
        raise
    finally:
        await run.close()
        await requester.close()


class _Crawl:
    links: LinkReader
    jobs: JobRun | None

    def __init__(
        self,
        source: Source,
        date: dt.date,
        walk: Walk,
        requester: Requester,
        spool: Spool,
        clock: Clock,
        dropped: Collection[str],
    ) -> None:
        self._source = source
        self._date = date
        self._walk = walk
        self._requester = requester
        self._spool = spool
        self._clock = clock
        self._dropped = dropped
        self._writer = GroupedWriter(spool)
        self._retries = 0
        self._resumed = 0
        self._capped = False
        self._deferred = False

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
        if self._deferred:
            finish_reason = "paused"
        elif self._capped:
            finish_reason = "capped"
        rows = WalkedRows(self._source, self._date, self._walk, self._spool)
        result = CrawlResult(
            rows,
            rows.dead_letters(),
            self._walk.visited.counts(),
            finish_reason,
            self._walk.visited.payload_bytes,
            requests=self._requester.requests,
            resumed=self._resumed,
            retries=self._retries,
            paces=self._requester.politeness.report(),
        )
        logger.info(
            "%s %s: %s, %d requests, %d resumed, %s",
            self._source.name, self._date, result.counts, result.requests, result.resumed, finish_reason,
        )  # fmt: skip
        return result

    async def close(self) -> None:
        """Finish what is being written."""
        await self._writer.close()
        self._spool.close()

    async def keep_delivered(self, url: str, visit: Visit, start: str) -> None:
        """Keep a page that a job delivered, found from the job's start URL."""
        await self._keep(url, visit, delivered_from=start)
        self._walk.visited.add_delivered(start, url)

    def _read_spool(self) -> None:
        for entry, place in self._spool.entries():
            url = entry["url"]
            if entry["outcome"] == _RETRY:
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
                self._deferred = True
                self._walk.settle_host(host, health.paused)

    async def _work(self, queue: HostQueue) -> None:
        while (taken := await queue.take()) is not None:
            node, is_visited = taken
            if is_visited:
                await self._read_again(node, queue)
            else:
                await self._visit(node, queue)

    async def _visit(self, node: Node, queue: HostQueue) -> None:
        """Bring one URL to its outcome, or put it back: tried, read for links, and in the spool."""
        if node.url in self._dropped:
            await self._keep(node.url, Visit("skipped", "dropped by a person (webdata deadletters)"))
            return
        rule = self._source.fetch.discover[node.rule]
        tries, wait = self._tries_so_far(node)
        if wait > 0:
            queue.put_back(node, wait)
            return
        found = None
        try:
            if isinstance(rule, DiscoverJob):
                visit, found = await self._run_job(node, rule, tries)
            else:
                tried = await try_url(self._requester, node, tries)
                if isinstance(tried, Retry):
                    await self._try_later(node, queue, tried)
                    return
                visit = tried
        except (HostClosedError, RobotsUnavailableError, ProxiesExhaustedError) as error:
            self._hold(node, queue, error)
            return
        except _JobRetryError as error:
            await self._try_later(node, queue, error.retry)
            return
        queue.answered()
        if found is None and node.reads_links and visit.is_reached:
            try:
                visit, found = await self.links.read(node, visit, visit.body)
            except PayloadGoneError:
                queue.put_back(replace(node, last_visit=None), 0)
                return
        if found:
            self._walk.add(node, found)
        await self._keep(node.url, visit)

    async def _read_again(self, node: Node, queue: HostQueue) -> None:
        """Read a page for links that was visited before, by an earlier run or for its content."""
        taken = self._walk.visited.visit_of(node.url)
        assert taken is not None
        known, place = taken
        visit = visit_from_json(known)
        has_links = visit.links is not None
        body = self._spool.payload(place) if visit.outcome == "fetched" and not has_links else None
        try:
            visit, found = await self.links.read(node, visit, body)
        except PayloadGoneError:
            self._walk.visited.forget(node.url)
            queue.put_back(replace(node, last_visit=None), 0)
            return
        self._walk.add(node, found)
        if not has_links:
            self._walk.visited.replace(node.url, visit.outcome, _line(node.url, visit))

    async def _keep(self, url: str, visit: Visit, **further: str) -> None:
        line = _line(url, visit, **further)
        place = await self._writer.write(line, visit.body if visit.outcome == "fetched" else None)
        self._walk.visited.record(url, visit.outcome, line, place)

    def _tries_so_far(self, node: Node) -> tuple[Tries, float]:
        """Return the tries of a URL, and for how many seconds it must still wait for the next one."""
        state = self._walk.visited.retry_of(node.url)
        if state is None:
            return Tries(), 0.0
        tries = Tries.from_json(state, len(self._requester.ways))
        wait = (dt.datetime.fromisoformat(state["not_before"]) - self._requester.now()).total_seconds()
        # waited for once; and a clock that was set back must not make it wait for longer than it was asked to
        self._walk.visited.set_retry(node.url, state | {"after_seconds": 0.0})
        return tries, min(wait, state["after_seconds"])

    async def _try_later(self, node: Node, queue: HostQueue, retry: Retry) -> None:
        """Put a URL back, its tries in the spool; or, once the budget of retries is spent, let it fail."""
        budget = max(_FREE_RETRIES, self._source.fetch.retry_budget * len(self._walk))
        if self._retries >= budget:
            reason = f"{retry.visit.reason}; the retries of the partition are spent (fetch.retry_budget)"
            await self._keep(node.url, replace(retry.visit, reason=reason))
            return
        self._retries += 1
        not_before = self._requester.now() + dt.timedelta(seconds=retry.after_seconds)
        state = retry.tries.to_json() | {
            "url": node.url,
            "outcome": _RETRY,
            "not_before": not_before.isoformat(),
            "after_seconds": retry.after_seconds,
        }
        await self._writer.write(orjson.dumps(state), None)
        self._walk.visited.set_retry(node.url, state | {"after_seconds": 0.0})
        queue.put_back(node, retry.after_seconds)

    def _hold(self, node: Node, queue: HostQueue, error: TransientError) -> None:
        """Put a URL back that was not tried, because its host, or the way to it, is not to be had now."""
        if isinstance(error, ProxiesExhaustedError):
            queue.pause(f"no proxy is healthy: {error}")
        elif isinstance(error, RobotsUnavailableError):
            queue.hold(error.retry_after_seconds or _HOLD_SECONDS, str(error))
        queue.put_back(node, 0)

    async def _run_job(self, node: Node, rule: DiscoverJob, tries: Tries) -> tuple[Visit, list[Any]]:
        if self.jobs is None:
            raise PermanentError(
                f"source {self._source.name}: `by: job` needs a way in that runs jobs",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        first = tries.first_tried_at or self._requester.now()
        try:
            return await self.jobs.run(node, rule)
        except (TransientError, PermanentError) as error:
            if error.failure_domain is FailureDomain.CONFIGURATION:
                raise
            visit = Visit(
                "failed",
                str(error),
                error.failure_domain.value,
                via=self.jobs.service.name,
                attempts=tries.attempts + 1,
                fetched_at=self._requester.now(),
                first_tried_at=first,
            )
            if isinstance(error, TransientError):
                seconds = self._requester.retry_after(node.url, tries.attempts + 1, error, None)
                if seconds is not None:
                    raise _JobRetryError(
                        Retry(Tries(tries.attempts + 1, 0, first), seconds, visit)
                    ) from error
            return visit, []


class _JobRetryError(Exception):
    def __init__(self, retry: Retry) -> None:
        super().__init__(retry.visit.reason)
        self.retry = retry


def _line(url: str, visit: Visit, **further: str) -> bytes:
    return orjson.dumps({"url": url, **further, **visit_to_json(visit)})
