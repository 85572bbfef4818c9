"""(a) The script: all steps in a row, run again each day: `python -m …by_script PLAN`.

Its crawl asks conditionally the second day, by Scrapy's HTTP cache; the other steps do everything again.
"""

import sys

from webdata_assets_tests.benchmarks.whole import steps
from webdata_assets_tests.benchmarks.whole.plan import Plan


def main() -> None:
    """Take the site from HTML to index."""
    plan = Plan.load(sys.argv[1])
    pages = steps.crawl(plan.origin, plan.folder / "http_cache")
    pages.write_parquet(plan.folder / "pages.parquet", compression="zstd")
    texts = steps.extract(pages, plan.cores)
    texts.write_parquet(plan.folder / "texts.parquet", compression="zstd")
    good = steps.keep_good(texts, plan.cores)
    good.select("url").write_parquet(plan.folder / "good.parquet")
    unique = steps.keep_unique(good)
    chunks = steps.chunk(unique, plan.model)
    steps.index(steps.embed(chunks, plan.model, plan.cores), plan.folder / "index")


if __name__ == "__main__":
    main()
