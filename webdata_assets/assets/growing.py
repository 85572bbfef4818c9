"""Partitions that grow while their date lasts: only the pages that came since are read.

What belongs here: which pages are new. What does not: reading them (stages/extract), and keeping what they
gave (store/extractions.py).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import polars as pl

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
    read = list(pool.extract(source, Payloads.of_pages(fresh), total=len(present) - len(known), tell=tell))
    kept.add({url: each for url, each in present.items() if url not in known}, joined(read))
    yield from read
