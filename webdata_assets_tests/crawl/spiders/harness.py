"""A site with a shelf of books, jobs of Scrapy on it, and a clock that runs faster."""

import asyncio
import datetime as dt
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.jobs import Batch, Delivered
from webdata_assets.stages.crawl.scrapy.jobs import ScrapyJobs

HERE = Path(__file__).parent
DATE = dt.date(2026, 6, 2)
USER_AGENT = "webdata-assets/0.1 (+https://example.org)"


class DeadlineClock:
    """Passes a deadline as soon as a file is there, and hurries through every shorter wait."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 10:
            await asyncio.sleep(seconds / 20)
        while not self._file.exists():
            await asyncio.sleep(0.02)


class Shelf:
    """A site: `/` links to books, `/chain/0` to the next of the chain."""

    def __init__(self) -> None:
        self.paths: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.url = ""
        self.delay = 0.0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Shelf"]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.paths[path] += 1
        self.agents.add(request.headers.get("user-agent", ""))
        if path == "/robots.txt":
            return web.Response(text="User-agent: *\nDisallow: /book/3\n")
        await asyncio.sleep(self.delay)
        if path.startswith("/chain/"):
            number = int(path.rsplit("/", 1)[1])
            links = f"<a href='/chain/{number + 1}'>next</a>" if number < 9 else ""
        else:
            links = "".join(f"<a href='/book/{number}'>{number}</a>" for number in range(4))
        return web.Response(text=f"<p>{path}</p>{links}", content_type="text/html")


def source_of(options: dict[str, Any] | None = None, **fetch: Any) -> Source:
    """Return a source whose way is Scrapy; the rule is taken from job_rule."""
    return Source.model_validate(
        {
            "name": "books",
            "description": "Books of a shop",
            "start": "2026-06-01",
            "allow_private": True,
            "fetch": {
                "via": "scrapy",
                "requests_per_second": 500,
                "timeout_seconds": 5,
                "max_attempts": 1,
                "services": {"scrapy": {"options": options or {}}},
                "discover": [{"by": "job", "name": "unused.py", "start": ["http://shop.example/"]}],
                **fetch,
            },
            "extract": {"kind": "document"},
        }
    )


def job_rule(name: str, start: str = "http://shop.example/", **values: Any) -> DiscoverJob:
    return DiscoverJob.model_validate({"by": "job", "name": name, "start": [start], **values})


def jobs_of(
    source: Source, folder: Path, *, environ: Mapping[str, str] | None = None, clock: Clock | None = None
) -> ScrapyJobs:
    return ScrapyJobs(
        source,
        root=HERE,
        folder=folder,
        environ=os.environ if environ is None else environ,
        clock=clock or SystemClock(),
        user_agent=USER_AGENT,
    )


async def run(jobs: ScrapyJobs, rule: DiscoverJob, cursor: str | None = None) -> list[Delivered]:
    """Start a job and return all that it delivers."""
    return [page for batch in await batches_of(jobs, rule, cursor) for page in batch.pages]


async def batches_of(jobs: ScrapyJobs, rule: DiscoverJob, cursor: str | None = None) -> list[Batch]:
    job = await jobs.start(rule, rule.start[0], DATE)
    return [batch async for batch in jobs.results(rule, job, cursor)]
