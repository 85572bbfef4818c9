"""`webdata export warc`: the pages of one admitted partition as a web archive.

What belongs here: which pages, with which bytes, and the command's report. What does not: the archive's
format (stages/export/warc.py).
"""

import datetime as dt
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import NotAdmittedError
from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets.settings import Settings
from webdata_assets.sources.registry import load_sources
from webdata_assets.stages.export.warc import PageCapture, Repeated, write_warc
from webdata_assets.store import Store

_OK = 200
_NOT_MODIFIED = 304
_ROWS_AT_ONCE = 500
_COLUMNS = (
    "date", "url", "final_url", "outcome", "http_status", "content_type", "etag", "last_modified", "payload",
    "payload_hash", "payload_date", "observed_at", "fetched_at",
)  # fmt: skip
_EARLIER_COLUMNS = ("date", "url", "final_url", "payload_hash", "observed_at", "fetched_at")


def write_partition(source: str, date: dt.date, out: Path, *, complete: bool) -> dict[str, Any]:
    """Write a partition's pages to a file; the same data version gives the same bytes.

    Returns:
        `partition`, `path`, counts of records by kind, and of pages that were `left_out`.

    Raises:
        NotAdmittedError: the partition is not admitted.
        PermanentError: CONFIGURATION, when the source is not known or the file cannot be written; RESOURCE,
            when bytes are stored no more.
    """
    settings = Settings()
    partition = Partition(date, source)
    store = Store.of(settings)
    write = store.ledger.newest_write(PAGES, partition)
    if write is None:
        load_sources(settings.sources, patches=settings.patches).get(source)
        raise NotAdmittedError(f"pages {partition} was never materialized; materialize it first")
    store.ledger.require_admitted(PAGES, partition)
    written = write_warc(
        partition_captures(store, partition, complete=complete),
        out,
        software=f"webdata-assets {version('webdata_assets')}",
        about=f"pages of {source} on {date}",
        now=write.at,
    )
    return {
        "partition": partition.key,
        "path": str(out),
        "responses": written.responses,
        "revisits": written.revisits,
        "redirects": written.redirects,
        "left_out": write.rows - written.responses - written.revisits,
    }


def partition_captures(store: Store, partition: Partition, *, complete: bool) -> Iterator[PageCapture]:
    """Yield the pages of a partition that were reached or gone, in the order of the table.

    Args:
        store: where they are.
        partition: admitted.
        complete: whether unchanged pages come with their bytes.

    Raises:
        NotAdmittedError: the partition is not admitted any more.
    """
    is_gone = (pl.col("outcome") == "gone") & pl.col("http_status").is_in([404, 410])
    rows = store.scan_admitted_partition(PAGES, partition).filter(
        pl.col("outcome").is_in(["fetched", "unchanged"]) | is_gone
    )
    if not rows.select("url").collect()["url"].is_sorted():
        # files that were put together since may have changed the order, and with it the bytes of the archive
        rows = rows.sort("url")
    for batch in rows.select(_COLUMNS).collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
        originals = _originals(store, partition.source, batch, with_payload=complete)
        for row in batch.iter_rows(named=True):
            yield _capture(store, row, originals.get(row["url"]), complete=complete)


def _originals(
    store: Store, source: str, batch: pl.DataFrame, *, with_payload: bool
) -> dict[str, dict[str, Any]]:
    """Return the earlier rows that hold the bytes of a batch's unchanged pages, by URL."""
    unchanged = batch.filter(pl.col("outcome") == "unchanged")
    if unchanged.height == 0:
        return {}
    wanted = unchanged.select("url", "payload_hash", date="payload_date")
    earlier = (
        store.tables.scan(PAGES)
        .filter(
            (pl.col("source") == source)
            & pl.col("date").is_in(wanted["date"].unique().implode())
            & (pl.col("outcome") == "fetched")
        )
        .select(*_EARLIER_COLUMNS, *(["payload"] if with_payload else []))
        .join(wanted.lazy(), on=["date", "url", "payload_hash"], how="semi")
        .collect()
    )
    return {row["url"]: row for row in earlier.iter_rows(named=True)}


def _capture(
    store: Store, row: dict[str, Any], original: dict[str, Any] | None, *, complete: bool
) -> PageCapture:
    body, status = row["payload"], row["http_status"] or _OK
    has_body = row["outcome"] == "fetched" or (complete and row["outcome"] == "unchanged")
    if has_body and original is not None:
        body = original["payload"]
    if has_body and body is None:
        # binaries lie beside the table; bytes that are nowhere are an error
        body = store.blobs.get(row["payload_hash"])
    return PageCapture(
        url=row["url"],
        moment=_moment(row),
        status=_OK if has_body and status == _NOT_MODIFIED else status,
        final_url=row["final_url"],
        content_type=row["content_type"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        payload=body,
        payload_hash=None if row["outcome"] == "gone" else row["payload_hash"],
        repeats=None
        if original is None
        else Repeated(original["final_url"] or original["url"], _moment(original)),
    )


def _moment(row: dict[str, Any]) -> dt.datetime:
    """Return the moment of a capture, which lies in its partition's date also where it is the date's end."""
    moment: dt.datetime = row["observed_at"] or row["fetched_at"]
    end_of_date = dt.datetime.combine(row["date"] + dt.timedelta(days=1), dt.time(), dt.UTC)
    return end_of_date - dt.timedelta(microseconds=1) if moment == end_of_date else moment
