"""Checks of the corpus: nothing admitted is missing, and duplicates name what is there."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.records import RECORDS


def holds_admitted_records(subject: Subject) -> Finding:
    """The corpus holds every admitted record, and no other.

    Formula: record ids of admitted partitions that are missing + ids that are not admitted = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    admitted = subject.store.scan_admitted(RECORDS).select("record_id").unique().collect()
    held = subject.rows.select("record_id")
    missing = admitted.join(held, on="record_id", how="anti").height
    unknown = held.join(admitted, on="record_id", how="anti").height
    detail = (
        f"{missing} admitted records missing, {unknown} that are not admitted" if missing + unknown else None
    )
    counts = {
        state: float(subject.rows.filter(pl.col("state") == state).height) for state in ("live", "gone")
    }
    return Finding(
        missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail, metrics=counts
    )


def canonical_records_are_live(subject: Subject) -> Finding:
    """Each duplicate names a live record that is no duplicate itself.

    Formula: duplicates of a record that is gone, or itself a duplicate = 0.
    Severity: blocks.
    Source: clusters have one canonical member by definition; no threshold to choose.
    """
    canonical = subject.rows.filter(pl.col("duplicate_of").is_null(), state="live")["record_id"]
    duplicates = subject.rows.filter(pl.col("duplicate_of").is_not_null())
    wrong = duplicates.filter(~pl.col("duplicate_of").is_in(canonical.implode())).height
    return Finding(wrong == 0, value=wrong, threshold=0, metrics={"duplicates": float(duplicates.height)})


CHECKS = (
    schema_check(CORPUS),
    unique_keys_check(CORPUS),
    Check(
        "reconciliation", CORPUS, "Record ids of admitted partitions = record ids of the corpus.",
        holds_admitted_records,
    ),
    Check(
        "canonical", CORPUS, "Duplicates of a record that is gone, or itself a duplicate = 0.",
        canonical_records_are_live,
    ),
)  # fmt: skip
