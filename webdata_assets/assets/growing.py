"""Pages that were read before: only those that are not kept yet are read.

So partitions grow while their date lasts, and so steps that read batches hand over what these gave. What
belongs here: which pages are new, and which make a batch. What does not: reading them (stages/extract), and
keeping what they gave (store/extractions.py).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from webdata_assets.stages.extract.batches import Batch, plan_batches
from webdata_assets.stages.extract.extraction import Extraction, joined
from webdata_assets.store.extractions import KeptExtractions
from webdata_assets.store.payloads import Payloads

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.extract.workers.pool import ExtractionPool


def extract_new(
    pool: "ExtractionPool",
    source: "Source",
    pages: pl.LazyFrame,
    kept: KeptExtractions,
    tell: Callable[[str], None],
) -> Iterator[Extraction]:
    """Yield what all pages of a partition gave, of which only those that are not kept yet are read now."""
    present = Payloads.hashes(pages)
    known: set[str] = set()
    for urls, extraction in kept.read(present):
        known |= set(urls)
        yield extraction
    tell(f"{len(known)} pages are as they were, {len(present) - len(known)} are read")
    fresh = pages.filter(~pl.col("url").is_in(list(known))) if known else pages
    if len(known) == len(present):
        return
    read = list(pool.extract(source, Payloads.of_pages(fresh), total=len(present) - len(known), tell=tell))
    kept.add({url: each for url, each in present.items() if url not in known}, joined(read))
    yield from read


def batches_of(pages: pl.LazyFrame, pages_per_step: int) -> list[Batch]:
    """Return the batches of a partition's pages with content; none where one step reads them all."""
    urls = list(Payloads.hashes(pages))
    if len(urls) <= pages_per_step:
        return []
    return plan_batches(pl.LazyFrame({"url": urls}, schema={"url": pl.String}), pages_per_step)
