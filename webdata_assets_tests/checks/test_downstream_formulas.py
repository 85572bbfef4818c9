"""Formulas of features, corpus, training set, model and delivery."""

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import NOON, SHOP, admit, digest, frame, put, row

SAMPLED = Partition(samples.DAY, "shop")


def put_rows(store, name, *rows, partition=SHOP):
    put(store, name, frame(name, *rows), partition)


def unpartitioned(store, name, check):
    return judge(store, name, check, partition=None)


def test_features_of_exactly_the_records_pass(store):
    put_rows(store, "records", row("records"), row("records", number=1))
    put_rows(store, "features", row("features"), row("features", number=1))
    assert numbers(judge(store, "features", "reconciliation")) == (True, 0, 0)


def test_records_without_features_and_features_without_records_are_counted(store):
    put_rows(store, "records", row("records"), row("records", number=1))
    put_rows(store, "features", row("features"), row("features", number=2), row("features", number=3))
    finding = judge(store, "features", "reconciliation")
    assert numbers(finding) == (False, 3, 0)
    assert finding.detail == "1 records without a row, 2 rows without a record"


def test_a_record_without_words_needs_features(store):
    put_rows(store, "records", row("records", title=None, text=None))
    put_rows(store, "features")
    assert not judge(store, "features", "reconciliation").passed


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


def training_set(labels=3):
    rows = build_training_set(samples.corpus(), samples.features(), samples.embeddings(), samples.TASK)
    return rows.filter(pl.col("label").is_in(sorted(set(rows["label"]))[:labels]))


def delivered(sink, content):
    return {
        "sink": sink, "kind": "delta", "content": "records", "state": "delivered",
        "target": f"delivered/{sink}", "rows": 7, "content_hash": digest(content),
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
    assert finding.metrics["wrong_in_parquet"] == 1
    assert finding.detail == "sinks that differ from what was sent: parquet"
