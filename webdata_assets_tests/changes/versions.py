"""Versions of records by date, and what changed between them.

What belongs here: building partitions of records and pages. What does not: assertions.
"""

import datetime as dt

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.changes import Changes
from webdata_assets.stages.changes.detect import detect_changes
from webdata_assets.stages.clean.identity import content_hash
from webdata_assets_tests.store.rows import DAY, frame, row


def day(number: int) -> Partition:
    return Partition(DAY + dt.timedelta(days=number), "shop")


def version(partition: Partition, number: int = 0, **content: object) -> dict[str, object]:
    """Return a record whose content hash follows from its content."""
    plain = row("records", partition, number, **content)
    hashed = {name: plain.get(name) for name in ("title", "text", "price", "currency", "extra")}
    return {**plain, "content_hash": content_hash({**hashed, **content})}


def gone_page(partition: Partition, number: int = 0) -> dict[str, object]:
    missing = dict.fromkeys(("payload", "payload_hash", "payload_date", "payload_bytes"))
    return row("pages", partition, number, **missing, outcome="gone", reason="404", http_status=404)


def changes_of(
    partition: Partition,
    records: list[dict[str, object]],
    pages: list[dict[str, object]] = (),
    earlier_records: list[dict[str, object]] = (),
    earlier_pages: list[dict[str, object]] = (),
) -> pl.DataFrame:
    """Return the changes of a partition, which keep every rule of their table."""
    return Changes.validate(
        detect_changes(
            partition,
            frame("records", *records).lazy(),
            frame("pages", *pages).lazy(),
            frame("records", *earlier_records).lazy(),
            frame("pages", *earlier_pages).lazy(),
        )
    )
