"""A crawl in a process of its own, for tests that kill it: `python -m …killable ADDRESS SPOOL`."""

import asyncio
import sys
from pathlib import Path

from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.crawler import crawl
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets_tests.crawl.harness import DATE, HOST, NOW, USER_AGENT, source_of, starting

CONCURRENCY = 4


def big_site() -> Source:
    return source_of(starting("links"), concurrency=CONCURRENCY)


async def visit(address: str, spool: Spool) -> None:
    """Crawl the big site, as a test's process that is killed."""
    source = big_site()
    transport = HttpTransport(connect_to={HOST: address})
    await crawl(
        source,
        DATE,
        plan_frontier(source, DATE, TABLES["pages"].empty()),
        transport=transport,
        spool=spool,
        load_payload=lambda *_: b"",
        user_agent=USER_AGENT,
        now=lambda: NOW,
    )
    await transport.close()


if __name__ == "__main__":
    asyncio.run(visit(sys.argv[1], FolderSpool(Path(sys.argv[2]))))
