"""Checks of features: one row per record."""

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.records import RECORDS


def same_records(subject: Subject) -> Finding:
    """Return whether the rows are about exactly the partition's records."""
    return compare_records(
        set(subject.rows_of(RECORDS, columns=["record_id"])["record_id"]), set(subject.rows["record_id"])
    )


def compare_records(wanted: set[str], found: set[str]) -> Finding:
    """Count records without a row and rows without a record."""
    missing, unknown = len(wanted - found), len(found - wanted)
    detail = (
        f"{missing} records without a row, {unknown} rows without a record" if missing + unknown else None
    )
    return Finding(missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail)


CHECKS = (
    schema_check(FEATURES),
    unique_keys_check(FEATURES),
    Check("reconciliation", FEATURES, "Records without features + unknown ones = 0.", same_records),
)  # fmt: skip
