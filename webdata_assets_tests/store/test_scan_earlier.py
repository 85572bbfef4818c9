"""The admitted past of a source, as seen from one of its partitions."""

import datetime as dt

import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets_tests.store.rows import DAY, admit, frame, put, row

RECORDS = TABLES["records"]


def day(number, source="shop"):
    return Partition(DAY + dt.timedelta(days=number), source)


@pytest.fixture
def kept(store):
    for partition in (*map(day, range(5)), day(1, "blog")):
        put(store, "records", frame("records", row("records", partition)), partition)
        admit(store, "records", partition, schema=partition != day(2))
    return store


def seen(store, partition, **options):
    rows = store.scan_earlier(RECORDS, partition, **options).select("date", "source").collect()
    assert set(rows["source"]) <= {partition.source}
    return [(date - DAY).days for date in rows["date"].sort()]


def test_only_admitted_partitions_of_earlier_dates_are_seen(kept):
    assert seen(kept, day(4)) == [0, 1, 3]
    assert seen(kept, day(3)) == [0, 1]
    assert seen(kept, day(3, "blog")) == [1]
    assert seen(kept, day(0)) == []


def test_the_past_can_be_bounded(kept):
    assert seen(kept, day(4), days=3) == [1, 3]
    assert seen(kept, day(4), days=1) == [3]


def test_only_files_of_those_partitions_are_opened(kept):
    plan = kept.scan_earlier(RECORDS, day(4), days=1).select("record_id").explain()
    assert f"date={day(3).date}" in plan
    assert "other source" not in plan


def test_a_store_without_the_table_has_no_past(store):
    assert store.scan_earlier(RECORDS, day(1)).collect().schema == RECORDS.polars_schema
