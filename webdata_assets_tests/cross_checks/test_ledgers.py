"""Admission and reconciliation of a store in which things went wrong, counted a second time."""

import datetime as dt
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.judging import Judge
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sources.registry import load_sources
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets_tests.cross_checks.admitting import standings
from webdata_assets_tests.cross_checks.reading import Place, Row, rows_of
from webdata_assets_tests.cross_checks.reconciling import BY_TABLE, held_in
from webdata_assets_tests.deployment import Deployment


def everything(store: Store) -> dict[str, list[Row]]:
    return {name: rows_of(store, name) for name in (*TABLES, "check_results")}


def reported(rows: Mapping[str, list[Row]], table: str) -> dict[Place, float]:
    """Return what the newest reconciliation of each partition says is wrong."""
    return {
        place: standing.said["reconciliation"]["value"]
        for place, standing in standings(rows["check_results"], table).items()
        if "reconciliation" in standing.said
    }


def test_who_is_admitted_is_who_passed_every_blocking_check_on_what_is_stored(troubled: Deployment):
    entries = rows_of(troubled.store, "check_results")
    seen = set()
    for name, table in TABLES.items():
        if table.is_log:
            continue
        expected = {
            place: standing.admitted(table.blocking_checks)
            for place, standing in standings(entries, name).items()
        }
        states = troubled.store.ledger.states(table).select("date", "source", "admitted").iter_rows()
        assert {(date, source): admitted for date, source, admitted in states} == expected, name
        seen |= set(expected.values())
    assert seen == {True, False}


def test_every_step_adds_up_as_its_reconciliation_says(troubled: Deployment):
    rows = everything(troubled.store)
    held = held_in(rows)
    for table, count in BY_TABLE.items():
        found = reported(rows, table)
        assert found == {place: count(held, place) for place in found}, table
        assert len(found) >= 2, table


def test_the_corpus_holds_the_records_of_admitted_partitions_and_no_other(troubled: Deployment):
    rows = everything(troubled.store)
    admitted = {
        place
        for place, standing in standings(rows["check_results"], "records").items()
        if standing.admitted(TABLES["records"].blocking_checks)
    }
    wanted = {row["record_id"] for row in rows["records"] if (row["date"], row["source"]) in admitted}
    assert {row["record_id"] for row in rows["corpus"]} == wanted
    assert len(wanted) < len({row["record_id"] for row in rows["records"]})


@pytest.mark.parametrize("seed", range(4))
def test_rows_that_are_lost_or_added_are_counted_alike(troubled: Deployment, tmp_path: Path, seed: int):
    chance = random.Random(seed)
    shutil.copytree(troubled.folder / "store", tmp_path / "store")
    store = Store.open(str(tmp_path / "store"))
    partition = Partition(dt.date(2026, 6, 3), "demo_blog")
    here = (partition.date, partition.source)
    for name in ("frontier", "dead_letters", "pages", "quarantine", "records", "fingerprints", "features"):
        table = TABLES[name]
        rows = store.tables.read_partition(table, partition)
        kept = rows.filter([chance.random() > 0.2 for _ in range(rows.height)])
        write = store.ledger.newest_write(table, partition)
        assert write is not None
        version = data_version(table, kept)
        store.ledger.begin_write(
            table, partition, data_version=version, code_version=None, rows=kept.height,
            extracted=write.extracted, run_id="loses rows",
        )  # fmt: skip
        store.tables.overwrite(table, kept, partition=partition, run_id="loses rows", data_version=version)
    judge = Judge(store=store, sources=load_sources(troubled.sources), now=dt.datetime.now(dt.UTC))
    of_tables = [check for step in STEPS.values() for check in step if check.table.name in BY_TABLE]
    judge.judge([check for check in of_tables if check.name == "reconciliation"], partition, run_id="again")
    rows = everything(store)
    held = held_in(rows)
    counted = {table: count(held, here) for table, count in BY_TABLE.items()}
    assert {table: reported(rows, table)[here] for table in counted} == counted
    assert sum(counted.values()) > 0
