"""Hostile source names: a value never becomes part of the predicate's logic."""

import tempfile

import pyarrow as pa
from deltalake import QueryBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.predicates import partition_predicate, quoted
from webdata_assets_tests.store.rows import DAY, SHOP, frame, row

FRONTIER = TABLES["frontier"]
HOSTILE = ("o'brien", "' OR '1'='1", "x' OR source <> 'x", "''", "\\'", "x'; --", 'a"b', "%27", "a/b", "a=b")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CHARACTERS = st.sampled_from("'\"\\%;-/=() \tabOR1é\u2028") | st.characters(codec="utf-8", min_codepoint=32)
NAMES = st.sampled_from(HOSTILE) | st.text(CHARACTERS, min_size=1, max_size=24)


@given(TEXTS)
def test_a_quoted_value_is_an_sql_literal_of_that_value(text):
    answer = pa.table(QueryBuilder().execute(f"SELECT {quoted(text)} AS value").read_all())
    assert answer["value"].to_pylist() == [text]


def test_the_predicate_of_a_plain_partition():
    assert partition_predicate(SHOP) == "date = '2026-06-01' AND source = 'shop'"


@settings(max_examples=12, deadline=None)
@given(NAMES.filter(lambda name: name != SHOP.source))
def test_writing_a_partition_of_any_name_leaves_the_others_alone(name):
    hostile = Partition(DAY, name)
    with tempfile.TemporaryDirectory() as root:
        store = Store.open(root)
        for partition in (SHOP, hostile, hostile):
            store.tables.overwrite(
                FRONTIER, frame("frontier", row("frontier", partition)), partition=partition, run_id="run",
                data_version="0" * 64,
            )  # fmt: skip
        kept = store.tables.scan(FRONTIER).collect()
        assert sorted(kept["source"]) == sorted([SHOP.source, name])
        assert store.tables.read_partition(FRONTIER, hostile).height == 1
