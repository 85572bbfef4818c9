"""Drift of embeddings: do the partition's records lie where those of the last 30 days lay?

What belongs here: which vectors are compared, and the verdict. What does not: the measures (stages/).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.checks.check import Finding, Subject
from webdata_assets.checks.limits import Limit, expected
from webdata_assets.checks.reference_window import ReferenceWindow
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.sources.expect import Expect
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.learn.drift import domain_auc
from webdata_assets.stages.learn.training_set import mean_vectors
from webdata_assets.stages.observe.drift import MIN_ROWS, in_components, least_auc

MAX_RECORDS = 1_000
"""Of each side that are compared; of more, those with the smallest record ids, which are hashes."""
_READ = ("chunk_id", "record_id", "text_hash", "model_id", "vector")

Vectors = npt.NDArray[np.float64]


def drift_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest AUC; more than the source file's where few records differ by chance."""
    window = ReferenceWindow.of(subject, EMBEDDINGS)
    current = subject.rows["record_id"].n_unique()
    reference = _reference_ids(window, subject.rows["model_id"].unique()).len() if current else 0
    expect, points = subject.declared.expect, len(window.dates)
    return (_limit(expect, min(current, MAX_RECORDS), reference, points),)


def _limit(expect: Expect, current: int, reference: int, points: int) -> Limit:
    limit = expected(expect, "embedding_auc", points=points)
    assert limit.value is not None
    if min(current, reference) == 0:
        return limit
    least = least_auc(limit.value, reference, current)
    return Limit(least, limit.origin if least == limit.value else "history", limit.key, points=points)


def drift(subject: Subject) -> Finding:
    """Nobody can tell the partition's records from those of the last 30 days by their vectors.

    Formula: AUC, by five folds, of a logistic regression that tells records of the partition from those of
    the source's admitted partitions of the last 30 days, of the same model, by the first ten principal
    components of both, ≤ `expect.embedding_auc`. A record counts once, by the mean of its chunks' vectors. Of
    fewer than 30 records on a side nothing is said, and few records raise the limit to what one in twenty
    exceeds by chance. The cosine distance of both sides' means stands beside.
    Default: 0.55.
    Severity: warns.
    Source: Rabanser et al., Failing Loudly, 2019 (domain classifiers); Evidently's drift of embeddings.
    """
    window = ReferenceWindow.of(subject, EMBEDDINGS)
    expect, points = subject.declared.expect, len(window.dates)
    models = subject.rows["model_id"].unique()
    current = _mean_vectors(_with_smallest_ids(subject.rows.select(_READ)))
    reference = _mean_vectors(_reference_chunks(window, models))
    limit = _limit(expect, len(current), len(reference), points)
    metrics = {"reference_records": float(len(reference)), "reference_partitions": float(points)}
    if min(len(current), len(reference)) < MIN_ROWS:
        few = f"{len(current)} records against {len(reference)}: too few to judge"
        return Finding(True, threshold=limit.value, origin=limit.origin, detail=few, metrics=metrics)
    auc = domain_auc(*in_components(reference, current))
    metrics["mean_distance"] = _cosine_distance(reference.mean(axis=0), current.mean(axis=0))
    assert limit.value is not None
    return Finding(auc <= limit.value, value=auc, threshold=limit.value, origin=limit.origin, metrics=metrics)


def _with_smallest_ids(chunks: pl.DataFrame) -> pl.DataFrame:
    ids = chunks["record_id"].unique().sort().head(MAX_RECORDS)
    return chunks.filter(pl.col("record_id") <= ids.max()) if len(ids) else chunks


def _reference_ids(window: ReferenceWindow, models: pl.Series) -> pl.Series:
    chunks = window.scan(["record_id", "model_id"]).filter(pl.col("model_id").is_in(models.implode()))
    return chunks.select(pl.col("record_id").unique()).collect()["record_id"].sort().head(MAX_RECORDS)


def _reference_chunks(window: ReferenceWindow, models: pl.Series) -> pl.DataFrame:
    ids = _reference_ids(window, models)
    # an upper bound, and not a list, tells the scan which row groups to unpack: they are sorted by chunk id
    last = ids.max() if len(ids) else ""
    chunks = window.scan(_READ).filter(
        pl.col("record_id") <= last, pl.col("model_id").is_in(models.implode())
    )
    return chunks.sort("chunk_id").collect()


def _mean_vectors(chunks: pl.DataFrame) -> Vectors:
    if chunks.is_empty():
        return np.empty((0, 0))
    return vector_matrix(mean_vectors(chunks)["vector"]).astype(np.float64)


def _cosine_distance(one: Vectors, other: Vectors) -> float:
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return 1.0 - float(one @ other) / norms if norms else 0.0
