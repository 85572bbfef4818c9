"""The visitor: brings one URL of a crawl to its outcome, or puts it back for another try.

What belongs here: what becomes of a try, retries and their budget, and when a URL is in the spool. What does
not: the try itself (visit.py), and which URL comes next (crawler.py, walk.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import orjson

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.hosts import HostClosedError, HostQueue
from webdata_assets.stages.crawl.http.proxies import ProxiesExhaustedError
from webdata_assets.stages.crawl.job_run import JobRun
from webdata_assets.stages.crawl.links import LinkReader, PayloadGoneError
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.politeness.robots import RobotsUnavailableError
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.rows import Visit, visit_from_json, visit_to_json
from webdata_assets.stages.crawl.spool import Spool, SpoolWriter
from webdata_assets.stages.crawl.visit import Retry, Tries, try_url
from webdata_assets.stages.crawl.walk import Walk

RETRY = "retry"
"""The outcome, in the spool only, of a URL that is to be tried again."""
_FREE_RETRIES = 50
_HOLD_SECONDS = 5.0
"""Between two looks at a host whose robots.txt is not to be had."""


@dataclass(eq=False)
class Visitor:
    """Visits the URLs of one crawl.

    Attributes:
        requester: makes the requests.
        walk: takes what is found, and what is known of each visit.
        spool: has the payloads of earlier runs.
        writer: to the spool.
        links: reads pages for links.
        dropped: URLs that a person has dropped.
        jobs: runs the jobs of services, where the source has any.
        known: URLs of the crawl so far, which the budget of retries goes by.
        retries: made so far.
    """

    requester: Requester
    walk: Walk
    spool: Spool
    writer: SpoolWriter
    links: LinkReader
    dropped: Collection[str]
    jobs: JobRun | None = None
    known: int = 0
    retries: int = 0

    async def visit(self, node: Node, queue: HostQueue) -> None:
        """Bring one URL to its outcome, or put it back: tried, read for links, and in the spool."""
        if node.url in self.dropped:
            await self.keep(node.url, Visit("skipped", "dropped by a person (webdata deadletters)"))
            return
        rule = self.requester.source.fetch.discover[node.rule]
        tries, wait = self._tries_so_far(node)
        if wait > 0:
            queue.put_back(node, wait)
            return
        found = None
        try:
            if isinstance(rule, DiscoverJob):
                visit, found = await self._run_job(node, rule, tries)
            else:
                tried = await try_url(self.requester, node, tries)
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
            self.walk.add(node, found)
        await self.keep(node.url, visit)

    async def read_again(self, node: Node, queue: HostQueue) -> None:
        """Read a page for links that was visited before, by an earlier run or for its content."""
        taken = self.walk.visited.visit_of(node.url)
        assert taken is not None
        known, place = taken
        visit = visit_from_json(known)
        has_links = visit.links is not None
        body = self.spool.payload(place) if visit.outcome == "fetched" and not has_links else None
        try:
            visit, found = await self.links.read(node, visit, body)
        except PayloadGoneError:
            self.walk.visited.forget(node.url)
            queue.put_back(replace(node, last_visit=None), 0)
            return
        self.walk.add(node, found)
        if not has_links:
            self.walk.visited.replace(node.url, visit.outcome, _line(node.url, visit))

    async def keep(self, url: str, visit: Visit, **further: str) -> None:
        """Return once the visit is in the spool."""
        line = _line(url, visit, **further)
        place = await self.writer.write(line, visit.body if visit.outcome == "fetched" else None)
        self.walk.visited.record(url, visit.outcome, line, place)

    async def keep_delivered(self, url: str, visit: Visit, start: str) -> None:
        """Keep a page that a job delivered, found from the job's start URL."""
        await self.keep(url, visit, delivered_from=start)
        self.walk.visited.add_delivered(start, url)

    def _tries_so_far(self, node: Node) -> tuple[Tries, float]:
        """Return the tries of a URL, and for how many seconds it must still wait for the next one."""
        state = self.walk.visited.retry_of(node.url)
        if state is None:
            return Tries(), 0.0
        tries = Tries.from_json(state, len(self.requester.ways))
        wait = (dt.datetime.fromisoformat(state["not_before"]) - self.requester.now()).total_seconds()
        # waited for once; and a clock that was set back must not make it wait for longer than it was asked to
        self.walk.visited.set_retry(node.url, state | {"after_seconds": 0.0})
        return tries, min(wait, state["after_seconds"])

    async def _try_later(self, node: Node, queue: HostQueue, retry: Retry) -> None:
        """Put a URL back, its tries in the spool; or, once the budget of retries is spent, let it fail."""
        budget = max(_FREE_RETRIES, self.requester.source.fetch.retry_budget * self.known)
        if self.retries >= budget:
            reason = f"{retry.visit.reason}; the retries of the partition are spent (fetch.retry_budget)"
            await self.keep(node.url, replace(retry.visit, reason=reason))
            return
        self.retries += 1
        not_before = self.requester.now() + dt.timedelta(seconds=retry.after_seconds)
        state = retry.tries.to_json() | {
            "url": node.url,
            "outcome": RETRY,
            "not_before": not_before.isoformat(),
            "after_seconds": retry.after_seconds,
        }
        await self.writer.write(orjson.dumps(state), None)
        self.walk.visited.set_retry(node.url, state | {"after_seconds": 0.0})
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
                f"source {self.requester.source.name}: `by: job` needs a way in that runs jobs",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        first = tries.first_tried_at or self.requester.now()
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
                fetched_at=self.requester.now(),
                first_tried_at=first,
            )
            if isinstance(error, TransientError):
                seconds = self.requester.retry_after(node.url, tries.attempts + 1, error, None)
                if seconds is not None:
                    raise _JobRetryError(
                        Retry(Tries(tries.attempts + 1, 0, first), seconds, visit)
                    ) from error
            return visit, []


class _JobRetryError(Exception):
    """A job that may be asked for again; carries what `try_url` returns of a page."""

    def __init__(self, retry: Retry) -> None:
        super().__init__(retry.visit.reason)
        self.retry = retry


def _line(url: str, visit: Visit, **further: str) -> bytes:
    return orjson.dumps({"url": url, **further, **visit_to_json(visit)})
