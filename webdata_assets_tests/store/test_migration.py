"""Schemas that grow: what was written before is read and written on, and anything else is refused."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.schemas import Table
from webdata_assets.store import Store
from webdata_assets.store.migration import SchemaMigrationError, is_widening
from webdata_assets_tests.store.rows import BLOG, SHOP


class Narrow(dy.Schema):
    date = dy.Date()
    source = dy.String()
    key = dy.String()
    count = dy.Int32(nullable=True)
    share = dy.Float32(nullable=True)
    price = dy.Decimal(18, 4, nullable=True)
    sizes = dy.List(dy.Int16(nullable=True), nullable=True)


class Wide(dy.Schema):
    date = dy.Date()
    source = dy.String()
    key = dy.String()
    count = dy.Int64(nullable=True)
    share = dy.Float64(nullable=True)
    price = dy.Decimal(24, 6, nullable=True)
    sizes = dy.List(dy.Int64(nullable=True), nullable=True)
    note = dy.String(nullable=True)


class Retyped(Wide):
    count = dy.String(nullable=True)


NARROW = Table(name="grown", schema=Narrow, description="", key=("key",))
WIDE = dataclasses.replace(NARROW, schema=Wide)


def rows(table, partition, number=1):
    values = {
        "date": partition.date, "source": partition.source, "count": 2**31 - 1, "share": 0.1,
        "price": None, "sizes": [1, None],
    }  # fmt: skip
    plain = [{**values, "key": str(at)} for at in range(number)]
    return pl.DataFrame(plain, schema=table.polars_schema)


def write(store, table, partition, number=1):
    store.tables.overwrite(
        table, rows(table, partition, number), partition=partition, run_id="run", data_version="0" * 64
    )


def widened(frame):
    names = frame.columns
    schema = {name: dtype for name, dtype in WIDE.polars_schema.items() if name in names}
    return frame.cast(schema)


def test_narrower_columns_are_read_as_the_present_schema_before_anything_is_written(store):
    write(store, NARROW, SHOP)
    version = store.tables.version(NARROW)
    read = store.tables.read_partition(WIDE, SHOP)
    assert read.schema == WIDE.polars_schema
    assert read.drop("note").equals(widened(rows(NARROW, SHOP)))
    assert read["note"].to_list() == [None]
    assert store.tables.version(NARROW) == version


def test_the_first_write_brings_the_table_to_the_schema_and_changes_no_other_partition(store):
    write(store, NARROW, SHOP)
    write(store, NARROW, BLOG, 3)
    before = store.tables.read_partition(WIDE, BLOG)
    write(store, WIDE, SHOP, 2)
    stored = pl.scan_delta(store.tables.open(WIDE)).collect_schema()
    assert dict(stored) == dict(WIDE.polars_schema)
    assert store.tables.read_partition(WIDE, BLOG).equals(before)
    assert store.tables.read_partition(WIDE, SHOP).height == 2


def test_migration_alone_does_the_same_and_a_second_one_nothing(store):
    write(store, NARROW, SHOP)
    assert store.tables.migrate(WIDE)
    version = store.tables.version(WIDE)
    assert not store.tables.migrate(WIDE)
    assert store.tables.version(WIDE) == version
    assert store.tables.read(WIDE).drop("note").equals(widened(rows(NARROW, SHOP)))


def test_rows_and_partitioning_are_kept_through_a_migration(store):
    write(store, NARROW, SHOP, 25)
    keys = store.tables.read_partition(NARROW, SHOP)["key"].to_list()
    store.tables.migrate(WIDE)
    assert store.tables.read_partition(WIDE, SHOP)["key"].to_list() == keys
    assert store.tables.open(WIDE).metadata().partition_columns == ["date", "source"]


def test_another_type_is_refused_with_the_column_and_what_may_change(store):
    write(store, WIDE, SHOP)
    retyped = dataclasses.replace(NARROW, schema=Retyped)
    version = store.tables.version(WIDE)
    for use in (store.tables.scan, store.tables.migrate):
        with pytest.raises(SchemaMigrationError, match=r"count is Int64, not String.*Int32 to Int64"):
            use(retyped)
    assert store.tables.version(WIDE) == version


def test_a_column_that_the_schema_dropped_is_refused_on_write(store):
    write(store, WIDE, SHOP)
    with pytest.raises(SchemaMigrationError, match=r"columns that its schema has not: note|not Float32"):
        write(store, NARROW, SHOP)


def test_writers_that_race_with_a_migration_lose_no_row(store, tmp_path):
    write(store, NARROW, SHOP)
    others = [Store.open(store.location.root) for _ in range(3)]

    def work(number_and_store):
        number, own = number_and_store
        partition = dataclasses.replace(SHOP, source=f"s{number}")
        write(own, WIDE, partition, number + 1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, enumerate(others)))
    assert sorted(store.tables.read(WIDE)["source"]) == sorted(["shop", "s0", "s1", "s1", "s2", "s2", "s2"])


@given(st.integers(1, 38).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, p))),
       st.integers(1, 38).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, p))))  # fmt: skip
def test_a_decimal_widens_exactly_if_its_greatest_value_fits(before, after):
    digits = [(precision - scale, scale) for precision, scale in (before, after)]
    fits = before != after and digits[1][0] >= digits[0][0] and digits[1][1] >= digits[0][1]
    assert is_widening(pl.Decimal(*before), pl.Decimal(*after)) == fits


@pytest.mark.parametrize(
    ("before", "after"),
    [(pl.Int64, pl.Int32), (pl.Int32, pl.Float64), (pl.Float64, pl.Float32), (pl.String, pl.Binary)],
)
def test_what_may_lose_a_value_is_no_widening(before, after):
    assert not is_widening(before(), after())
