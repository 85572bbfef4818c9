"""Checks of changes: one row per record, and none about records that nobody knows."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.changes import CHANGE_KINDS, CHANGES
from webdata_assets.schemas.records import RECORDS


def every_record_is_told_of(subject: Subject) -> Finding:
    """Every record of the partition is told of, and nobody is told of that is not there.

    Formula: records without a row + rows, but for those of gone records, without a record = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    records = set(subject.rows_of(RECORDS, columns=["record_id"])["record_id"])
    told = set(subject.rows.filter(pl.col("kind") != "gone")["record_id"])
    missing, unknown = len(records - told), len(told - records)
    detail = (
        f"{missing} records without a row, {unknown} rows without a record" if missing + unknown else None
    )
    counts = {kind: float(subject.rows.filter(kind=kind).height) for kind in CHANGE_KINDS}
    return Finding(
        missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail, metrics=counts
    )


CHECKS = (
    schema_check(CHANGES),
    unique_keys_check(CHANGES),
    Check(
        "reconciliation", CHANGES, "Records without a row + rows, but for gone ones, without a record = 0.",
        every_record_is_told_of,
    ),
)  # fmt: skip
