"""Rows made from records count as long as the records are still those."""

import datetime as dt

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.derived import current_rows
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.learn import samples

SHOP = Partition(samples.DAY, "shop")


def enter(store: Store, layer: str, version: str) -> None:
    """Enter a write of a partition and its passed checks."""
    table = TABLES[layer]
    store.ledger.begin_write(
        table, SHOP, data_version=version * 64, code_version=None, rows=1, extracted=None, run_id="run"
    )
    passed = [Verdict(check, passed=True) for check in table.blocking_checks]
    store.ledger.record(table, SHOP, passed, run_id="run")


def current(store: Store, corpus: pl.DataFrame) -> pl.DataFrame:
    return current_rows(samples.features(6).lazy(), TABLES["features"], corpus, store)


def test_rows_written_after_their_records_count(tmp_path):
    store = Store.open(str(tmp_path))
    for layer in ("records", "features"):
        enter(store, layer, "a")
    assert current(store, samples.corpus(6)).height == 6


def test_rows_older_than_their_records_do_not(tmp_path):
    store = Store.open(str(tmp_path))
    for layer in ("records", "features"):
        enter(store, layer, "a")
    enter(store, "records", "b")
    assert current(store, samples.corpus(6)).is_empty()


def test_rows_of_versions_that_the_corpus_does_not_name_are_left_out(tmp_path):
    store = Store.open(str(tmp_path))
    for layer in ("records", "features"):
        enter(store, layer, "a")
    newer = samples.corpus(6).with_columns(date=pl.lit(samples.DAY + dt.timedelta(days=1)))
    mixed = pl.concat([samples.corpus(6).head(2), newer.tail(4)])
    assert current(store, mixed).height == 2
