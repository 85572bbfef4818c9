"""The daily reports that were rendered."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class QualityReport(dy.Schema):
    """One self-contained HTML page."""

    date = dy.Date(nullable=False)
    """The day it was made, in UTC; the last one of a day stays."""
    path = dy.String(nullable=False)
    """Where it lies, relative to the store."""
    bytes = dy.Int64(nullable=False, min=1)
    page_hash = columns.blake3_hash()
    """Of the page's bytes."""
    sources = dy.Int64(nullable=False, min=0)
    partitions = dy.Int64(nullable=False, min=0)
    failed_partitions = dy.Int64(nullable=False, min=0)
    """Partitions that a failed or missing blocking check keeps out, of all dates."""
    open_alerts = dy.Int64(nullable=False, min=0)
    rendered_at = columns.moment()


QUALITY_REPORT = Table(
    name="quality_report",
    schema=QualityReport,
    description="One HTML page a day: health, freshness, volume, completeness, quarantine, drift, delivery.",
    key=("date",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "rendered"),
    unhashed=frozenset({"bytes", "page_hash", "rendered_at"}),
    is_log=True,
)
