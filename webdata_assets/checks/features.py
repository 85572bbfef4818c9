"""Checks of features and embeddings: one row per record, vectors that can be compared."""

import numpy as np
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed.embed import vector_matrix

NORM_TOLERANCE = 1e-3


def same_records(subject: Subject) -> Finding:
    """Return whether the rows are about exactly the partition's records."""
    records = set(subject.rows_of(RECORDS, columns=["record_id"])["record_id"])
    found = set(subject.rows["record_id"])
    if subject.table is EMBEDDINGS:
        embeddable = subject.rows_of(RECORDS, columns=["record_id", "title", "text"]).filter(
            pl.col("title").is_not_null() | pl.col("text").is_not_null()
        )
        records = set(embeddable["record_id"])
    missing, unknown = len(records - found), len(found - records)
    detail = (
        f"{missing} records without a row, {unknown} rows without a record" if missing + unknown else None
    )
    return Finding(missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail)


def unit_vectors(subject: Subject) -> Finding:
    """Compare the largest |norm − 1| with 1e-3; a vector that is not finite fails."""
    if subject.rows.height == 0:
        return Finding(True, threshold=NORM_TOLERANCE)
    lengths = subject.rows["vector"].list.len().unique()
    if lengths.len() != 1:
        return Finding(False, threshold=NORM_TOLERANCE, detail=f"vectors of {sorted(lengths)} dimensions")
    vectors = vector_matrix(subject.rows["vector"])
    deviation = float(np.abs(np.linalg.norm(vectors, axis=1) - 1.0).max())
    return Finding(
        bool(np.isfinite(deviation)) and deviation <= NORM_TOLERANCE,
        value=deviation if np.isfinite(deviation) else None,
        threshold=NORM_TOLERANCE,
        metrics={"dimensions": float(lengths.item())},
    )


def one_model(subject: Subject) -> Finding:
    """Return whether all vectors come from one model: vectors of two models cannot be compared."""
    models = sorted(subject.rows["model_id"].unique())
    detail = f"vectors of {', '.join(models)}" if len(models) > 1 else None
    return Finding(len(models) <= 1, value=len(models), threshold=1, detail=detail)


CHECKS = (
    schema_check(FEATURES),
    unique_keys_check(FEATURES),
    Check("reconciliation", FEATURES, "Records without features + unknown ones = 0.", same_records),
    schema_check(EMBEDDINGS),
    unique_keys_check(EMBEDDINGS),
    Check("reconciliation", EMBEDDINGS, "Records without chunks + unknown ones = 0.", same_records),
    Check("unit_vectors", EMBEDDINGS, "Largest |norm - 1| ≤ 0.001, every value finite.", unit_vectors),
    Check("one_model", EMBEDDINGS, "Distinct model ids ≤ 1.", one_model),
)  # fmt: skip
