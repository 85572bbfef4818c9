"""The ways in as a Dagster resource: which transport a source gets, and how it is confined."""

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl
from pydantic import Field

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.crawler import CrawlResult, LoadPayload
    from webdata_assets.stages.crawl.spool import Spool
    from webdata_assets.stages.crawl.transport import Transport

PROGRESS_SECONDS = 5.0


class FetcherResource(dg.ConfigurableResource["FetcherResource"]):
    """Open a transport for a source, and crawl through it."""

    user_agent: str
    connect_to: dict[str, str] = Field(default_factory=dict)
    """Connect elsewhere for a host: host → `address:port`."""
    chromium: str = ""
    """The browser's executable; found if empty."""

    def open_transport(self, source: "Source") -> "Transport":
        """Return the way in that the source declares; a browser is looked for at the first page."""
        from webdata_assets.stages.crawl import ways

        chromium = Path(self.chromium) if self.chromium else None
        return ways.open_transport(source, connect_to=self.connect_to, chromium=chromium)

    async def crawl(
        self,
        source: "Source",
        date: dt.date,
        frontier: pl.DataFrame,
        *,
        spool: "Spool",
        load_payload: "LoadPayload",
        now: Callable[[], dt.datetime],
        log: Callable[[str], None],
    ) -> "CrawlResult":
        """Visit the frontier; see stages/crawl/crawler.py. Progress goes to `log` every five seconds."""
        from webdata_assets.stages.crawl.crawler import crawl

        transport = self.open_transport(source)
        try:
            return await crawl(
                source,
                date,
                frontier,
                transport=transport,
                spool=spool,
                load_payload=load_payload,
                user_agent=self.user_agent,
                now=now,
                on_progress=_every_few_seconds(log),
            )
        finally:
            await transport.close()


def _every_few_seconds(log: Callable[[str], None]) -> Callable[[int, int], None]:
    last = time.monotonic()

    def report(finished: int, known: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            log(f"{finished} of {known} known pages finished")

    return report
