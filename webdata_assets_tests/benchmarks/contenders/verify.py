"""What a contender stored: `python -m …verify TASK` prints its pages, bytes and a digest of both, as JSON.

A process of its own, so that the memory it takes is nobody else's.
"""

import json
import sys
from pathlib import Path

import polars as pl
from blake3 import blake3

from webdata_assets.schemas.pages import PAGES
from webdata_assets.store.store import Store
from webdata_assets_tests.benchmarks.contenders.pages_file import PAGES_FILE
from webdata_assets_tests.benchmarks.contenders.task import FIRST_DAY, SECOND_DAY, Task


def stored_pages(task: Task) -> pl.DataFrame:
    """Return URL and body of every page that was reached; unchanged ones have no body."""
    file = Path(task.output) / PAGES_FILE
    if file.exists():
        return pl.read_parquet(file, columns=["url", "status", "body"]).filter(pl.col("status") == 200)
    day = SECOND_DAY if task.recrawl else FIRST_DAY
    reached = pl.col("outcome").is_in(["fetched", "unchanged"])
    pages = Store.open(task.output).tables.scan(PAGES).filter(reached, pl.col("date") == day)
    return pages.select("url", body="payload").collect()


def main() -> None:
    pages = stored_pages(Task.load(sys.argv[1])).sort("url")
    digest = blake3()
    for url, body in pages.select("url", "body").iter_rows():
        digest.update(url.encode())
        digest.update(blake3(body or b"").digest())
    size = pages["body"].bin.size().sum()
    print(json.dumps({"pages": pages.height, "bytes": size, "digest": digest.hexdigest()[:16]}))


if __name__ == "__main__":
    main()
