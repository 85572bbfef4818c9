"""Job runs: one job of a service from its start, or from where a killed run left it, to its last page.

What belongs here: keeping the job's name and cursor in the spool, and turning what it delivers into visits.
What does not: any service (vendors/, scrapy/jobs.py).
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.discovery.found import Found
from webdata_assets.stages.crawl.jobs import Delivered, JobService
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.retry import GONE, describe_status
from webdata_assets.stages.crawl.rows import Visit
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.crawl.walk import Walk

Keep = Callable[[str, Visit, str], Awaitable[None]]
"""URL, visit and the job's start URL: returns once the visit is in the spool."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """Runs the jobs of one partition."""

    service: JobService
    date: dt.date
    spool: Spool
    walk: Walk
    keep: Keep
    now: Callable[[], dt.datetime]

    async def run(self, node: Node, rule: DiscoverJob) -> tuple[Visit, list[Found]]:
        """Run the job of a start URL to its end; return its visit, and the pages that it delivered.

        A job is started once: its name is noted before it is waited for, and each page of its results before
        the next one is asked for.

        Raises what the service raises.
        """
        key = f"job {node.rule} {node.url}"
        started_at = self.now()
        note = await asyncio.to_thread(self.spool.read_note, key)
        if note is None:
            note = {
                "job": await self.service.start(rule, node.url, self.date),
                "cursor": None,
                "ended": False,
            }
            await asyncio.to_thread(self.spool.note, key, note)
        if not note["ended"]:
            async for batch in self.service.results(rule, note["job"], note["cursor"]):
                for page in batch.pages:
                    url, visit = self._visit(node, page)
                    await self.keep(url, visit, node.url)
                note = note | {"cursor": batch.cursor, "ended": batch.cursor is None}
                await asyncio.to_thread(self.spool.note, key, note)
        urls = self.walk.visited.delivered(node.url)
        body = orjson.dumps({"job": note["job"], "service": self.service.name, "delivered": len(urls)})
        visit = Visit(
            "fetched",
            final_url=node.url,
            via=self.service.name,
            content_type="application/json",
            payload_bytes=len(body),
            payload_hash=blake3(body).hexdigest(),
            payload_date=self.date,
            attempts=1,
            fetched_at=self.now(),
            first_tried_at=started_at,
            body=body,
        )
        return visit, [Found(url, "content") for url in urls]

    def _visit(self, node: Node, page: Delivered) -> tuple[str, Visit]:
        digest = blake3(page.body).hexdigest()
        url = self._url(node, page.url, digest)
        at = page.fetched_at or self.now()
        base = {
            "final_url": url,
            "http_status": page.status if page.status and 100 <= page.status <= 599 else None,
            "via": self.service.name,
            "content_type": page.content_type,
            "attempts": 1,
            "fetched_at": at,
            "first_tried_at": at,
        }
        if page.status in GONE:
            return url, Visit("gone", describe_status(page.status), **base)  # type: ignore[arg-type]
        if page.status is not None and page.status >= 400:
            domain = FailureDomain.ACCESS if page.status in (401, 403) else FailureDomain.TARGET
            base["final_url"] = None
            return url, Visit("failed", describe_status(page.status), domain.value, **base)  # type: ignore[arg-type]
        last = self.walk.visited.last_visit_of(url)
        if last is not None and last.payload_hash == digest:
            return url, Visit("unchanged", payload_hash=digest, payload_date=last.payload_date, **base)  # type: ignore[arg-type]
        return url, Visit(
            "fetched",
            payload_bytes=len(page.body),
            payload_hash=digest,
            payload_date=self.date,
            body=page.body,
            **base,  # type: ignore[arg-type]
        )

    def _url(self, node: Node, given: str | None, digest: str) -> str:
        """Return the URL of a delivered page, told apart by its content where a job gives one URL twice."""
        try:
            url = canonical_url(given, node.url) if given else node.url
        except PermanentError:
            url = node.url
        known = self.walk.visited.visit_of(url)
        taken = known is not None and known[0].get("payload_hash") != digest
        return f"{url}#{digest[:16]}" if url == node.url or taken else url
