"""Visits to a server of others: what the engine made of them, and what the server saw of it.

What belongs here: one crawl of a few of its pages, by either http way. What does not: any server.
"""

import time
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.result import CrawlResult
from webdata_assets_tests.crawl.harness import DATE, HOST, START, Crawling, source_of
from webdata_assets_tests.crawl.transports import HttpWay
from webdata_assets_tests.real_sites.process import Answered, ServerProcess

NEXT_DAY = DATE.replace(day=DATE.day + 1)
_LOG_SECONDS = 3.0


class Visiting:
    """Crawls pages of one server, which answers for `http://site.test/`."""

    def __init__(self, server: ServerProcess, way: HttpWay, spool: Path) -> None:
        self.server = server
        self._way = way
        self._crawling = Crawling(server, spool)  # type: ignore[arg-type]
        self._seen_before = len(server.answers())

    @property
    def slept(self) -> list[float]:
        """How long the crawl waited, each time, in seconds that nobody had to wait."""
        return self._crawling.clock.slept

    def crawl(
        self,
        *rules: dict[str, Any],
        after: CrawlResult | None = None,
        clock: Clock | None = None,
        **fetch: Any,
    ) -> CrawlResult:
        """Crawl the day, or the next one after a crawl of the day."""
        return self._crawling.run(
            source_of(*rules, **fetch),
            after=None if after is None else after.pages,
            date=DATE if after is None else NEXT_DAY,
            transport=self._way(connect_to={HOST: self.server.address}),
            clock=clock,
        )

    def row(self, path: str, **fetch: Any) -> dict[str, Any]:
        """Crawl one page by its path without a slash before it, and return its row."""
        result = self.crawl({"by": "urls", "start": [START + path]}, **fetch)
        return result.pages.row(by_predicate=pl.col("url") == START + path, named=True)

    def two_days(self, path: str, **fetch: Any) -> list[dict[str, Any]]:
        """Crawl one page on two days and return both rows."""
        rule = {"by": "urls", "start": [START + path]}
        first = self.crawl(rule, **fetch)
        second = self.crawl(rule, after=first, **fetch)
        return [result.pages.row(0, named=True) for result in (first, second)]

    def saw(self, least: int = 1) -> list[Answered]:
        """Return what the server was asked since this began, once it is at least so much."""
        deadline = time.monotonic() + _LOG_SECONDS
        while len(answers := self.server.answers()[self._seen_before :]) < least:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return answers

    def saw_targets(self, least: int = 1) -> list[str]:
        """Return path and query of what the server was asked."""
        return [answer.target for answer in self.saw(least)]

    def saw_statuses(self, least: int = 1) -> list[int]:
        """Return what the server answered."""
        return [answer.status for answer in self.saw(least)]


def said(row: dict[str, Any]) -> tuple[str, int, int | None, str | None]:
    """Outcome, attempts, status and failure domain of a page."""
    return row["outcome"], row["attempts"], row["http_status"], row["failure_domain"]
