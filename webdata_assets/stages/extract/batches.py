"""Batches of pages that travel as steps: which pages make one.

What belongs here: cutting a partition by URL. What does not: extracting a batch (workers/pool.py), and
keeping what it gave (store/extractions.py).
"""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl


@dataclass(frozen=True)
class Batch:
    """Neighbouring pages of a partition, in the order of their URLs."""

    first_url: str
    last_url: str
    pages: int

    def rows_of(self, pages: pl.LazyFrame) -> pl.LazyFrame:
        """Return the batch's rows of a frame with the column `url`."""
        return pages.filter(pl.col("url").is_between(pl.lit(self.first_url), pl.lit(self.last_url)))


def plan_batches(pages: pl.LazyFrame, pages_per_batch: int) -> list[Batch]:
    """Return the batches of a partition's pages, all of about the same size; the same for the same pages.

    Args:
        pages: with the column `url`, each once.
        pages_per_batch: at most.
    """
    urls = pages.select("url").sort("url").collect()["url"]
    count = -(-len(urls) // pages_per_batch)
    bounds = [number * len(urls) // count for number in range(count + 1)] if count else []
    return [Batch(urls[start], urls[end - 1], end - start) for start, end in pairwise(bounds)]
