"""crawlee's HTTP crawler, tuned: `python -m …by_crawlee TASK`.

Log, statistics, sessions, retries and detection of blocks are off; the queue is in memory; concurrency is
fixed from the start; links are read with lexbor, and known ones are sifted out beforehand.
"""

import asyncio
import logging
import re
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from crawlee import ConcurrencySettings
from crawlee.configuration import Configuration
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext
from crawlee.http_clients import ImpitHttpClient
from crawlee.storage_clients import MemoryStorageClient
from selectolax.lexbor import LexborHTMLParser

from webdata_assets_tests.benchmarks.contenders.pages_file import PagesFile
from webdata_assets_tests.benchmarks.contenders.task import USER_AGENT, Task


async def crawl(task: Task, output: PagesFile) -> None:
    """Fetch the task's pages and, where it says so, those that they link to."""
    crawler = HttpCrawler(
        http_client=ImpitHttpClient(
            browser=None, headers={"User-Agent": USER_AGENT}, http3=False, persist_cookies_per_session=False
        ),
        configuration=Configuration(
            log_level="CRITICAL",
            purge_on_start=False,
            persist_state_interval=timedelta(days=1),
            # never to be slowed down by what else the machine does
            max_used_cpu_ratio=1.0,
            max_used_memory_ratio=1.0,
            available_memory_ratio=1.0,
            max_event_loop_delay=timedelta(days=1),
        ),
        storage_client=MemoryStorageClient(),
        concurrency_settings=ConcurrencySettings(
            min_concurrency=task.concurrency,
            desired_concurrency=task.concurrency,
            max_concurrency=task.concurrency,
        ),
        max_request_retries=0,
        use_session_pool=False,
        retry_on_blocked=False,
        configure_logging=False,
        status_message_logging_interval=timedelta(days=1),
    )
    known = set(task.urls)
    allow = re.compile(task.allow)

    @crawler.router.default_handler
    async def keep(context: HttpCrawlingContext) -> None:
        body = await context.http_response.read()
        url = context.request.url
        output.add(url, context.http_response.status_code, dict(context.http_response.headers), body)
        if task.follow:
            found = []
            for anchor in LexborHTMLParser(body).css("a[href]"):
                link = urldefrag(urljoin(url, anchor.attributes["href"] or ""))[0]
                if link not in known and allow.match(link):
                    known.add(link)
                    found.append(link)
            await context.add_requests(found)

    await crawler.run(list(task.urls))


def main() -> None:
    task = Task.load(sys.argv[1])
    logging.disable(logging.CRITICAL)
    with PagesFile(Path(task.output)) as output:
        asyncio.run(crawl(task, output))


if __name__ == "__main__":
    main()
