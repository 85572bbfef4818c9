"""Chunks as a LanceDB table holds them, and back."""

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.index.chunk_rows import ANSWER_COLUMNS, CHUNK_SCHEMA
from webdata_assets.stages.index.lance_rows import arrow_schema, from_arrow, stored_columns, to_arrow
from webdata_assets_tests.index.many import DIMENSIONS, chunks

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
moments = st.integers(-(10**15), 10**16).map(lambda number: EPOCH + dt.timedelta(microseconds=number))
rows = st.fixed_dictionaries(
    {
        "text": texts, "context": st.none() | texts, "title": st.none() | texts, "url": texts,
        "source": texts, "language": st.none() | texts, "heading_path": st.lists(texts, max_size=3),
        "published_at": st.none() | moments, "start": st.integers(0, 2**31 - 1), "pii": st.booleans(),
    }
)  # fmt: skip


@given(st.lists(rows, max_size=4))
def test_what_is_stored_is_read_back_exactly(given_rows):
    template = chunks(1).row(0, named=True)
    frame = pl.DataFrame([{**template, **row} for row in given_rows], schema=CHUNK_SCHEMA)
    stored = to_arrow(frame.with_columns(row_hash=pl.lit("0")), DIMENSIONS)
    assert stored.schema == arrow_schema(DIMENSIONS)
    for columns in (
        CHUNK_SCHEMA.names(),
        list(ANSWER_COLUMNS),
        ["text"],
        ["title", "vector"],
        ["source", "pii"],
    ):
        assert from_arrow(stored.select(stored_columns(columns)), columns).equals(frame.select(columns))


def test_an_answer_is_read_from_three_columns():
    assert stored_columns(ANSWER_COLUMNS) == ["chunk_id", "shown", "searched_text"]
    assert stored_columns(["chunk_id", "vector"]) == ["chunk_id", "vector"]
