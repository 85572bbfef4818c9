"""The crawler: a frontier in, pages and dead letters out, resumable at any moment.

What belongs here: the order of work, the page cap, the spool. What does not: one URL's visit (visit.py), the
order of URLs (walk.py), and the stores (store/).
"""

import asyncio
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.concurrency import all_or_nothing
from webdata_assets.stages.crawl.discovery import Found, Page, discover
from webdata_assets.stages.crawl.requester import Requester
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.rows import Visit, dead_letters_frame, page_row, pages_frame, visit_of
from webdata_assets.stages.crawl.spool import GroupedWriter, Spool
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.urls import host_of
from webdata_assets.stages.crawl.visit import visit_url
from webdata_assets.stages.crawl.walk import Node, Walk

logger = logging.getLogger(__name__)

LoadPayload = Callable[[str, str, dt.date], bytes]


@dataclass(frozen=True)
class CrawlResult:
    """A finished crawl.

    Attributes:
        pages: one row per URL, ordered by URL.
        dead_letters: one row per failed URL.
        finish_reason: `capped` when `fetch.max_pages` left URLs unvisited.
        requests: made by this run, redirects, retries and robots.txt included.
        resumed: pages taken from the spool of an earlier run.
    """

    pages: pl.DataFrame
    dead_letters: pl.DataFrame
    finish_reason: Literal["complete", "capped"]
    requests: int
    resumed: int


async def crawl(
    source: Source,
    date: dt.date,
    frontier: pl.DataFrame,
    *,
    transport: Transport,
    spool: Spool,
    load_payload: LoadPayload,
    user_agent: str,
    now: Callable[[], dt.datetime],
    on_progress: Callable[[int, int], None] | None = None,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
) -> CrawlResult:
    """Visit the frontier and what is found from it.

    A page counts as done once it is in the spool; a later call with the same spool does not fetch it again.
    The spool is left as it is: whoever stores the result drops it.

    Args:
        source: says how.
        date: the partition's.
        frontier: see plan_frontier.
        transport: the way in; it stays open.
        spool: of this very partition.
        load_payload: URL, payload hash and payload date → stored bytes, called in a thread for list pages
            that did not change. LookupError means that they are stored no more: the page is fetched again.
        user_agent: sent, and matched against robots.txt.
        now: gives the present moment with its time zone.
        on_progress: told the numbers of pages finished and known.
        clock: for pacing and backoff; the machine's own if not given.
        backoff: between tries of a URL.

    Raises:
        PermanentError: CONFIGURATION, when nothing can be crawled before a person has acted.
    """
    requester = Requester(
        source,
        date,
        transport,
        user_agent=user_agent,
        now=now,
        clock=clock or SystemClock(),
        backoff=backoff or Backoff(),
    )
    run = _Crawl(source, date, frontier, requester, spool, load_payload, on_progress)
    try:
        return await run.run()
    finally:
        await requester.close()


class _Crawl:
    def __init__(
        self,
        source: Source,
        date: dt.date,
        frontier: pl.DataFrame,
        requester: Requester,
        spool: Spool,
        load_payload: LoadPayload,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self._source = source
        self._date = date
        self._requester = requester
        self._writer = GroupedWriter(spool)
        self._load_payload = load_payload
        self._on_progress = on_progress
        self._walk = Walk(source, frontier)
        self._spooled = {row["url"]: visit_of(row) for row in spool.read().iter_rows(named=True)}
        self._visits: dict[str, Visit] = {}
        self._found: dict[str, list[Found]] = {}
        self._resumed = 0
        self._capped = False

    async def run(self) -> CrawlResult:
        """Visit level by level: what a URL's row says must not depend on which answer came first."""
        while True:
            level = self._walk.take_level()
            if not level:
                if self._walk.release_unnamed():
                    continue
                break
            await self._visit_level(self._within_cap(level))
            for node in level:
                self._walk.add(node, self._found.pop(node.url, ()))
                if not self._visits[node.url].is_reached:
                    self._walk.mark_broken(node)
        for node in self._walk.vanished():
            self._visits[node.url] = Visit("gone", "no longer listed")
        return self._result()

    def _within_cap(self, level: list[Node]) -> Iterator[Node]:
        """Yield the nodes that the page cap leaves, and settle the others."""
        cap = self._source.fetch.max_pages
        places = cap - len(self._visits)
        for node in level:
            if node.url in self._visits:
                yield node
            elif places > 0:
                places -= 1
                yield node
            else:
                self._capped = True
                self._visits[node.url] = Visit(
                    "skipped", f"the cap of {cap} pages (fetch.max_pages) is reached"
                )

    async def _visit_level(self, level: Iterable[Node]) -> None:
        by_host: defaultdict[str, list[Node]] = defaultdict(list)
        for node in level:
            by_host[host_of(node.url)].append(node)
        workers = []
        for nodes in by_host.values():
            queue = iter(nodes)
            count = min(self._source.fetch.concurrency, len(nodes))
            workers += [self._work(queue) for _ in range(count)]
        await all_or_nothing(workers)

    async def _work(self, queue: Iterator[Node]) -> None:
        for node in queue:
            await self._finish(node)
            if self._on_progress is not None:
                self._on_progress(len(self._visits), len(self._walk))

    async def _finish(self, node: Node) -> None:
        """Bring one URL to its outcome: visited, read for links, and in the spool."""
        visit = self._visits.get(node.url)
        is_new = False
        if visit is None and (visit := self._spooled.pop(node.url, None)) is not None:
            self._resumed += 1
        if visit is None:
            visit = await visit_url(self._requester, node.url, node.last_visit)
            is_new = True
        if node.reads_links and visit.is_reached:
            visit, found = await self._read(node, visit)
            self._found[node.url] = found
        if is_new:
            await self._writer.write(page_row(self._source, self._date, node, visit))
        # the bytes of unchanged pages have been read for links and are stored elsewhere
        self._visits[node.url] = visit if visit.outcome == "fetched" else replace(visit, body=None)

    async def _read(self, node: Node, visit: Visit) -> tuple[Visit, list[Found]]:
        body = visit.body
        if body is None:
            assert visit.payload_hash is not None and visit.payload_date is not None
            try:
                body = await asyncio.to_thread(
                    self._load_payload, node.url, visit.payload_hash, visit.payload_date
                )
            except LookupError:
                logger.warning("%s: its stored payload is missing; fetching it again", node.url)
                visit = await visit_url(self._requester, node.url, None)
                if visit.body is None:
                    return visit, []
                body = visit.body
        page = Page(visit.final_url or node.url, body, visit.content_type)
        rule = self._source.fetch.discover[node.rule]
        try:
            return visit, discover(self._source, self._requester.scope, rule, page, requested_url=node.url)
        except PermanentError as error:
            if error.failure_domain is FailureDomain.CONFIGURATION:
                raise
            return visit.failed_to_parse(error), []

    def _result(self) -> CrawlResult:
        rows = [page_row(self._source, self._date, node, self._visits[node.url]) for node in self._walk.nodes]
        result = CrawlResult(
            pages=pages_frame(rows),
            dead_letters=dead_letters_frame(rows),
            finish_reason="capped" if self._capped else "complete",
            requests=self._requester.requests,
            resumed=self._resumed,
        )
        logger.info(
            "%s %s: %d pages, %d requests, %d resumed, %s",
            self._source.name, self._date, len(rows), result.requests, result.resumed, result.finish_reason,
        )  # fmt: skip
        return result
