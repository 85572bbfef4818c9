"""Crawls hostile answers in a process of its own, so that what each of them costs in memory can be told.

What belongs here: one page after the other, its outcome, and the peak of this process above what it had
before. What does not: the answers, which another process gives (test_bodies.py).
"""

import asyncio
import datetime as dt
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.stages.crawl.crawler import crawl
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.result import CrawlResult
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets_tests.crawl.harness import DATE, HOST, NOW, USER_AGENT, source_of
from webdata_assets_tests.crawl.whole import open_way


def main() -> None:
    """Crawl each rule that standard input names, and print its row of figures."""
    given = json.loads(sys.stdin.read())
    # what is loaded at the first crawl is no page's doing
    _measure(given, given["warm_up"])
    for rule in given["rules"]:
        print(json.dumps(_measure(given, rule)), flush=True)


def _measure(given: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(_crawl(given, rule, FolderSpool(Path(folder))))
        seconds = time.perf_counter() - started
        peak = _resident("VmHWM")
        is_start = pl.col("url") == rule["discover"]["start"][0]
        row = result.pages.row(by_predicate=is_start, named=True)
        dead_letters = result.dead_letters.height
    return {
        "outcome": row["outcome"],
        "failure_domain": row["failure_domain"],
        "reason": row["reason"],
        "dead_letters": dead_letters,
        "seconds": seconds,
        "peak_megabytes": max(0, peak - before) / 1e6,
    }


async def _crawl(given: dict[str, Any], rule: dict[str, Any], spool: Spool) -> CrawlResult:
    source = source_of(rule["discover"], **rule["fetch"])
    way = open_way(given["way"], {HOST: given["address"]})
    try:
        return await crawl(
            source,
            DATE,
            plan_frontier(source, DATE, TABLES["pages"].empty()),
            transport=way,
            spool=spool,
            load_payload=_nothing_stored,
            user_agent=USER_AGENT,
            now=lambda: NOW,
        )
    finally:
        await way.close()


def _nothing_stored(url: str, payload_hash: str, date: dt.date) -> bytes:
    raise LookupError(f"{url} {payload_hash} {date}")


def _resident(name: str) -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
