"""A crawl into a store in a process of its own, for tests that kill it.

Run as `python -m webdata_assets_tests.faults.killable_crawl ADDRESS STORE SITE PAGES`.
"""

import asyncio
import datetime as dt
import sys

from webdata_assets.sources.model import Source
from webdata_assets.store.store import Store
from webdata_assets_tests.crawl.harness import DATE, HOST, START, USER_AGENT, source_of, starting
from webdata_assets_tests.crawl.whole import crawl_and_store, open_way

CONCURRENCY = 16
SITES = ("list", "links")


def source_for(site: str, pages: int) -> Source:
    """Return the source: `list` names every page, `links` names the first one."""
    rule = starting("links")
    if site == "list":
        rule = {"by": "urls", "start": [START, *(f"{START}{number}" for number in range(1, pages))]}
    return source_of(rule, concurrency=CONCURRENCY, requests_per_second=100_000)


def main() -> None:
    address, store, site, pages = sys.argv[1:]
    counts = asyncio.run(
        crawl_and_store(
            source_for(site, int(pages)),
            DATE,
            store=Store.open(store),
            transport=open_way("curl", {HOST: address}),
            now=lambda: dt.datetime.now(dt.UTC),
            user_agent=USER_AGENT,
        )
    )
    print(counts)


if __name__ == "__main__":
    main()
