"""Stored payloads: the bytes of pages, verified by hash whenever they are read.

What belongs here: finding and verifying bytes. What does not: interpreting them (stages/extract).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.store.tables import Tables

_HEAVY = frozenset({"payload", "links", "links_rule"})
_OF_CONTENT = frozenset(
    {"etag", "last_modified", "payload_bytes", "payload_hash", "payload_date", "observed_at"}
)
_ROWS_AT_ONCE = 1_000
_PAYLOADS_AT_ONCE = 1_000
_BYTES_AT_ONCE = 32_000_000
_PAYLOAD_COLUMNS = ("url", "final_url", "content_type", "payload", "payload_hash", "payload_date")
_HAS_CONTENT = (pl.col("outcome") == "fetched") & (pl.col("role") != "discovery") & ~pl.col("in_blobs")


class PayloadMissingError(PermanentError, LookupError):
    """A partition does not hold the bytes that a page refers to."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.RESOURCE)


class PayloadCorruptError(PermanentError):
    """Stored bytes whose hash is not the one recorded."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.RESOURCE)


@dataclass(frozen=True)
class Payloads:
    """Read the payloads that the pages table holds."""

    tables: Tables

    def load(self, source: str, url: str, payload_hash: str, payload_date: dt.date) -> bytes:
        """Return the bytes of one page.

        Raises:
            PayloadMissingError: the partition does not hold them (any more).
            PayloadCorruptError: their hash is not the one recorded.
        """
        row = (
            self.tables.scan(PAGES)
            .filter((pl.col("date") == payload_date) & (pl.col("source") == source) & (pl.col("url") == url))
            .select("payload")
            .collect()
        )
        if row.height == 0 or row.item(0, 0) is None:
            raise PayloadMissingError(f"{payload_date}|{source} holds no payload of {url}")
        body: bytes = row.item(0, 0)
        _verify(url, body, payload_hash)
        return body

    @staticmethod
    def of_pages(pages: pl.DataFrame | pl.LazyFrame) -> Iterator[Payload]:
        """Yield the payload of each fetched content page by URL, hash verified; binaries are not read.

        They are read window by window of URLs, in whose order a partition's rows are stored: a scan of the
        whole would decode most of its payloads ahead.

        Raises:
            PayloadCorruptError: stored bytes have another hash than the one recorded.
        """
        content = pages.lazy().filter(_HAS_CONTENT)
        sizes = content.select("url", pl.col("payload_bytes").fill_null(0)).sort("url").collect()
        for first, last in _windows(sizes):
            here = pl.col("url").is_between(pl.lit(first), pl.lit(last))
            for url, *rest in content.filter(here).select(_PAYLOAD_COLUMNS).sort("url").collect().iter_rows():
                final_url, content_type, body, payload_hash, payload_date = rest
                _verify(url, body, payload_hash)
                yield Payload(
                    url=url,
                    final_url=final_url or url,
                    content_type=content_type,
                    body=body,
                    payload_hash=payload_hash,
                    payload_date=payload_date,
                )

    @staticmethod
    def count(pages: pl.LazyFrame) -> int:
        """Return the number of payloads that `of_pages` yields, without reading one."""
        number: int = pages.filter(_HAS_CONTENT).select(pl.len()).collect().item()
        return number

    @staticmethod
    def hashes(pages: pl.LazyFrame) -> dict[str, str]:
        """Return URL → payload hash of what `of_pages` yields, without reading a payload."""
        return dict(pages.filter(_HAS_CONTENT).select("url", "payload_hash").collect().iter_rows())

    def last_visits(self, partition: Partition, admitted: pl.DataFrame) -> pl.DataFrame:
        """Return, per URL, the newest visit before the partition's date among admitted partitions.

        Args:
            partition: the partition about to be crawled.
            admitted: columns `date` and `source`, the admitted partitions of pages.

        Returns:
            The pages table's columns without `payload` and `links`. Hash, validators and `observed_at` are
            those of the newest visit that reached the page.
        """
        earlier = admitted.filter(
            (pl.col("source") == partition.source) & (pl.col("date") < partition.date)
        ).select("date")
        columns = [name for name in PAGES.polars_schema if name not in _HEAVY]
        reached = pl.col("outcome").is_in(["fetched", "unchanged"])
        return (
            self.tables.scan(PAGES)
            .select(columns)
            .filter((pl.col("source") == partition.source) & (pl.col("date") < partition.date))
            .join(earlier.lazy(), on="date", how="semi")
            .sort("date")
            .group_by("url", maintain_order=True)
            .agg(
                # a visit that failed since does not make the bytes unknown that were seen before it
                pl.col(name).filter(reached).last() if name in _OF_CONTENT else pl.col(name).last()
                for name in columns
                if name != "url"
            )
            .collect()
            .select(columns)
            .sort("url")
        )

    def links(self, source: str, date: dt.date) -> Iterator[tuple[str, str, str]]:
        """Yield URL, rule and links in JSON of every page of a partition that was read for links."""
        rows = (
            self.tables.scan(PAGES)
            .filter((pl.col("date") == date) & (pl.col("source") == source) & pl.col("links").is_not_null())
            .select("url", "links_rule", "links")
        )
        for batch in rows.collect_batches(chunk_size=_ROWS_AT_ONCE):
            yield from batch.iter_rows()


def _windows(sizes: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield first and last URL of as many pages as are read at once; `sizes` is `url` and bytes, by URL."""
    first: str | None = None
    last = ""
    pages = size = 0
    for url, payload_bytes in sizes.iter_rows():
        if first is not None and (pages == _PAYLOADS_AT_ONCE or size + payload_bytes > _BYTES_AT_ONCE):
            yield first, last
            first, pages, size = None, 0, 0
        first, last = first or url, url
        pages, size = pages + 1, size + payload_bytes
    if first is not None:
        yield first, last


def _verify(url: str, body: bytes, payload_hash: str) -> None:
    found = blake3(body).hexdigest()
    if found != payload_hash:
        raise PayloadCorruptError(
            f"stored payload of {url} has BLAKE3 {found[:16]}…, recorded was {payload_hash[:16]}…"
        )
