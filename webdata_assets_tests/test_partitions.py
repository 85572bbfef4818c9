"""Partition keys and the grid."""

import datetime as dt

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.partitions import Partition, build_partitions_definition

START = dt.date(2026, 6, 1)
NAMES = st.from_regex(r"\A[a-z0-9_-]{1,64}\Z")


@given(st.dates(), NAMES)
def test_a_key_reads_back_as_its_partition(date, source):
    partition = Partition(date, source)
    assert Partition.from_key(partition.key) == partition
    assert str(partition) == partition.key


@given(st.dates(), NAMES)
def test_a_key_is_the_one_that_dagster_makes(date, source):
    key = dg.MultiPartitionKey({"date": date.isoformat(), "source": source})
    assert Partition(date, source).key == str(key)


@pytest.mark.parametrize("key", ["", "2026-06-01", "2026-06-01|", "|shop", "1 June|shop", "2026-02-30|shop"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match=r"not of the form|isoformat|out of range"):
        Partition.from_key(key)


def test_partitions_are_ordered_by_date_then_source():
    keys = ["2026-06-02|a", "2026-06-01|b", "2026-06-01|a"]
    assert sorted(Partition.from_key(key) for key in keys) == [
        Partition.from_key(key) for key in sorted(keys)
    ]


def test_the_grid_is_every_date_up_to_today_for_every_source():
    today = dt.datetime(2026, 6, 3, 9, tzinfo=dt.UTC)
    keys = build_partitions_definition(START, ["blog", "shop"]).get_partition_keys(current_time=today)
    assert sorted(keys) == [f"2026-06-0{day}|{source}" for day in (1, 2, 3) for source in ("blog", "shop")]


def test_a_date_before_the_start_and_an_unknown_source_have_no_partition():
    grid = build_partitions_definition(START, ["shop"])
    assert grid.has_partition_key("2026-06-01|shop")
    assert not grid.has_partition_key("2026-05-31|shop")
    assert not grid.has_partition_key("2026-06-01|blog")
