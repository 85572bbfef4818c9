"""What a spider's own process writes down when the spider is closed: the mark that its feed is complete.

What belongs here: the stats collector that Scrapy loads in the spider's process. What does not: anything that
runs in ours; this module imports Scrapy, which is an extra.
"""

from pathlib import Path
from typing import Any

import orjson
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import MemoryStatsCollector
from twisted.python.failure import Failure

from webdata_assets.stages.crawl.scrapy.command import FEED_SETTING, RECORD_SETTING

_MAX_ERROR = 10_000
"""Characters that are kept of an exception's text; far more than are shown once secrets are out of it."""


class RecordingStats(MemoryStatsCollector):
    """Scrapy's own collector, which also writes how the spider ended.

    Scrapy closes the collector last, after the feed was closed. A process that is killed leaves no record.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Listen to the exceptions of callbacks and pipelines, which Scrapy only logs."""
        super().__init__(crawler)
        self._record = Path(crawler.settings[RECORD_SETTING])
        self._feed = Path(crawler.settings[FEED_SETTING])
        self._items = 0
        self._errors = 0
        self._first_error: str | None = None
        crawler.signals.connect(self._count_item, signal=signals.item_scraped)
        crawler.signals.connect(self._count_error, signal=signals.spider_error)
        crawler.signals.connect(self._count_error, signal=signals.item_error)

    def close_spider(
        self,
        spider: Any = None,  # noqa: ARG002 (Scrapy's signature)
        reason: str | None = None,
    ) -> None:
        """Write the record, whole or not at all."""
        super().close_spider(reason=reason)
        record = {
            "reason": _plain(reason or ""),
            "errors": self._errors,
            "first_error": self._first_error,
            "responses": self.get_value("response_received_count", 0),
            "unreached": self.get_value("downloader/exception_count", 0),
            # of an item that cannot be written, Scrapy logs an error and no more
            "unwritten": self._items - _lines_of(self._feed),
            "feed_bytes": self._feed.stat().st_size if self._feed.exists() else 0,
        }
        unfinished = self._record.with_suffix(".tmp")
        unfinished.write_bytes(orjson.dumps(record))
        unfinished.replace(self._record)

    def _count_item(self) -> None:
        self._items += 1

    def _count_error(self, failure: Failure) -> None:
        self._errors += 1
        if self._first_error is None:
            said = f"{type(failure.value).__name__}: {failure.getErrorMessage()}"
            self._first_error = _plain(said[:_MAX_ERROR])


def _plain(text: str) -> str:
    """Return text that can be written: half surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode()


def _lines_of(feed: Path) -> int:
    if not feed.exists():
        return 0
    with feed.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
