"""Checks of the vector index: it holds what its table lists, unchanged, and what it holds can be found.

All look at the index's newest state, which nobody searches before a release names it.
"""

from dataclasses import replace

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.recall import EVERYTHING, recall_at_10

LEAST_RECALL = 0.95
RECALL_SAMPLE = 50
VECTOR_SAMPLE = 500
VECTOR_TOLERANCE = 1e-6

_VERSION = ["chunk_id", "text_hash", "model_id"]


def same_chunks(subject: Subject) -> Finding:
    """Return whether the index itself holds exactly the chunks that the table lists, of the same texts."""
    held = subject.index.at().rows(_VERSION)
    listed = subject.rows.select(_VERSION)
    missing = listed.join(held, on="chunk_id", how="anti").height
    surplus = held.join(listed, on="chunk_id", how="anti").height
    other = listed.join(held, on=_VERSION, how="anti").height - missing
    different = missing + surplus + other
    return Finding(
        different == 0,
        value=different,
        threshold=0,
        detail=f"{missing} chunks missing, {surplus} surplus, {other} of another text or model: "
        "materialize vector_index again" if different else None,
        metrics={"chunks": held.height},
    )  # fmt: skip


def one_model(subject: Subject) -> Finding:
    """Return whether all vectors are of one model."""
    models = subject.rows["model_id"].unique().sort().to_list()
    detail = f"vectors of {', '.join(models)}" if len(models) > 1 else None
    return Finding(len(models) <= 1, value=len(models), threshold=1, detail=detail)


def same_vectors(subject: Subject) -> Finding:
    """Return how many of a sample of the index's vectors differ from those of the embeddings."""
    snapshot = subject.index.at()
    chosen = subject.rows.sample(min(VECTOR_SAMPLE, subject.rows.height), seed=0).select(_VERSION)
    embedded = (
        subject.store.scan_admitted(EMBEDDINGS)
        .join(chosen.lazy(), on=_VERSION, how="semi")
        .select(*_VERSION, "vector")
        .unique(_VERSION, keep="any")
        .collect()
    )
    if embedded.is_empty():
        return Finding(True, value=0, threshold=0, metrics={"compared": 0})
    held = snapshot.rows([*_VERSION, "vector"])
    pairs = embedded.join(held, on=_VERSION, how="left", suffix="_held").with_row_index("pair")
    equal = (
        pairs.filter(pl.col("vector").list.len() == pl.col("vector_held").list.len())
        .explode("vector", "vector_held")
        .group_by("pair")
        .agg(apart=(pl.col("vector") - pl.col("vector_held")).abs().max())
        .filter(pl.col("apart") <= VECTOR_TOLERANCE)
        .height
    )
    different = pairs.height - equal
    return Finding(
        different == 0,
        value=different,
        threshold=0,
        detail=f"{different} of {pairs.height} vectors differ from the embeddings" if different else None,
        metrics={"compared": float(pairs.height)},
    )


def recall(subject: Subject) -> Finding:
    """Compare recall@10 against brute force, over all chunks and within the smallest source, with 0.95."""
    snapshot = subject.index.at()
    over_all = recall_at_10(snapshot, RECALL_SAMPLE)
    sizes = subject.rows.group_by("source").len().sort("len", "source")
    smallest = replace(EVERYTHING, sources=tuple(sizes["source"].head(1)))
    filtered = recall_at_10(snapshot, RECALL_SAMPLE, smallest)
    least = min(over_all, filtered)
    return Finding(
        least >= LEAST_RECALL,
        value=least,
        threshold=LEAST_RECALL,
        metrics={"recall_at_10": over_all, "recall_at_10_filtered": filtered},
    )


CHECKS = (
    schema_check(VECTOR_INDEX),
    unique_keys_check(VECTOR_INDEX),
    Check("same_ids", VECTOR_INDEX, "Chunks listed = chunks in the index, text for text.", same_chunks),
    Check("one_model", VECTOR_INDEX, "Models of the vectors ≤ 1.", one_model),
    Check(
        "same_vectors", VECTOR_INDEX, "Vectors of a sample that differ from the embeddings = 0.", same_vectors
    ),
    Check(
        "recall", VECTOR_INDEX, "recall@10 against brute force ≥ 0.95, also within the smallest source.",
        recall,
    ),
)  # fmt: skip
