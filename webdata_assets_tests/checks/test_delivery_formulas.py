"""Formulas of delivery: every row, once, and of the corpus of now; a second merge changes nothing."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from webdata_assets.checks.sink_verdicts import of_sinks, verified_sinks
from webdata_assets.partitions import Partition
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.settings import PACKAGED_SINKS
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sinks.model import DeltaFile, SinkFile
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.contract import Offer
from webdata_assets.stages.deliver.delivering import Ended, deliver_to
from webdata_assets.stages.deliver.rows import RECORDS, delivery_rows
from webdata_assets.stages.deliver.sink import Delivery
from webdata_assets.stages.hashing import row_hashes
from webdata_assets.store import Store
from webdata_assets.store.deliveries import as_rows
from webdata_assets.store.sinks import open_sink
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.checks.judge import judge, numbers, source
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put, row

SINKS = load_sinks(PACKAGED_SINKS)
FORMULAS = ("delivered", "contract", "same_content", "row_count", "idempotent", "lag", "freshness")


def judged(store: Store, check: str, sinks: Mapping[str, SinkFile] = SINKS, **given: Any):
    return judge(store, "delivery", check, partition=None, sinks=sinks, **given)


def deliver(
    store: Store,
    corpus: pl.DataFrame,
    *,
    left_out: int = 0,
    sinks: Mapping[str, SinkFile] = SINKS,
    ended: Mapping[str, Ended] | None = None,
) -> pl.DataFrame:
    """Store a corpus and deliver it, or all but some of its rows; some sinks may have ended otherwise."""
    version = put(store, "corpus", corpus, None)
    rows = delivery_rows(corpus, samples.features(), samples.embeddings(), None, None)
    rows = rows.head(rows.height - left_out)
    ends = {
        name: deliver_to(
            sink,
            Offer(rows, RECORDS),
            lambda shape, sink=sink: open_sink(sink, store.location, {}, shape),
            sequence=1,
            run_id="run",
        )
        for name, sink in sinks.items()
    }
    state = as_rows(
        store, sinks, {**ends, **(ended or {})}, corpus_version=version, model_version=None, sequence=1,
        run_id="run", now=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    put(store, "delivery", state, None)
    return rows


def spoil(store: Store, sink: str, rows: pl.DataFrame) -> None:
    """Let somebody else write other rows to a sink."""
    target = open_sink(SINKS[sink], store.location, {})
    target.merge(rows, Delivery(2, "somebody", hash_of(rows, RECORDS)))


def test_a_whole_delivery_passes(store: Store):
    deliver(store, samples.corpus(12))
    for check in FORMULAS:
        assert numbers(judged(store, check)) == (True, 0, 0), check
    assert judged(store, "row_count").metrics == {"source_rows": 12}


def test_duplicates_and_what_is_gone_are_not_to_be_delivered(store: Store):
    state = pl.when(pl.col("record_id") == f"{0:032x}").then(pl.lit("gone")).otherwise(pl.lit("live"))
    other = pl.when(pl.col("record_id") == f"{1:032x}").then(pl.lit(f"{2:032x}"))
    deliver(store, samples.corpus(12, state=state, duplicate_of=other))
    assert judged(store, "row_count").metrics == {"source_rows": 10}
    assert judged(store, "row_count").passed


def test_a_sink_of_some_sources_holds_the_rows_of_these(store: Store):
    only = {"shops": DeltaFile(name="shops", kind="delta", description="Some", sources=("shop",))}
    number = pl.int_range(pl.len())
    corpus = samples.corpus(12, source=pl.when(number < 5).then(pl.lit("shop")).otherwise(pl.lit("other")))
    deliver(store, corpus, sinks=only)
    assert store.tables.read(DELIVERY)["rows"].to_list() == [5]
    assert judged(store, "row_count", only).passed


def test_rows_that_never_reached_the_sinks_are_counted(store: Store):
    deliver(store, samples.corpus(12), left_out=2)
    finding = judged(store, "row_count")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "rows beside those of the corpus: records -2, records_parquet -2"
    assert finding.metrics == {"source_rows": 12, "wrong_in_records": 2, "wrong_in_records_parquet": 2}


def test_a_sink_that_was_edited_would_be_changed_by_a_second_merge(store: Store):
    rows = deliver(store, samples.corpus(12))
    edited = rows[1:].with_columns(
        title=pl.when(pl.col("record_id") == rows["record_id"][5]).then(pl.lit("Other")).otherwise("title")
    )
    spoil(store, "records", edited.with_columns(row_hashes(edited, exclude={"row_hash"})))
    finding = judged(store, "idempotent")
    assert numbers(finding) == (False, 2, 0)
    assert finding.metrics == {
        "planned_inserted": 1, "planned_updated": 1, "planned_deleted": 0, "wrong_in_records": 1,
    }  # fmt: skip
    assert finding.detail == (
        "not what was delivered: records; others or the sink's file changed it, so deliver again"
    )


def test_sinks_that_all_hold_something_else_fail(store: Store):
    rows = deliver(store, samples.corpus(12))
    for name in SINKS:
        spoil(store, name, rows[:3])
    finding = judged(store, "idempotent")
    assert numbers(finding) == (False, None, 0)
    assert finding.detail.startswith("not what was delivered: records, records_parquet; ")


def test_a_sink_that_cannot_be_read_back_is_named(store: Store):
    deliver(store, samples.corpus(3))
    (store.location.folder("delivered", "records_parquet") / "manifest.json").write_text("{}")
    finding = judged(store, "idempotent")
    assert not finding.passed
    assert finding.detail is not None
    assert finding.detail.startswith("records_parquet cannot be read back: ")


def test_a_corpus_that_was_written_again_since_is_ahead_of_the_sinks(store: Store):
    deliver(store, samples.corpus(12))
    put(store, "corpus", samples.corpus(13), None)
    finding = judged(store, "lag")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "behind the corpus: records, records_parquet; deliver again"
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
    for check in FORMULAS:
        assert judged(store, check).passed, check


@pytest.mark.parametrize(("state", "check"), [("failed", "delivered"), ("contract_broken", "contract")])
def test_what_a_sink_failed_with_is_told_and_what_it_held_stays(store: Store, state: Any, check: str):
    deliver(store, samples.corpus(12))
    deliver(store, samples.corpus(12), ended={"records": Ended(state, error="it is full")})
    finding = judged(store, check)
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail == "records: it is full (unknown)"
    kept = store.tables.read(DELIVERY).filter(sink="records").row(0, named=True)
    assert (kept["rows"], kept["state"]) == (12, state)
    for other in set(FORMULAS) - {check}:
        assert judged(store, other).passed, other


@pytest.mark.parametrize(("failed", "verified"), [({"records": 1.0}, {"records_parquet"}), ({}, set())])
def test_a_failed_check_condemns_the_sinks_that_it_names_or_all(store: Store, failed: Any, verified: Any):
    deliver(store, samples.corpus(3))
    assert verified_sinks(store) == set()
    checks = [name for name in DELIVERY.blocking_checks if name != "lag"]
    verdicts = [Verdict(name, passed=True) for name in checks]
    wrong = Verdict("lag", passed=False, metrics=of_sinks(failed))
    store.ledger.record(DELIVERY, None, [*verdicts, wrong], run_id="run")
    assert verified_sinks(store) == verified


@pytest.mark.parametrize(
    ("hours", "date", "end", "passed"),
    [(36, "2026-06-02", None, True), (36, "2026-06-01", None, False), (36, "2026-06-01", "2026-06-01", True)],
)
def test_old_data_warn_by_the_contract_of_the_sink(
    store: Store, hours: float, date: str, end: str | None, passed: bool
):
    contract = {"freshness_hours": hours}
    sink = DeltaFile(name="fresh", kind="delta", description="Fresh", contract=contract)
    partition = Partition(dt.date.fromisoformat(date), "shop")
    put(store, "records", frame("records", row("records", partition)), partition)
    admit(store, "records", partition)
    deliver(store, samples.corpus(3), sinks={"fresh": sink})
    now = dt.datetime(2026, 6, 4, tzinfo=dt.UTC)
    declared = source(end=end)
    finding = judged(store, "freshness", {"fresh": sink}, declared=declared, now=now)
    assert finding.passed is passed, finding
