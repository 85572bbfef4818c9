"""Maintenance of a whole store: content stays, what is old goes, what is young or named stays."""

import datetime as dt
import importlib
import pkgutil
import re

import polars as pl
import pytest

from webdata_assets import schemas
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.storage import STORAGE
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store import Store
from webdata_assets.store.maintenance import compaction
from webdata_assets.store.maintenance.cleaning import FilesMissingError
from webdata_assets.store.maintenance.compaction import ContentChangedError
from webdata_assets.store.maintenance.maintain import LOGS
from webdata_assets_tests.store.maintenance.conftest import NOW, age
from webdata_assets_tests.store.rows import SHOP, admit, frame, put, row


def folder(store, name):
    return store.location.folder("tables", name)


def data_files(store, name):
    return sorted(folder(store, name).rglob("*.parquet"))


def named(store, table):
    return pl.DataFrame(store.tables.open(table).get_add_actions())["path"].len()


def test_every_table_that_the_code_declares_is_maintained():
    declared = {
        value.name
        for module in pkgutil.iter_modules(schemas.__path__)
        if not module.ispkg
        for value in vars(importlib.import_module(f"webdata_assets.schemas.{module.name}")).values()
        if isinstance(value, Table)
    }
    assert declared == {table.name for table in (*TABLES.values(), *LOGS)} | {STORAGE.name}


def test_small_files_become_one_and_the_content_is_the_same(used_store, maintained):
    before, entries = used_store.content_hashes(), used_store.tables.read(CHECK_RESULTS)
    vectors = used_store.tables.read(VECTORS)
    told = maintained(used_store).rows_by_key("layer", named=True, unique=True)
    assert used_store.content_hashes() == before
    assert used_store.tables.read(CHECK_RESULTS).equals(entries)
    assert used_store.tables.read(VECTORS).equals(vectors)
    assert named(used_store, VECTORS) == 1
    assert told["vectors"]["content_before"] == told["vectors"]["content_after"] is not None
    assert told["check_results"]["compacted_partitions"] == 1


def test_maintenance_again_commits_nothing(used_store, maintained):
    first = maintained(used_store)
    again = maintained(used_store)
    assert again["version"].equals(first["version"])
    assert again["compacted_partitions"].sum() == again["removed_files"].sum() == 0


def test_files_bytes_and_cost_are_those_that_lie_there(used_store, maintained):
    rows = maintained(used_store, price=2.0)
    STORAGE.schema.validate(rows)
    records = rows.row(by_predicate=pl.col("layer") == "records", named=True)
    lying = sum(path.stat().st_size for path in folder(used_store, "records").rglob("*") if path.is_file())
    assert (records["files"], records["bytes"] + records["kept_bytes"]) == (2, lying)
    assert records["monthly_cost"] == pytest.approx(2.0 * lying / 1e9)


def test_files_of_replaced_versions_go_once_they_are_older_than_versions_are_kept(used_store, maintained):
    maintained(used_store)
    assert len(data_files(used_store, "records")) > named(used_store, TABLES["records"])
    for path in data_files(used_store, "records"):
        age(path, 30)
    # the log, too, says when a file was replaced
    log = folder(used_store, "records") / "_delta_log"
    for path in (*log.glob("*.checkpoint.parquet"), log / "_last_checkpoint"):
        path.unlink()
    for entry in log.glob("*.json"):
        entry.write_text(re.sub(r'"deletionTimestamp":\d+', '"deletionTimestamp":1', entry.read_text()))
    fresh = Store.open(used_store.location.root)
    maintained(fresh)
    assert len(list(folder(fresh, "records").glob("date=*/**/*.parquet"))) == named(fresh, TABLES["records"])


@pytest.mark.parametrize(("days", "stays"), [(0.5, True), (30, False)])
def test_only_old_files_that_nothing_names_go(used_store, maintained, days, stays):
    place = data_files(used_store, "pages")[0].parent
    orphans = [place / "part-of-a-killed-writer.parquet", place / "half-written.parquet#1"]
    orphans.append(folder(used_store, "pages") / "_delta_log" / "_commit_0f.json.tmp")
    for orphan in orphans:
        orphan.write_bytes(b"PAR1")
        age(orphan, days)
    maintained(used_store)
    assert [path.exists() for path in orphans] == [stays] * 3


def test_a_partition_that_a_run_is_at_work_on_is_not_put_together(used_store, maintained):
    records = TABLES["records"]
    extra = frame("records", row("records", SHOP, 7))
    put(used_store, "records", frame("records", row("records", SHOP, 8)))
    used_store.tables.append(records, extra)
    told = maintained(used_store, only=["records"])
    assert told.item(0, "compacted_partitions") == 0
    admit(used_store, "records")
    assert maintained(used_store, only=["records"]).item(0, "compacted_partitions") == 1


def test_a_compaction_that_changes_content_is_taken_back_and_fails(used_store, maintained, monkeypatch):
    number, before = iter(range(100)), used_store.tables.read(VECTORS)
    files = named(used_store, VECTORS)
    monkeypatch.setattr(compaction, "_content", lambda *_: str(next(number)))
    with pytest.raises(ContentChangedError, match=r"content of vectors .* restored"):
        maintained(used_store, only=["vectors"])
    assert used_store.tables.read(VECTORS).equals(before)
    assert named(used_store, VECTORS) == files


def test_a_table_whose_files_are_gone_stops_maintenance_before_anything_is_removed(used_store, maintained):
    path = pl.DataFrame(used_store.tables.open(TABLES["records"]).get_add_actions())["path"][0]
    (folder(used_store, "records") / path).unlink()
    with pytest.raises(FilesMissingError, match="1 files of records"):
        maintained(used_store, only=["records"])


def test_archived_partitions_are_counted_and_stay_readable(used_store, maintained):
    told = maintained(used_store, archive_after_days=1).rows_by_key("layer", named=True, unique=True)
    expected = 2 if SHOP.date < NOW.date() - dt.timedelta(days=1) else 0
    assert told["records"]["archived_partitions"] == expected
    assert used_store.read_admitted(TABLES["records"], SHOP).height == 2
