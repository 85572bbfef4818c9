"""Our own engine, from frontier to pages table: `python -m …by_ours TASK`, with `way` `curl` or `aiohttp`."""

import asyncio
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from webdata_assets.sources.model import Source
from webdata_assets.store.store import Store
from webdata_assets_tests.benchmarks.contenders.task import FIRST_DAY, SECOND_DAY, USER_AGENT, Task
from webdata_assets_tests.crawl.whole import crawl_and_store, open_way

MAX_PAGES = 10_000_000


def source_of(task: Task) -> Source:
    """Return the task as a source file would say it."""
    discover: dict[str, Any] = {"by": "urls", "start": task.urls}
    if task.follow:
        discover = {"by": "links", "start": task.urls, "allow": [f"^{task.allow}"], "max_depth": 100}
    return Source.model_validate(
        {
            "name": "benchmark",
            "description": "The site of the crawl benchmark",
            "start": FIRST_DAY,
            "allow_private": True,
            "fetch": {
                "discover": [discover],
                "robots": "ignore",
                "requests_per_second": 100_000,
                "concurrency": task.concurrency,
                "max_pages": MAX_PAGES,
            },
            "extract": {"kind": "document"},
        }
    )


def main() -> None:
    task = Task.load(sys.argv[1])
    date = SECOND_DAY if task.recrawl else FIRST_DAY
    noon = dt.datetime.combine(date, dt.time(12), dt.UTC)
    asyncio.run(
        crawl_and_store(
            source_of(task),
            date,
            store=Store.open(task.output),
            transport=open_way(task.way),
            now=lambda: noon,
            user_agent=USER_AGENT,
            frontier=None if task.frontier is None else Path(task.frontier),
        )
    )


if __name__ == "__main__":
    main()
