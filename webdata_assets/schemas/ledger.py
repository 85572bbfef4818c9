"""The admission ledger: every result of every check, append-only."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

MATERIALIZED = "materialized"
"""The ledger's own entry for a write, made before its commit; it is no verdict, and `passed` is false."""


class CheckResults(dy.Schema):
    """One check's verdict on one data version of one partition of one asset."""

    asset = dy.String(nullable=False)
    check = dy.String(nullable=False)
    date = dy.Date(nullable=True)
    """Null for unpartitioned assets, as is `source`."""
    source = dy.String(nullable=True)
    passed = dy.Bool(nullable=False)
    """A failure keeps readers out where `blocking` is true and `severity` is ERROR."""
    severity = dy.String(nullable=False, check=lambda column: column.is_in(["ERROR", "WARN"]))
    blocking = dy.Bool(nullable=False)
    value = dy.Float64(nullable=True)
    threshold = dy.Float64(nullable=True)
    threshold_origin = dy.String(nullable=True)
    """Where the threshold came from: default, source file, task file or history."""
    metrics = dy.String(nullable=True)
    """The further numbers of the check, as one JSON object; what later partitions are compared with."""
    detail = dy.String(nullable=True)
    """In words, what failed: field, selector, share."""
    data_version = columns.blake3_hash()
    code_version = dy.String(nullable=True)
    rows = dy.Int64(nullable=True, min=0)
    past_version = dy.String(nullable=True)
    """Of a write whose rows are made of earlier dates, too: names what was admitted of them."""
    run_id = dy.String(nullable=False)
    at = columns.moment()


CHECK_RESULTS = Table(
    name="check_results",
    schema=CheckResults,
    description="Every result of every check with value, threshold, data version; admission comes from it.",
    key=("asset", "check", "date", "source", "at"),
    partitioned=False,
)
