"""Formulas of delivery: every row, once, and of the corpus of now; a second merge changes nothing."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.stages.deliver.rows import delivery_hash, delivery_rows
from webdata_assets.stages.deliver.sinks import open_sink
from webdata_assets.stages.hashing import row_hashes
from webdata_assets.store import Store
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put, row

SINKS = {"delta": "delivered/records", "parquet": "delivered/records_parquet"}


def judged(store: Store, check: str):
    return judge(store, "delivery", check, partition=None)


def deliver(store: Store, corpus: pl.DataFrame, *, left_out: int = 0) -> pl.DataFrame:
    """Store a corpus and deliver it to both sinks, or all but some of its rows."""
    version = put(store, "corpus", corpus, None)
    rows = delivery_rows(corpus, samples.features(), samples.embeddings(), None, None)
    rows = rows.head(rows.height - left_out)
    at = dt.datetime.now(dt.UTC)
    states = []
    for kind, target in SINKS.items():
        merged = open_sink(kind, store.location.uri(target)).merge(rows, run_id="run")
        states.append(
            {
                "sink": kind, "target": target, "rows": merged.rows, "content_hash": merged.content_hash,
                "source_hash": delivery_hash(rows), "corpus_version": version, "inserted": merged.inserted,
                "updated": merged.updated, "deleted": merged.deleted, "run_id": "run", "delivered_at": at,
            }
        )  # fmt: skip
    put(store, "delivery", pl.DataFrame(states, schema=DELIVERY.polars_schema), None)
    return rows


def test_a_whole_delivery_passes(store: Store):
    deliver(store, samples.corpus(12))
    for check in ("same_content", "row_count", "idempotent", "lag"):
        assert numbers(judged(store, check)) == (True, 0, 0), check
    assert judged(store, "row_count").metrics == {"source_rows": 12}


def test_duplicates_and_what_is_gone_are_not_to_be_delivered(store: Store):
    state = pl.when(pl.col("record_id") == f"{0:032x}").then(pl.lit("gone")).otherwise(pl.lit("live"))
    other = pl.when(pl.col("record_id") == f"{1:032x}").then(pl.lit(f"{2:032x}"))
    deliver(store, samples.corpus(12, state=state, duplicate_of=other))
    assert judged(store, "row_count").metrics == {"source_rows": 10}
    assert judged(store, "row_count").passed


def test_rows_that_never_reached_the_sinks_are_counted(store: Store):
    deliver(store, samples.corpus(12), left_out=2)
    finding = judged(store, "row_count")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "rows beside the corpus's 12: delta -2, parquet -2"


def test_a_sink_that_was_edited_would_be_changed_by_a_second_merge(store: Store):
    rows = deliver(store, samples.corpus(12))
    edited = rows[1:].with_columns(
        title=pl.when(pl.col("record_id") == rows["record_id"][5]).then(pl.lit("Other")).otherwise("title")
    )
    edited = edited.with_columns(row_hashes(edited, exclude={"row_hash"}))
    open_sink("delta", store.location.uri(SINKS["delta"])).merge(edited, run_id="somebody")
    finding = judged(store, "idempotent")
    assert numbers(finding) == (False, 2, 0)
    assert finding.metrics == {"planned_inserted": 1, "planned_updated": 1, "planned_deleted": 0}
    assert finding.detail == "changed from outside since: delta; deliver again"


def test_sinks_that_all_hold_something_else_fail(store: Store):
    rows = deliver(store, samples.corpus(12))
    for kind, target in SINKS.items():
        open_sink(kind, store.location.uri(target)).merge(rows[:3], run_id="somebody")
    finding = judged(store, "idempotent")
    assert numbers(finding) == (False, None, 0)
    assert finding.detail == "no sink holds what was sent any more: deliver again"


def test_a_corpus_that_was_written_again_since_is_ahead_of_the_sinks(store: Store):
    deliver(store, samples.corpus(12))
    put(store, "corpus", samples.corpus(13), None)
    finding = judged(store, "lag")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "behind the corpus: delta, parquet; deliver again"
    assert judged(store, "row_count").passed


def test_lag_tells_the_hours_since_the_newest_admission(store: Store):
    put(store, "records", frame("records", row("records")))
    admit(store, "records")
    deliver(store, samples.corpus(3))
    hours = judged(store, "lag").metrics["lag_hours"]
    assert 0 <= hours < 0.1


def test_nothing_delivered_yet_is_nothing_wrong(store: Store):
    put(store, "corpus", samples.corpus(0), None)
    put(store, "delivery", DELIVERY.empty(), None)
    for check in ("same_content", "row_count", "idempotent", "lag"):
        assert judged(store, check).passed


def test_an_unknown_kind_of_sink_is_named():
    with pytest.raises(PermanentError, match="no sink of the kind tape"):
        open_sink("tape", "/nowhere")
