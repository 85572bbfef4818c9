"""Checks of fingerprints and near-duplicates: no text is left out, clusters have one canonical member."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.schemas.records import RECORDS


def every_text_has_a_fingerprint(subject: Subject) -> Finding:
    """Every text can be found as a near-duplicate, and nothing else can.

    Formula: texts without a fingerprint + fingerprints without a text = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    texts = subject.rows_of(RECORDS, columns=["record_id", "text"]).filter(pl.col("text").is_not_null())
    missing = texts.join(subject.rows, on="record_id", how="anti").height
    unknown = subject.rows.join(texts, on="record_id", how="anti").height
    detail = f"{missing} texts without a row, {unknown} rows without a text" if missing + unknown else None
    return Finding(missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail)


def canonical_records_are_no_duplicates(subject: Subject) -> Finding:
    """No record stands for others and is a duplicate itself.

    Formula: canonical records that are duplicates themselves = 0.
    Severity: blocks.
    Source: clusters are closed under near-duplication, as those of datatrove's MinHash deduplication.
    """
    wrong = subject.rows.filter(pl.col("duplicate_of").is_in(subject.rows["record_id"].implode())).height
    clusters = float(subject.rows["duplicate_of"].n_unique())
    return Finding(wrong == 0, value=wrong, threshold=0, metrics={"clusters": clusters})


def texts_are_admitted(subject: Subject) -> Finding:
    """Nothing was compared that may not be read.

    Formula: texts that were compared and that no admitted fingerprint has = 0.
    Severity: blocks.
    Source: the house's rule that readers read admitted partitions only.
    """
    both = pl.concat(
        [
            subject.rows.select("record_id", "text_hash"),
            subject.rows.select(record_id="duplicate_of", text_hash="original_hash"),
        ]
    ).unique()
    admitted = (
        subject.store.scan_admitted(FINGERPRINTS)
        .select("record_id", "text_hash")
        .filter(pl.col("record_id").is_in(both["record_id"].implode()))
        .collect()
    )
    outside = both.join(admitted, on=["record_id", "text_hash"], how="anti").height
    return Finding(outside == 0, value=outside, threshold=0)


CHECKS = (
    schema_check(FINGERPRINTS),
    unique_keys_check(FINGERPRINTS),
    Check(
        "reconciliation", FINGERPRINTS, "Texts without a fingerprint + fingerprints without a text = 0.",
        every_text_has_a_fingerprint,
    ),
    schema_check(NEAR_DUPLICATES),
    unique_keys_check(NEAR_DUPLICATES),
    Check(
        "canonical", NEAR_DUPLICATES, "Canonical records that are duplicates themselves = 0.",
        canonical_records_are_no_duplicates,
    ),
    Check(
        "admitted_only", NEAR_DUPLICATES, "Texts compared that no admitted fingerprint has = 0.",
        texts_are_admitted,
    ),
    schema_check(COMPARED_PARTITIONS),
    unique_keys_check(COMPARED_PARTITIONS),
)  # fmt: skip
