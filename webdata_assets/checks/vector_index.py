"""Checks of the vector index: it holds what its table lists, unchanged, and what it holds can be found.

All look at the index's newest state, which nobody searches before a release names it.
"""

from dataclasses import replace

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.flagged_chunks import flagged_chunks
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.recall import EVERYTHING, recall_at_10

LEAST_RECALL = 0.95
RECALL_SAMPLE = 50
VECTOR_SAMPLE = 500
VECTOR_TOLERANCE = 1e-6

_VERSION = ["chunk_id", "text_hash", "model_id"]
_ONE = Limit(1.0)
_LEAST_RECALL = Limit(LEAST_RECALL, "default", sense="≥")


def same_chunks(subject: Subject) -> Finding:
    """The index itself holds exactly the chunks that its table lists, of the same texts.

    Formula: chunks missing + surplus + of another text or model = 0.
    Severity: blocks.
    Source: double-entry accounting of manifest and index; no threshold to choose.
    """
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
    """All vectors are of one model.

    Formula: distinct model ids ≤ 1.
    Severity: blocks.
    Source: no published rule; each model has a space of its own.
    """
    models = subject.rows["model_id"].unique().sort().to_list()
    detail = f"vectors of {', '.join(models)}" if len(models) > 1 else None
    return Finding(len(models) <= 1, value=len(models), threshold=_ONE.value, detail=detail)


def same_vectors(subject: Subject) -> Finding:
    """The index keeps vectors as they were embedded.

    Formula: vectors of a sample of 500 that differ from the embeddings' by more than 1e-6 in any place = 0.
    Severity: blocks.
    Source: reading back what was written; the tolerance is that of float32 at 1.
    """
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
    """What the index holds can be found, also within a filter.

    Formula: recall@10 against brute force, of 50 vectors of the index, ≥ 0.95, over all chunks and within
    the smallest source; the lesser of both.
    Default: 0.95.
    Severity: blocks.
    Source: recall@k of ANN-Benchmarks (Aumüller et al., 2020), at which approximate indexes are compared.
    """
    snapshot = subject.index.at()
    over_all = recall_at_10(snapshot, RECALL_SAMPLE)
    sizes = subject.rows.group_by("source").len().sort("len", "source")
    smallest = replace(EVERYTHING, sources=tuple(sizes["source"].head(1)))
    filtered = recall_at_10(snapshot, RECALL_SAMPLE, smallest)
    least = min(over_all, filtered)
    return Finding(
        least >= LEAST_RECALL,
        value=least,
        threshold=_LEAST_RECALL.value,
        origin=_LEAST_RECALL.origin,
        metrics={"recall_at_10": over_all, "recall_at_10_filtered": filtered},
    )


CHECKS = (
    schema_check(VECTOR_INDEX),
    unique_keys_check(VECTOR_INDEX),
    Check("same_ids", VECTOR_INDEX, "Chunks listed = chunks in the index, text for text.", same_chunks),
    Check("one_model", VECTOR_INDEX, "Models of the vectors ≤ 1.", one_model, lambda _subject: (_ONE,)),
    Check(
        "same_vectors", VECTOR_INDEX, "Vectors of a sample that differ from the embeddings = 0.", same_vectors
    ),
    Check(
        "recall", VECTOR_INDEX, "recall@10 against brute force ≥ 0.95, also within the smallest source.",
        recall, lambda _subject: (_LEAST_RECALL,),
    ),
    Check(
        "flagged_chunks", VECTOR_INDEX, "Chunks of records with personal data, or with text for language "
        "models, that a search finds without asking for them = 0.", flagged_chunks,
    ),
)  # fmt: skip
