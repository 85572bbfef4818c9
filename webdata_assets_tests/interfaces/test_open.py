"""`webdata_assets.open`: admitted rows of a table, lazily, as they were when it was called."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import webdata_assets
from webdata_assets.errors import NotAdmittedError, PermanentError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.store import Store, reading
from webdata_assets.store.tables import Tables
from webdata_assets_tests.interfaces.stored import (
    ADMITTED,
    BLOG,
    FAILED,
    LATER_SHOP,
    NEXT,
    ROWS,
    SHOP,
    write,
)
from webdata_assets_tests.servers.s3 import S3Place
from webdata_assets_tests.store.rows import DAY, admit, put

RECORDS = TABLES["records"]


def partitions_of(rows: pl.LazyFrame) -> set[Partition]:
    keys = rows.select("date", "source").unique().collect()
    return {Partition(date, source) for date, source in keys.iter_rows()}


def test_it_gives_admitted_partitions_alone(store: Store) -> None:
    rows = webdata_assets.open("records")
    assert partitions_of(rows) == set(ADMITTED)
    assert rows.collect().height == ROWS * len(ADMITTED)
    assert rows.collect_schema() == RECORDS.polars_schema


def test_each_partition_equals_what_read_admitted_gives(store: Store) -> None:
    for partition in ADMITTED:
        rows = webdata_assets.open("records", date=partition.date, source=partition.source)
        assert rows.sort(RECORDS.key).collect().equals(store.read_admitted(RECORDS, partition))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"date": DAY}, {SHOP, BLOG}),
        ({"date": str(NEXT)}, {LATER_SHOP}),
        ({"date": dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)}, {SHOP, BLOG}),
        ({"date": pd.Timestamp("2026-06-02")}, {LATER_SHOP}),
        ({"source": "demo_shop"}, {SHOP, LATER_SHOP}),
        ({"source": ("demo_shop", "demo_blog")}, set(ADMITTED)),
        ({"date": [DAY, str(NEXT)], "source": {"demo_shop"}}, {SHOP, LATER_SHOP}),
    ],
)
def test_dates_and_sources_choose_partitions(
    store: Store, given: dict[str, object], expected: set[Partition]
) -> None:
    assert partitions_of(webdata_assets.open("records", **given)) == expected


def test_a_filter_opens_the_files_of_its_partitions_alone(store: Store) -> None:
    rows = webdata_assets.open("records")
    for file in Path(store.location.table("records")).rglob("*.parquet"):
        if f"date={NEXT}/source=demo_shop" not in str(file):
            file.unlink()
    one = rows.filter(pl.col("date") == NEXT, pl.col("source") == "demo_shop").select("title")
    assert one.collect().height == ROWS
    assert rows.filter(pl.col("date") > DAY).collect().height == ROWS
    with pytest.raises(OSError, match="parquet"):
        rows.filter(pl.col("source") == "demo_shop").collect()


def test_files_of_partitions_that_are_not_admitted_stay_closed(store: Store) -> None:
    rows = webdata_assets.open("records")
    for file in Path(store.location.table("records")).rglob("*.parquet"):
        if f"date={NEXT}/source=demo_blog" in str(file):
            file.unlink()
    assert rows.collect().height == ROWS * len(ADMITTED)


def test_a_newest_write_that_is_not_admitted_hides_the_partition_as_read_admitted_does(store: Store) -> None:
    write(store, "records", SHOP, 7)
    assert partitions_of(webdata_assets.open("records")) == {BLOG, LATER_SHOP}
    with pytest.raises(NotAdmittedError) as opened:
        webdata_assets.open("records", date=DAY, source="demo_shop")
    with pytest.raises(NotAdmittedError) as read:
        store.read_admitted(RECORDS, SHOP)
    assert str(opened.value) == str(read.value)


def test_what_is_written_or_admitted_later_is_not_in_it(store: Store) -> None:
    rows = webdata_assets.open("records")
    before = rows.sort("date", "source", "record_id").collect()
    write(store, "records", SHOP, 7, 8)
    write(store, "records", FAILED, 7)
    admit(store, "records", FAILED)
    store.tables.compact(RECORDS)
    assert rows.sort("date", "source", "record_id").collect().equals(before)


def test_what_a_store_writes_itself_is_not_in_what_it_chose_before(store: Store) -> None:
    rows = reading.AdmittedRows.choose(store, RECORDS)
    write(store, "records", SHOP, 7)
    assert store.tables.read_partition(RECORDS, SHOP).height == 1
    assert rows.scan().collect().height == rows.height == ROWS * len(ADMITTED)
    with pytest.raises(NotAdmittedError, match="not among what is admitted"):
        rows.scan_partition(FAILED)


def test_a_write_between_two_looks_at_the_ledger_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(monkeypatch, lambda: write(store, "records", SHOP, 7))
    assert partitions_of(webdata_assets.open("records")) == {BLOG, LATER_SHOP}


def test_a_write_that_is_admitted_between_two_looks_is_read_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rewrite() -> None:
        write(store, "records", SHOP, 7)
        admit(store, "records", SHOP)

    interrupted(monkeypatch, rewrite)
    rows = webdata_assets.open("records", source="demo_shop", date=DAY).collect()
    assert rows["record_id"].to_list() == [f"{7:032x}"]


def test_a_store_that_never_rests_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webdata_assets.store.store._LOOKS", 2)

    def rewrite() -> None:
        write(store, "records", SHOP, 7)
        admit(store, "records", SHOP)

    interrupted(monkeypatch, rewrite, times=9)
    with pytest.raises(TransientError, match="faster than they can be read"):
        webdata_assets.open("records")


def interrupted(monkeypatch: pytest.MonkeyPatch, action: Callable[[], None], times: int = 1) -> None:
    """Let something happen after a first look at the ledger, before the table is opened."""
    scan = Tables.scan
    left = [times]

    def scan_late(tables: Tables, table: object) -> pl.LazyFrame:
        if table is RECORDS and left[0]:
            left[0] -= 1
            action()
        return scan(tables, table)

    monkeypatch.setattr(Tables, "scan", scan_late)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([*ADMITTED, FAILED]), st.booleans()), max_size=4))
def test_after_any_writes_it_is_the_union_of_what_read_admitted_gives(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[Partition, bool]]
) -> None:
    store = Store.open(str(tmp_path_factory.mktemp("any")))
    for number, (partition, passes) in enumerate(writes):
        write(store, "records", partition, *range(number + 1))
        admit(store, "records", partition, schema=passes)
    expected = []
    for partition in (*ADMITTED, FAILED):
        try:
            expected.append(store.read_admitted(RECORDS, partition))
        except NotAdmittedError:
            continue
    if not expected:
        with pytest.raises(NotAdmittedError):
            webdata_assets.open("records", store=store.location.root)
        return
    keys = ["date", "source", "record_id"]
    rows = webdata_assets.open("records", store=store.location.root).sort(keys).collect()
    assert rows.equals(pl.concat(expected).sort(keys))


def test_an_unpartitioned_table_is_read_whole_or_not_at_all(store: Store) -> None:
    corpus = TABLES["corpus"]
    rows = pl.DataFrame(
        [
            {
                "source": "demo_shop", "record_id": f"{n:032x}", "date": DAY, "state": "live",
                "kind": "product", "url": f"https://shop.test/{n}", "extra": "{}",
                "content_hash": f"{n:064x}",
            }
            for n in range(2)
        ],
        schema=corpus.polars_schema,
    )  # fmt: skip
    put(store, "corpus", rows, None)
    with pytest.raises(NotAdmittedError, match="did not run on its newest data"):
        webdata_assets.open("corpus")
    admit(store, "corpus", None)
    assert webdata_assets.open("corpus").sort("record_id").collect().equals(rows)
    with pytest.raises(PermanentError, match="not partitioned"):
        webdata_assets.open("corpus", source="demo_shop")


@pytest.mark.parametrize(
    ("table", "given", "told"),
    [
        ("recrods", {}, "no table 'recrods': use one of frontier, pages,"),
        ("records", {"date": "yesterday"}, "'yesterday' is not a date of the form YYYY-MM-DD"),
        ("records", {"date": []}, "date names none"),
        ("records", {"source": []}, "source names none"),
        ("records", {"source": "nobody"}, "no partition of records for nobody is admitted"),
        ("embeddings", {}, "no partition of embeddings for any date and source is admitted"),
    ],
)
def test_what_cannot_be_opened_says_why(
    store: Store, table: str, given: dict[str, object], told: str
) -> None:
    with pytest.raises((PermanentError, NotAdmittedError), match=told):
        webdata_assets.open(table, **given)


def test_store_and_settings_name_another_store(other: Store, tmp_path: Path) -> None:
    write(other, "records", SHOP, 5)
    admit(other, "records", SHOP)
    expected = ROWS * (len(ADMITTED) - 1) + 1
    assert webdata_assets.open("records", store=tmp_path / "other").collect().height == expected
    elsewhere = Settings(store=str(tmp_path / "other"))
    assert webdata_assets.open("records", settings=elsewhere).collect().height == expected


def test_pandas_arrow_and_duckdb_read_it_in_one_line(store: Store) -> None:
    rows = webdata_assets.open("records")
    height = ROWS * len(ADMITTED)
    assert isinstance(rows.collect().to_pandas(), pd.DataFrame)
    assert isinstance(rows.collect().to_arrow(), pa.Table)
    assert duckdb.sql("select count(*), count(distinct source) from rows").fetchall() == [(height, 2)]


def test_it_reads_an_object_store(
    s3_server: S3Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    remote = Store.open(s3_server.uri, options=s3_server.options, cache=tmp_path / "cache")
    write(remote, "records", SHOP, *range(ROWS))
    admit(remote, "records", SHOP)
    write(remote, "records", FAILED, 1)
    rows = webdata_assets.open("records", store=s3_server.uri)
    assert partitions_of(rows) == {SHOP}


def test_naming_it_loads_nothing_before_it_is_called() -> None:
    program = (
        "import sys, webdata_assets; webdata_assets.open; "
        "print(sorted({'polars', 'pydantic', 'deltalake', 'pyarrow'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"
