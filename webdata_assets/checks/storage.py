"""Checks of maintenance: it changed no content."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.storage import STORAGE


def content_unchanged(subject: Subject) -> Finding:
    """What was put together holds what it held.

    Formula: layers whose content hash before compaction ≠ the one after = 0.
    Severity: blocks.
    Source: maintenance is no change of data; no threshold to choose.
    """
    before, after = pl.col("content_before"), pl.col("content_after")
    changed = subject.rows.filter(before.ne_missing(after))["layer"].sort().to_list()
    compared = subject.rows["content_before"].drop_nulls().len()
    detail = f"changed: {', '.join(changed)}" if changed else f"{compared} layers were put together"
    return Finding(not changed, value=len(changed), threshold=0, detail=detail)


CHECKS = (
    schema_check(STORAGE),
    unique_keys_check(STORAGE),
    Check(
        "content_unchanged", STORAGE, "Layers whose content hash before ≠ after compaction = 0.",
        content_unchanged,
    ),
)  # fmt: skip
