"""Formulas of the vector index: it holds what its table lists, as it was embedded, and finds it."""

import numpy as np
import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.lance_snapshot import LanceSnapshot
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put, row

SAMPLED = Partition(samples.DAY, "shop")


def judged(store, check):
    return judge(store, "vector_index", check, partition=None)


@pytest.fixture
def indexed(store):
    """Twenty chunks as embeddings, in the index and in its table."""
    random = np.random.default_rng(3).normal(size=(20, 384)).astype(np.float32)
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    rows = [row("embeddings", SAMPLED, number, vector=list(vector)) for number, vector in enumerate(unit)]
    put(store, "embeddings", frame("embeddings", *rows), SAMPLED)
    admit(store, "embeddings", SAMPLED)
    chunks = indexable_chunks(samples.corpus(20), frame("embeddings", *rows))
    put(store, "vector_index", LanceIndex(store.location.index()).sync(chunks).manifest, None)
    return chunks


def test_an_index_that_holds_what_its_table_lists_passes(store, indexed):
    finding = judged(store, "same_ids")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"chunks": 20}
    assert numbers(judged(store, "one_model")) == (True, 1, 1)
    finding = judged(store, "same_vectors")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"compared": 20}
    finding = judged(store, "recall")
    assert numbers(finding) == (True, 1.0, 0.95)
    assert finding.metrics == {"recall_at_10": 1.0, "recall_at_10_filtered": 1.0}


def test_an_empty_index_passes(store):
    LanceIndex(store.location.index()).sync(TABLES["embeddings"].empty().pipe(as_chunks))
    put(store, "vector_index", TABLES["vector_index"].empty(), None)
    for check in ("same_ids", "one_model", "same_vectors", "recall"):
        assert judged(store, check).passed


def as_chunks(embeddings):
    return indexable_chunks(TABLES["corpus"].empty(), embeddings)


def test_chunks_missing_surplus_and_of_another_text_are_counted(store, indexed):
    listed = store.tables.read(VECTOR_INDEX)
    renamed = listed.head(1).with_columns(chunk_id=pl.lit("x-0000"))
    other = listed.tail(1).with_columns(text_hash=pl.lit("f" * 64))
    put(store, "vector_index", pl.concat([listed[2:19], renamed, other]), None)
    finding = judged(store, "same_ids")
    assert numbers(finding) == (False, 4, 0)
    assert finding.detail.startswith("1 chunks missing, 2 surplus, 1 of another text or model")


def test_vectors_of_several_models_are_named(store, indexed):
    first = pl.col("chunk_id") == indexed["chunk_id"][0]
    listed = store.tables.read(VECTOR_INDEX).with_columns(
        model_id=pl.when(first).then(pl.lit("other@2")).otherwise("model_id")
    )
    put(store, "vector_index", listed, None)
    finding = judged(store, "one_model")
    assert numbers(finding) == (False, 2, 1)
    assert finding.detail == "vectors of model@1/8, other@2"


def test_vectors_that_differ_from_the_embeddings_are_counted(store, indexed):
    swapped = indexed.with_columns(
        kind=pl.lit("article"), vector=pl.col("vector").shift(1, fill_value=[1.0] * 384)
    )
    LanceIndex(store.location.index()).sync(swapped)
    finding = judged(store, "same_vectors")
    assert numbers(finding) == (False, 20, 0)
    assert finding.detail == "20 of 20 vectors differ from the embeddings"


def test_an_index_that_finds_too_little_within_a_filter_fails(store, indexed, monkeypatch):
    nearest = LanceSnapshot.nearest

    def less(self, vector, limit, where):
        return nearest(self, vector, limit, where).head(limit if where.sources is None else limit - 1)

    monkeypatch.setattr(LanceSnapshot, "nearest", less)
    finding = judged(store, "recall")
    assert numbers(finding) == (False, 0.9, 0.95)
    assert finding.metrics == {"recall_at_10": 1.0, "recall_at_10_filtered": 0.9}
