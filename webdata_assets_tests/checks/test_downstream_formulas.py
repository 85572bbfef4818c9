"""Formulas of features, embeddings, corpus, index, training set, model and delivery."""

import numpy as np
import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.registry import version_of
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import NOON, SHOP, admit, digest, frame, put, row

SAMPLED = Partition(samples.DAY, "shop")


def put_rows(store, name, *rows, partition=SHOP):
    put(store, name, frame(name, *rows), partition)


def unpartitioned(store, name, check):
    return judge(store, name, check, partition=None)


@pytest.mark.parametrize("name", ["features", "embeddings"])
def test_rows_about_exactly_the_records_pass(store, name):
    put_rows(store, "records", row("records"), row("records", number=1))
    put_rows(store, name, row(name), row(name, number=1))
    assert numbers(judge(store, name, "reconciliation")) == (True, 0, 0)


@pytest.mark.parametrize("name", ["features", "embeddings"])
def test_records_without_rows_and_rows_without_records_are_counted(store, name):
    put_rows(store, "records", row("records"), row("records", number=1))
    put_rows(store, name, row(name), row(name, number=2), row(name, number=3))
    finding = judge(store, name, "reconciliation")
    assert numbers(finding) == (False, 3, 0)
    assert finding.detail == "1 records without a row, 2 rows without a record"


def test_a_record_without_words_needs_no_vector_but_features(store):
    put_rows(store, "records", row("records", title=None, text=None))
    for name, passed in (("embeddings", True), ("features", False)):
        put_rows(store, name)
        assert judge(store, name, "reconciliation").passed is passed


def vector(scale=1.0, dimensions=384):
    return [scale, *[0.0] * (dimensions - 1)]


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([vector(), vector(1.0005)], (True, pytest.approx(0.0005, abs=1e-6), 1e-3)),
        ([vector(), vector(0.9)], (False, pytest.approx(0.1, abs=1e-6), 1e-3)),
        ([vector(float("nan"))], (False, None, 1e-3)),
        ([vector(float("inf"))], (False, None, 1e-3)),
        ([vector(), vector(dimensions=8)], (False, None, 1e-3)),
        ([], (True, None, 1e-3)),
    ],
    ids=["within tolerance", "too short", "not a number", "infinite", "of other dimensions", "none"],
)
def test_unit_vectors(store, vectors, expected):
    rows = [row("embeddings", number=number, vector=value) for number, value in enumerate(vectors)]
    put_rows(store, "embeddings", *rows)
    assert numbers(judge(store, "embeddings", "unit_vectors")) == expected


def test_vectors_of_several_dimensions_are_named(store):
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1, vector=[1.0]))
    assert judge(store, "embeddings", "unit_vectors").detail == "vectors of [1, 384] dimensions"


def test_one_model(store):
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1))
    assert numbers(judge(store, "embeddings", "one_model")) == (True, 1, 1)
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1, model_id="other@2"))
    finding = judge(store, "embeddings", "one_model")
    assert numbers(finding) == (False, 2, 1)
    assert finding.detail == "vectors of model@1, other@2"


def test_the_corpus_holds_exactly_the_admitted_records(store):
    put(store, "corpus", samples.corpus(2), None)
    put_rows(store, "records", row("records"), row("records", number=1))
    finding = unpartitioned(store, "corpus", "reconciliation")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "0 admitted records missing, 2 that are not admitted"
    admit(store, "records")
    finding = unpartitioned(store, "corpus", "reconciliation")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"live": 2, "gone": 0}


def test_a_record_that_the_corpus_lacks_is_counted(store):
    put(store, "corpus", samples.corpus(1), None)
    put_rows(store, "records", row("records"), row("records", number=1))
    admit(store, "records")
    assert unpartitioned(store, "corpus", "reconciliation").detail == (
        "1 admitted records missing, 0 that are not admitted"
    )


@pytest.fixture
def indexed(store):
    """Twenty chunks in the index and in its table."""
    random = np.random.default_rng(3).normal(size=(20, 384)).astype(np.float32)
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    rows = [row("embeddings", SAMPLED, number, vector=list(vector)) for number, vector in enumerate(unit)]
    chunks = indexable_chunks(samples.corpus(20), frame("embeddings", *rows))
    LanceIndex(store.location.index()).sync(chunks)
    put(store, "vector_index", chunks.select(TABLES["vector_index"].polars_schema.names()), None)
    return chunks


def test_an_index_that_holds_what_the_table_lists_passes(store, indexed):
    finding = unpartitioned(store, "vector_index", "same_ids")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"chunks": 20}
    assert numbers(unpartitioned(store, "vector_index", "recall")) == (True, 1.0, 0.95)


def test_an_index_that_differs_from_its_table_fails(store, indexed):
    listed = indexed.select(TABLES["vector_index"].polars_schema.names())
    renamed = listed.head(1).with_columns(chunk_id=pl.lit("x-0000"))
    put(store, "vector_index", pl.concat([listed.tail(18), renamed]), None)
    finding = unpartitioned(store, "vector_index", "same_ids")
    assert numbers(finding) == (False, 3, 0)
    assert finding.detail == "1 chunks missing, 2 surplus"


def test_an_index_that_finds_too_little_fails(store, monkeypatch):
    monkeypatch.setattr(LanceIndex, "recall_at_10", lambda self, sample: 0.9)
    put_rows(store, "vector_index", partition=None)
    assert numbers(unpartitioned(store, "vector_index", "recall")) == (False, 0.9, 0.95)


def training_set(labels=3):
    rows = build_training_set(samples.corpus(), samples.features(), samples.embeddings())
    return rows.filter(pl.col("label").is_in(sorted(set(rows["label"]))[:labels]))


@pytest.mark.parametrize(("labels", "passed"), [(0, False), (1, False), (2, True)])
def test_labels(store, labels, passed):
    put(store, "training_set", training_set(labels), None)
    finding = unpartitioned(store, "training_set", "labels")
    assert numbers(finding) == (passed, labels, 2)
    assert (finding.detail is None) is passed


def test_training_rows_must_come_from_admitted_partitions(store):
    rows = training_set()
    put(store, "training_set", rows, None)
    for name in ("features", "embeddings"):
        put(store, name, frame(name), SAMPLED)
    admit(store, "features", SAMPLED)
    assert numbers(unpartitioned(store, "training_set", "admitted_only")) == (False, rows.height, 0)
    admit(store, "embeddings", SAMPLED)
    assert numbers(unpartitioned(store, "training_set", "admitted_only")) == (True, 0, 0)


def version(name="a", **values):
    """A row of the registry; only its version differs from that of another name."""
    return {
        "version": digest(name)[:16], "alias": "champion", "metric": "macro_f1", "score": 0.8,
        "baseline_score": 0.3, "train_rows": 10, "test_rows": 5, "classes": 2,
        "training_fingerprint": digest("t"), "admitted_fingerprint": digest("p"), "admitted_partitions": 1,
        "artefact": f"models/{name}", "artefact_hash": digest(name), "trained_at": NOON, **values,
    }  # fmt: skip


@pytest.mark.parametrize(("aliases", "passed", "count"), [
    ([], True, 0), (["champion", "retired"], True, 1), (["champion", "champion"], False, 2),
])  # fmt: skip
def test_one_champion(store, aliases, passed, count):
    put_rows(
        store, "model", *(version(str(n), alias=alias) for n, alias in enumerate(aliases)), partition=None
    )
    assert numbers(unpartitioned(store, "model", "one_champion")) == (passed, count, 1)


def test_score_floor(store):
    put_rows(store, "model", version("b", alias="challenger", score=0.1), partition=None)
    finding = unpartitioned(store, "model", "score_floor")
    assert (numbers(finding), finding.detail) == ((True, None, None), "there is no champion yet")
    put_rows(store, "model", version(score=0.3), version("b", alias="challenger", score=0.1), partition=None)
    assert numbers(unpartitioned(store, "model", "score_floor")) == (True, 0.3, 0.3)
    put_rows(store, "model", version(score=0.2), partition=None)
    assert numbers(unpartitioned(store, "model", "score_floor")) == (False, 0.2, 0.3)


def test_artefacts_are_verified_by_their_hash(store):
    classifier = train(training_set().filter(pl.col("split") == "train"))
    name = version_of(classifier)
    classifier.save(store.location.model(name))
    intact = version(version=name, artefact_hash=classifier.artefact_hash)
    put_rows(store, "model", intact, version("gone", alias="retired"), partition=None)
    assert numbers(unpartitioned(store, "model", "artefact_hash")) == (True, 0, 0)
    put_rows(store, "model", {**intact, "artefact_hash": digest("other")}, partition=None)
    finding = unpartitioned(store, "model", "artefact_hash")
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail == (
        f"{name} has BLAKE3 {classifier.artefact_hash[:16]}…, recorded was {digest('other')[:16]}…"
    )


def test_an_artefact_that_is_missing_fails_and_is_named(store):
    put_rows(store, "model", version("lost"), partition=None)
    finding = unpartitioned(store, "model", "artefact_hash")
    assert numbers(finding) == (False, 1, 0)
    assert str(store.location.model(digest("lost")[:16])) in finding.detail


def delivered(sink, content):
    return {
        "sink": sink, "target": f"delivered/{sink}", "rows": 7, "content_hash": digest(content),
        "source_hash": digest("sent"), "corpus_version": digest("c"), "inserted": 7, "updated": 0,
        "deleted": 0, "run_id": "run", "delivered_at": NOON,
    }  # fmt: skip


def test_same_content(store):
    put_rows(store, "delivery", delivered("delta", "sent"), delivered("parquet", "sent"), partition=None)
    finding = unpartitioned(store, "delivery", "same_content")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"sinks": 2, "rows": 7}
    put_rows(store, "delivery", delivered("delta", "sent"), delivered("parquet", "less"), partition=None)
    finding = unpartitioned(store, "delivery", "same_content")
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail == "sinks that differ from what was sent: parquet"
