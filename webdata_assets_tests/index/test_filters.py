"""Conditions in SQL text."""

from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.index.filters import condition, equals_any
from webdata_assets.stages.index.index import ChunkFilter
from webdata_assets_tests.index.many import DAY, EVERYTHING


def test_a_filter_that_lets_everything_through_is_no_condition():
    assert condition(EVERYTHING) is None


def test_flagged_chunks_are_left_out_unless_asked_for():
    assert condition(ChunkFilter()) == "NOT pii AND NOT injection"
    assert condition(ChunkFilter(pii=True, since=DAY)) == "NOT injection AND date >= date '2026-01-02'"


def test_none_of_no_values():
    assert equals_any("source", []) == "false"


@given(st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_a_condition_holds_its_values_between_balanced_quotes(values):
    text = equals_any("source", values)
    assert text.count("'") % 2 == 0
    assert text.replace("''", "").count("'") <= 2 * len(values)
