"""Checks of embeddings: exact slices of every record, and vectors that can be compared."""

import numpy as np
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.features import compare_records
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.embeddings import CHUNKED_FIELDS, EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed.cache import NORM_TOLERANCE
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.embed.version import token_limit


def chunked_records(subject: Subject) -> Finding:
    """Return whether exactly the records with a title or a text have chunks."""
    records = subject.rows_of(RECORDS, columns=["record_id", *CHUNKED_FIELDS])
    with_text = records.filter(pl.any_horizontal(pl.col(CHUNKED_FIELDS).is_not_null()))
    return compare_records(set(with_text["record_id"]), set(subject.rows["record_id"]))


def exact_slices(subject: Subject) -> Finding:
    """Count chunks that are not the slice of their record that they say they are."""
    records = subject.rows_of(RECORDS, columns=["record_id", *CHUNKED_FIELDS])
    named = pl.coalesce(
        pl.when(pl.col("field") == field).then(pl.col(f"{field}_of_record")) for field in CHUNKED_FIELDS
    )
    length = pl.col("end") - pl.col("start")
    wrong = (
        subject.rows.select("chunk_id", "record_id", "field", "start", "end", "text")
        .join(records.select("record_id", pl.col(CHUNKED_FIELDS).name.suffix("_of_record")), on="record_id")
        .filter(
            named.str.slice("start", length).ne_missing(pl.col("text"))
            | (pl.col("text").str.len_chars() != length)
        )
    )
    detail = f"such as {wrong.item(0, 'chunk_id')}" if wrong.height else None
    return Finding(wrong.is_empty(), value=wrong.height, threshold=0, detail=detail)


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


def read_whole(subject: Subject) -> Finding:
    """Compare the longest chunk with what the model reads of a text, as its id says."""
    if subject.rows.height == 0:
        return Finding(True)
    longest = subject.rows.select(pl.col("tokens").max()).item()
    limits = [limit for model in subject.rows["model_id"].unique() if (limit := token_limit(model))]
    if not limits:
        return Finding(True, value=longest, detail="the model's id names no limit")
    return Finding(
        longest <= min(limits),
        value=longest,
        threshold=min(limits),
        metrics={"mean_tokens": float(subject.rows.select(pl.col("tokens").mean()).item())},
    )


CHECKS = (
    schema_check(EMBEDDINGS),
    unique_keys_check(EMBEDDINGS),
    Check("reconciliation", EMBEDDINGS, "Records without chunks + unknown ones = 0.", chunked_records),
    Check("exact_slices", EMBEDDINGS, "Chunks that differ from record[field][start:end] = 0.", exact_slices),
    Check("unit_vectors", EMBEDDINGS, "Largest |norm - 1| ≤ 0.001, every value finite.", unit_vectors),
    Check("one_model", EMBEDDINGS, "Distinct model ids ≤ 1.", one_model),
    Check("read_whole", EMBEDDINGS, "Tokens of the longest chunk ≤ what the model reads.", read_whole),
)  # fmt: skip
