"""The inventory of failed partitions: exact counts, capped samples, and how to recover."""

import dataclasses
import datetime as dt

import polars as pl
import pytest

from webdata_assets.checks.inventory import failed_partitions
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.observe.failed_partitions import NOT_CHECKED, remedy
from webdata_assets.store import Store
from webdata_assets_tests.observe.synthetic import NOW, Cell, fill
from webdata_assets_tests.store.rows import DAY, SHOP, frame, put, row

CELL = Cell(date=DAY, source="shop", pages=10, level=10, price_share=0.9)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store.open(str(tmp_path / "store"), now=lambda: NOW)


def broken(source: str, fails: str = "records.completeness", days: int = 0) -> Cell:
    return dataclasses.replace(CELL, source=source, fails=fails, date=DAY + dt.timedelta(days=days))


def test_nothing_stored_is_nothing_failed(store):
    assert failed_partitions(store).total == 0


def test_admitted_partitions_are_not_in_it(store):
    fill(store, [CELL])
    assert failed_partitions(store).total == 0


def test_the_count_is_exact_where_the_sample_is_capped(store):
    fill(store, [broken(f"shop_{number}") for number in range(7)])
    inventory = failed_partitions(store, cap=3)
    assert (inventory.total, len(inventory.rows)) == (7, 3)


def test_the_newest_partitions_are_named_first(store):
    fill(store, [broken("shop", days=days) for days in range(4)])
    named = [each.partition.date for each in failed_partitions(store, cap=2).rows]
    assert named == [DAY + dt.timedelta(days=3), DAY + dt.timedelta(days=2)]


def test_a_partition_is_counted_once_by_its_earliest_failed_layer(store):
    fill(store, [CELL, broken("blog", "pages.completeness")])
    store.ledger.begin_write(
        TABLES["records"], Partition(DAY, "blog"), data_version="0" * 64, code_version=None, rows=0,
        extracted=0, run_id="run",
    )  # fmt: skip
    inventory = failed_partitions(store)
    assert (inventory.total, dict(inventory.by_layer)) == (1, {"pages": 1})


def test_a_row_says_what_was_found_and_how_to_recover(store):
    fill(store, [broken("shop")])
    [found] = failed_partitions(store).rows
    assert (found.partition, found.layer, found.checks) == (SHOP, "records", ("completeness",))
    assert found.detail.startswith("completeness: price found in 31%")
    assert "`webdata run --source shop --date 2026-06-01 --replay`" in found.remedy


@pytest.mark.parametrize(("hours", "total"), [(0.5, 0), (2, 1)])
def test_a_write_without_verdicts_counts_once_its_run_must_have_died(tmp_path, hours, total):
    written = NOW - dt.timedelta(hours=hours)
    put(Store.open(str(tmp_path), now=lambda: written), "pages", frame("pages", row("pages")))
    inventory = failed_partitions(Store.open(str(tmp_path), now=lambda: NOW))
    assert inventory.total == total
    assert all(each.checks == (NOT_CHECKED,) for each in inventory.rows)


@pytest.mark.parametrize(
    ("layer", "checks", "command"),
    [
        ("frontier", ["proxies_healthy"], "fetch.proxies"),
        ("pages", ["completeness"], "webdata deadletters list shop"),
        ("pages", ["freshness"], "webdata run --source shop --date 2026-06-01`"),
        ("records", ["valid_share"], "--replay"),
        ("features", ["drift"], "--replay"),
        ("embeddings", ["one_model"], "webdata embed --source shop"),
        ("pages", [NOT_CHECKED], "webdata checks run --source shop --date 2026-06-01"),
    ],
)
def test_each_failure_has_its_recovery(layer, checks, command):
    assert command in remedy(SHOP, layer, checks)


def test_every_partitioned_layer_has_a_recovery():
    layers = pl.Series([remedy(SHOP, table.name, ["any"]) for table in TABLES.values() if table.partitioned])
    assert layers.str.contains("webdata ").all()
