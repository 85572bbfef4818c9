"""Scrapy, tuned: `python -m …by_scrapy TASK`, with `way` `twisted` or `aiohttp`.

Everything is switched off that the task does not need: log, statistics, telnet, cookies, retries, redirects,
decompression, robots.txt, the fingerprints of the duplicate filter; links are read with lexbor, and known
ones are sifted out beforehand.
"""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import scrapy
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser

from webdata_assets_tests.benchmarks.contenders.pages_file import PagesFile
from webdata_assets_tests.benchmarks.contenders.task import USER_AGENT, Task

_UNUSED_DOWNLOADER_MIDDLEWARES = (
    "offsite.OffsiteMiddleware", "robotstxt.RobotsTxtMiddleware", "httpauth.HttpAuthMiddleware",
    "downloadtimeout.DownloadTimeoutMiddleware", "useragent.UserAgentMiddleware", "retry.RetryMiddleware",
    "redirect.MetaRefreshMiddleware", "httpcompression.HttpCompressionMiddleware",
    "redirect.RedirectMiddleware", "cookies.CookiesMiddleware", "httpproxy.HttpProxyMiddleware",
    "stats.DownloaderStats",
)  # fmt: skip
_UNUSED_SPIDER_MIDDLEWARES = (
    "httperror.HttpErrorMiddleware", "referer.RefererMiddleware", "urllength.UrlLengthMiddleware",
    "depth.DepthMiddleware",
)  # fmt: skip
_UNUSED_EXTENSIONS = (
    "corestats.CoreStats", "logcount.LogCount", "telnet.TelnetConsole", "memusage.MemoryUsage",
    "memdebug.MemoryDebugger", "closespider.CloseSpider", "feedexport.FeedExporter", "logstats.LogStats",
    "spiderstate.SpiderState", "throttle.AutoThrottle",
)  # fmt: skip

SETTINGS: dict[str, Any] = {
    "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "COOKIES_ENABLED": False,
    "RETRY_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "AUTOTHROTTLE_ENABLED": False,
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
    "ROBOTSTXT_OBEY": False,
    "DOWNLOAD_DELAY": 0,
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    "DOWNLOADER_MIDDLEWARES": {
        f"scrapy.downloadermiddlewares.{name}": None for name in _UNUSED_DOWNLOADER_MIDDLEWARES
    },
    "SPIDER_MIDDLEWARES": {f"scrapy.spidermiddlewares.{name}": None for name in _UNUSED_SPIDER_MIDDLEWARES},
    "EXTENSIONS": {f"scrapy.extensions.{name}": None for name in _UNUSED_EXTENSIONS},
    "ITEM_PIPELINES": {"webdata_assets_tests.benchmarks.contenders.by_scrapy.ToParquet": 1},
    "USER_AGENT": USER_AGENT,
    "DEFAULT_REQUEST_HEADERS": {"User-Agent": USER_AGENT, "Accept": "*/*"},
}
_WITHOUT_TWISTED = {
    "TWISTED_REACTOR_ENABLED": False,
    "DOWNLOAD_HANDLERS": {"http": "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"},
}
"""Scrapy 2.19's own asyncio loop with its aiohttp handler, still called experimental: a tenth cheaper."""


class ToParquet:
    """The pipeline: every page into one Parquet file."""

    def __init__(self, file: PagesFile) -> None:
        self._file = file

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ToParquet":
        return cls(PagesFile(Path(crawler.settings["OUTPUT"])))

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        self._file.add(**item)
        return item

    def close_spider(self) -> None:
        self._file.__exit__()


class Pages(scrapy.Spider):
    """Fetches the task's pages and, where it says so, those that they link to."""

    name = "pages"

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task
        self._known = set(task.urls)
        self._allow = re.compile(task.allow)

    async def start(self) -> AsyncIterator[Any]:
        for url in self._task.urls:
            yield scrapy.Request(url)

    def parse(self, response: Response) -> Iterator[Any]:
        yield {
            "url": response.url,
            "status": response.status,
            "headers": response.headers.to_unicode_dict(),
            "body": response.body,
        }
        if self._task.follow:
            for anchor in LexborHTMLParser(response.body).css("a[href]"):
                url = urldefrag(urljoin(response.url, anchor.attributes["href"] or ""))[0]
                if url not in self._known and self._allow.match(url):
                    self._known.add(url)
                    yield scrapy.Request(url)


def main() -> None:
    task = Task.load(sys.argv[1])
    settings = SETTINGS | {
        "OUTPUT": task.output,
        "CONCURRENT_REQUESTS": task.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": task.concurrency,
    }
    if task.way == "aiohttp":
        settings |= _WITHOUT_TWISTED
    process = AsyncCrawlerProcess(settings)
    process.crawl(Pages, task=task)
    process.start()


if __name__ == "__main__":
    main()
