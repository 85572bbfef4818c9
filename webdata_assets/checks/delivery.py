"""Checks of delivery: every sink holds what was sent."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.delivery import DELIVERY


def same_content(subject: Subject) -> Finding:
    """Return whether each sink, read back, has the content hash of the rows that were sent."""
    different = subject.rows.filter(pl.col("content_hash") != pl.col("source_hash"))["sink"].to_list()
    detail = f"sinks that differ from what was sent: {', '.join(different)}" if different else None
    return Finding(
        not different,
        value=len(different),
        threshold=0,
        detail=detail,
        metrics={"sinks": subject.rows.height, "rows": max(subject.rows["rows"].to_list(), default=0)},
    )


CHECKS = (
    schema_check(DELIVERY),
    unique_keys_check(DELIVERY),
    Check("same_content", DELIVERY, "Sinks whose content hash differs from the source's = 0.", same_content),
)
