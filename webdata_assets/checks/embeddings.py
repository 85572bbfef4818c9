"""Checks of embeddings: exact slices of every record, and vectors that can be compared."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.embedding_drift import drift, drift_limits
from webdata_assets.checks.features import compare_records
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.embeddings import CHUNKED_FIELDS, EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed.cache import NORM_TOLERANCE
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.embed.version import token_limit

_TOLERANCE = Limit(NORM_TOLERANCE)
_ONE = Limit(1.0)


def chunked_records(subject: Subject) -> Finding:
    """Every record with words is embedded, and no other is.

    Formula: records with a title or a text but without chunks + chunked records that are unknown = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    records = subject.rows_of(RECORDS, columns=["record_id", *CHUNKED_FIELDS])
    with_text = records.filter(pl.any_horizontal(pl.col(CHUNKED_FIELDS).is_not_null()))
    return compare_records(set(with_text["record_id"]), set(subject.rows["record_id"]))


def exact_slices(subject: Subject) -> Finding:
    """A chunk can be shown in its record.

    Formula: chunks that differ from record[field][start:end] = 0.
    Severity: blocks.
    Source: what the schema says that offsets mean; no threshold to choose.
    """
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
    """Vectors are of one dimension, finite and of unit length, so that their dot product is their cosine.

    Formula: largest |norm - 1| ≤ 0.001; fails where a value is not finite or dimensions differ.
    Default: 0.001.
    Severity: blocks.
    Source: the tolerance of the vector cache; float32 vectors of hundreds of dimensions are ten times closer.
    """
    if subject.rows.height == 0:
        return Finding(True, threshold=_TOLERANCE.value)
    lengths = subject.rows["vector"].list.len().unique()
    if lengths.len() != 1:
        return Finding(False, threshold=_TOLERANCE.value, detail=f"vectors of {sorted(lengths)} dimensions")
    vectors = vector_matrix(subject.rows["vector"])
    deviation = float(np.abs(np.linalg.norm(vectors, axis=1) - 1.0).max())
    return Finding(
        bool(np.isfinite(deviation)) and deviation <= NORM_TOLERANCE,
        value=deviation if np.isfinite(deviation) else None,
        threshold=_TOLERANCE.value,
        metrics={"dimensions": float(lengths.item())},
    )


def one_model(subject: Subject) -> Finding:
    """All vectors come from one model: those of two models cannot be compared.

    Formula: distinct model ids ≤ 1.
    Severity: blocks.
    Source: no published rule; each model has a space of its own.
    """
    models = sorted(subject.rows["model_id"].unique())
    detail = f"vectors of {', '.join(models)}" if len(models) > 1 else None
    return Finding(len(models) <= 1, value=len(models), threshold=_ONE.value, detail=detail)


def read_whole_limits(subject: Subject) -> Sequence[Limit]:
    """Return how many tokens the models of the partition read of a text, as their ids say."""
    models = subject.rows["model_id"].unique()
    limits = [limit for model in models if (limit := token_limit(model))]
    return (Limit(float(min(limits)) if limits else None, of="tokens"),)


def read_whole(subject: Subject) -> Finding:
    """No chunk is longer than what the model reads of a text, so that nothing is left out of a vector.

    Formula: tokens of the longest chunk ≤ the number in the model's id.
    Severity: blocks.
    Source: the encoder's own limit; what it truncates cannot be found.
    """
    (limit,) = read_whole_limits(subject)
    if subject.rows.height == 0:
        return Finding(True)
    longest = subject.rows.select(pl.col("tokens").max()).item()
    if limit.value is None:
        return Finding(True, value=longest, detail="the model's id names no limit")
    return Finding(
        longest <= limit.value,
        value=longest,
        threshold=limit.value,
        metrics={"mean_tokens": float(subject.rows.select(pl.col("tokens").mean()).item())},
    )


CHECKS = (
    schema_check(EMBEDDINGS),
    unique_keys_check(EMBEDDINGS),
    Check("reconciliation", EMBEDDINGS, "Records without chunks + unknown ones = 0.", chunked_records),
    Check("exact_slices", EMBEDDINGS, "Chunks that differ from record[field][start:end] = 0.", exact_slices),
    Check(
        "unit_vectors", EMBEDDINGS, "Largest |norm - 1| ≤ 0.001, of one dimension, every value finite.",
        unit_vectors, lambda _subject: (_TOLERANCE,),
    ),
    Check("one_model", EMBEDDINGS, "Distinct model ids ≤ 1.", one_model, lambda _subject: (_ONE,)),
    Check(
        "read_whole", EMBEDDINGS, "Tokens of the longest chunk ≤ what the model reads.", read_whole,
        read_whole_limits,
    ),
    Check(
        "drift", EMBEDDINGS, "AUC of telling the partition's records from those of the last 30 days ≤ "
        "expect.embedding_auc.", drift, drift_limits,
    ),
)  # fmt: skip
