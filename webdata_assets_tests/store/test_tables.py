"""Typed tables: what a write refuses, and that it touches exactly one partition."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.store import Store
from webdata_assets.store.fitting import SchemaMismatchError
from webdata_assets.store.tables import CHECKPOINT_INTERVAL
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, frame, row

FRONTIER = TABLES["frontier"]


def write(store, rows, partition=SHOP, table=FRONTIER):
    return store.tables.overwrite(table, rows, partition=partition, run_id="run", data_version="0" * 64)


def urls(store, partition=SHOP):
    return store.tables.read_partition(FRONTIER, partition)["url"].to_list()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (pl.col("depth").cast(pl.Int64), "depth is Int64, not Int32"),
        (pl.col("date").cast(pl.String), "date is String, not Date"),
        (pl.lit(1).alias("surplus"), "unknown column surplus"),
    ],
)
def test_a_write_of_other_types_is_refused_and_names_the_column(store, change, problem):
    with pytest.raises(SchemaMismatchError, match=problem) as refused:
        write(store, frame("frontier", row("frontier")).with_columns(change))
    assert "table frontier" in str(refused.value)
    assert not store.tables.exists(FRONTIER)


def test_a_missing_column_is_named_and_so_is_every_other_problem(store):
    rows = frame("frontier", row("frontier")).drop("etag").with_columns(pl.col("url").cast(pl.Binary))
    with pytest.raises(SchemaMismatchError, match="missing column etag; url is Binary, not String"):
        write(store, rows)


def test_columns_in_another_order_are_refused(store):
    rows = frame("frontier", row("frontier"))
    with pytest.raises(SchemaMismatchError, match="columns are in another order"):
        write(store, rows.select(reversed(rows.columns)))


def test_an_append_is_typed_too(store):
    with pytest.raises(SchemaMismatchError, match="missing column asset"):
        store.tables.append(CHECK_RESULTS, pl.DataFrame({"check": ["schema"]}))


def test_an_overwrite_replaces_exactly_one_partition(store):
    other_day = Partition(DAY + dt.timedelta(days=1), SHOP.source)
    for partition in (SHOP, BLOG, other_day):
        write(store, frame("frontier", row("frontier", partition), row("frontier", partition, 1)), partition)
    write(store, frame("frontier", row("frontier", SHOP, 7)))
    assert urls(store) == ["https://shop.example.com/7"]
    assert len(urls(store, BLOG)) == len(urls(store, other_day)) == 2


def test_the_same_write_again_changes_no_row(store):
    rows = frame("frontier", row("frontier"), row("frontier", number=1))
    write(store, rows)
    before = store.content_hashes()
    write(store, rows)
    assert store.content_hashes() == before
    assert store.tables.read_partition(FRONTIER, SHOP).equals(rows)


def test_an_empty_frame_empties_the_partition_and_no_other(store):
    for partition in (SHOP, BLOG):
        write(store, frame("frontier", row("frontier", partition)), partition)
    write(store, FRONTIER.empty())
    assert urls(store) == []
    assert len(urls(store, BLOG)) == 1


def test_an_empty_frame_makes_a_table_of_the_right_types(store):
    write(store, FRONTIER.empty())
    assert store.tables.exists(FRONTIER)
    assert store.tables.read_partition(FRONTIER, SHOP).equals(FRONTIER.empty())


@pytest.mark.parametrize("stray", [BLOG, Partition(DAY + dt.timedelta(days=1), "shop")])
def test_rows_outside_the_partition_are_refused(store, stray):
    rows = frame("frontier", row("frontier"), row("frontier", stray))
    with pytest.raises(PermanentError, match=r"1 rows of frontier lie outside partition 2026-06-01\|shop"):
        write(store, rows)
    assert not store.tables.exists(FRONTIER)


def test_a_row_without_a_source_lies_outside_every_partition(store):
    with pytest.raises(PermanentError, match="outside partition"):
        write(store, frame("frontier", row("frontier", source=None)))


def test_a_partitioned_table_is_never_overwritten_whole(store):
    with pytest.raises(ValueError, match="partitioned=True, partition=None"):
        write(store, frame("frontier", row("frontier")), None)


def test_a_table_that_was_never_written_reads_as_empty(store):
    assert store.tables.scan(FRONTIER).collect().equals(FRONTIER.empty())
    assert not store.tables.exists(FRONTIER)


def test_reading_sorts_by_key_and_takes_only_the_columns_asked_for(store):
    write(store, frame("frontier", *(row("frontier", number=number) for number in (2, 0, 1))))
    assert urls(store) == sorted(urls(store))
    assert store.tables.read_partition(FRONTIER, SHOP, ["url"]).columns == ["url"]


def test_a_store_sees_what_another_store_wrote_later(tmp_path):
    reader, writer = (Store.open(str(tmp_path)) for _ in range(2))
    assert urls(reader) == []
    for number in range(2):
        write(writer, frame("frontier", row("frontier", number=number)))
        assert urls(reader) == [f"https://shop.example.com/{number}"]


def test_two_open_stores_see_each_other_through_checkpoints_and_clean_ups(tmp_path):
    one, other = (Store.open(str(tmp_path)) for _ in range(2))
    for number in range(CHECKPOINT_INTERVAL + 5):
        writer, reader = (one, other) if number % 3 else (other, one)
        write(writer, frame("frontier", row("frontier", number=number)))
        if number % 10 == 9:
            delta = writer.tables.open(FRONTIER)
            assert delta is not None
            delta.create_checkpoint()
            delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        assert urls(reader) == urls(writer) == [f"https://shop.example.com/{number}"]


def test_every_table_keeps_its_types_through_delta(store):
    for name, table in TABLES.items():
        if table.partitioned:
            rows = frame(name, row(name))
            write(store, rows, table=table)
            assert store.tables.read_partition(table, SHOP).equals(rows), name


def test_a_store_that_cannot_be_written_names_folder_and_remedy(tmp_path):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "store"
    with pytest.raises(PermanentError, match="set WEBDATA_STORE to another folder") as refused:
        write(Store.open(str(folder)), frame("frontier", row("frontier")))
    assert str(folder) in str(refused.value)
    assert refused.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_store_without_write_permission_names_folder_and_remedy(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("permission bits do not bind root")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermanentError, match="give this user write permission") as refused:
            write(Store.open(str(tmp_path)), frame("frontier", row("frontier")))
    finally:
        tmp_path.chmod(0o700)
    assert str(tmp_path) in str(refused.value)


def test_first_writers_may_probe_a_folder_at_once(store):
    with ThreadPoolExecutor(4) as pool:
        for probed in [pool.submit(store.location.check_writable) for _ in range(400)]:
            probed.result()


def test_the_probe_of_a_folder_leaves_nothing_behind(store, tmp_path):
    store.location.check_writable()
    assert list((tmp_path / "store").iterdir()) == []
