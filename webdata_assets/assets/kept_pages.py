"""What a crawl need not fetch because the partition holds it: what stands of it, and what a dead run left.

What belongs here: how a run says that it repairs, and the spool made ready for it. What does not: which
visits stand (stages/crawl/kept.py).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.stages.crawl.frontier import Retried
from webdata_assets.stages.crawl.kept import keep_pages
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.store import Store
from webdata_assets.store.payloads import PayloadCorruptError

if TYPE_CHECKING:
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.crawl.result import CrawlResult

MISSING_ONLY = {"webdata/visit": "missing"}
"""The tag of runs that visit only what failed, was deferred, is missing, or has lost its bytes."""
NEW_ONLY = {"webdata/visit": "new"}
"""The tag of runs that add to a partition: lists are read again, and only what is new, was replaced, or is
missing is visited."""

_ROWS_AT_ONCE = 500


def visits_missing_only(tags: Mapping[str, str]) -> bool:
    """Return whether a run with these tags keeps what the partition has, lists included."""
    return tags.items() >= MISSING_ONLY.items()


def visits_new_only(tags: Mapping[str, str]) -> bool:
    """Return whether a run with these tags adds to what the partition has."""
    return tags.items() >= NEW_ONLY.items()


def stored_urls(store: Store, partition: Partition) -> list[Retried]:
    """Return the content pages that a partition holds, as its frontier is to name them again.

    A feed that has moved on, or a folder that was emptied, names them no more.
    """
    rows = (
        store.tables.scan_partition(PAGES, partition)
        .filter(pl.col("role") == "content")
        .select("url", "role", "discovery", "depth", "why")
        .collect()
    )
    return [Retried(*row) for row in rows.iter_rows()]


def keep_stored(
    store: Store,
    source: "Source",
    partition: Partition,
    spool: Spool,
    is_kept: Callable[[Mapping[str, Any]], bool] | None = None,
) -> int:
    """Fill the spool with the stored visits of the partition that stand; return how many do.

    Args:
        store: where they are.
        source: of the partition.
        partition: the partition.
        spool: is filled.
        is_kept: whether a row is to be kept, if it stands; every one, if not given.
    """
    stored = store.tables.scan_partition(PAGES, partition).collect_batches(chunk_size=_ROWS_AT_ONCE)
    return keep_pages(spool, source, stored, lambda digest: _binary(store, digest), is_kept)


def left_unchecked(store: Store, partition: Partition, spool: Spool) -> "CrawlResult | None":
    """Return what a run that died between its commit and its checks had crawled: it is not fetched again."""
    from webdata_assets.stages.crawl.result import CrawlResult

    pages, dead_letters = (store.read_unjudged(table, partition) for table in (PAGES, DEAD_LETTERS))
    if pages is None or dead_letters is None or not spool.is_empty():
        return None
    return CrawlResult.stored(pages, dead_letters)


def _binary(store: Store, digest: str) -> bytes:
    try:
        return store.blobs.get(digest)
    except PayloadCorruptError as error:
        raise LookupError(str(error)) from error
