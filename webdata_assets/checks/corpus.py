"""Checks of corpus and vector index: nothing admitted is missing, and what is there can be found."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.lance import LanceIndex

LEAST_RECALL = 0.95
RECALL_SAMPLE = 50


def holds_admitted_records(subject: Subject) -> Finding:
    """Return whether the corpus holds exactly the record ids of all admitted partitions."""
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
    """Return whether each duplicate names a live record that is no duplicate itself."""
    canonical = subject.rows.filter(pl.col("duplicate_of").is_null(), state="live")["record_id"]
    duplicates = subject.rows.filter(pl.col("duplicate_of").is_not_null())
    wrong = duplicates.filter(~pl.col("duplicate_of").is_in(canonical.implode())).height
    return Finding(wrong == 0, value=wrong, threshold=0, metrics={"duplicates": float(duplicates.height)})


def index_holds_the_same_ids(subject: Subject) -> Finding:
    """Return whether the index itself holds exactly the chunks that the table lists."""
    listed = set(subject.rows["chunk_id"])
    held = set(LanceIndex(subject.store.location.index()).ids())
    different = len(listed ^ held)
    detail = f"{len(listed - held)} chunks missing, {len(held - listed)} surplus" if different else None
    return Finding(different == 0, value=different, threshold=0, detail=detail, metrics={"chunks": len(held)})


def index_recall(subject: Subject) -> Finding:
    """Compare recall@10 against brute force, over held vectors as queries, with 0.95."""
    recall = LanceIndex(subject.store.location.index()).recall_at_10(RECALL_SAMPLE)
    return Finding(recall >= LEAST_RECALL, value=recall, threshold=LEAST_RECALL)


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
    schema_check(VECTOR_INDEX),
    unique_keys_check(VECTOR_INDEX),
    Check("same_ids", VECTOR_INDEX, "Chunks listed = chunks in the index.", index_holds_the_same_ids),
    Check("recall", VECTOR_INDEX, "recall@10 against brute force ≥ 0.95.", index_recall),
)  # fmt: skip
