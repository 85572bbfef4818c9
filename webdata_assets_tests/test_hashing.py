"""The content hash of a frame: what it depends on, and what it does not."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.hashing import content_hash, row_hashes

ROW = st.fixed_dictionaries(
    {
        "key": st.integers(0, 5),
        "text": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        "number": st.none() | st.floats(width=64),
        "price": st.none() | st.decimals(0, 10**6, places=4),
        "at": st.none() | st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2100, 1, 1)),  # noqa: DTZ001
        "tags": st.none() | st.lists(st.none() | st.sampled_from(["a", "b"]), max_size=3),
    }
)
SCHEMA = pl.Schema(
    {
        "key": pl.Int64(),
        "text": pl.String(),
        "number": pl.Float64(),
        "price": pl.Decimal(18, 4),
        "at": pl.Datetime("us"),
        "tags": pl.List(pl.String()),
    }
)


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


@given(st.lists(ROW, max_size=12), st.randoms())
def test_order_of_rows_and_columns_and_chunking_do_not_count(rows, random):
    frame = frame_of(rows)
    columns = list(frame.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    half = len(rows) // 2
    other = pl.concat([frame_of(rows[:half]), frame_of(rows[half:])], rechunk=False).select(columns)
    assert content_hash(other, sort_by=["key"]) == content_hash(frame, sort_by=["key"])


@given(st.lists(ROW, min_size=1, max_size=6), ROW)
def test_another_row_gives_another_hash(rows, another):
    frame = frame_of(rows)
    changed = frame_of([*rows[1:], another])
    key = ["key"]
    same_rows = row_hashes(frame).sort().equals(row_hashes(changed).sort())
    assert (content_hash(frame, sort_by=key) == content_hash(changed, sort_by=key)) == same_rows


def test_bytes_under_nulls_do_not_count():
    hidden = pl.DataFrame({"k": [1, 2], "v": [7, 8]}).with_columns(
        v=pl.when(pl.col("k") == 1).then(pl.col("v"))
    )
    assert content_hash(hidden, sort_by=["k"]) == content_hash(
        pl.DataFrame({"k": [1, 2], "v": [7, None]}), sort_by=["k"]
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Series("v", [None], dtype=pl.String), pl.Series("v", [""])),
        (pl.Series("v", [None], dtype=pl.Float64), pl.Series("v", [float("nan")])),
        (pl.Series("v", [float("inf")]), pl.Series("v", [float("nan")])),
        (pl.Series("v", [1], dtype=pl.Int32), pl.Series("v", [1], dtype=pl.Int64)),
        (pl.Series("v", [1]), pl.Series("w", [1])),
        (pl.Series("v", [[]], dtype=pl.List(pl.Int8)), pl.Series("v", [None], dtype=pl.List(pl.Int8))),
        (pl.Series("v", [["a", "b"]]), pl.Series("v", [["a,b"]])),
        (pl.Series("v", [0.1 + 0.2]), pl.Series("v", [0.3])),
    ],
)
def test_different_content_gives_different_hashes(one, other):
    assert content_hash(one.to_frame(), sort_by=[]) != content_hash(other.to_frame(), sort_by=[])


def test_a_categorical_counts_by_its_words_and_not_by_its_codes():
    words = ["b", "a", "b"]
    frame = pl.DataFrame({"v": pl.Series(words, dtype=pl.Categorical)})
    other = pl.DataFrame({"v": pl.Series(["a", "b", "b"], dtype=pl.Categorical)})
    assert content_hash(frame, sort_by=["v"]) == content_hash(other, sort_by=["v"])


def test_rows_of_several_batches_are_all_counted():
    frame = pl.DataFrame({"k": range(10_000)})
    changed = frame.with_columns(pl.when(pl.col("k") == 9_999).then(-1).otherwise(pl.col("k")).alias("k"))
    assert content_hash(frame, sort_by=["k"]) != content_hash(changed, sort_by=["k"])
    assert content_hash(frame.reverse(), sort_by=["k"]) == content_hash(frame, sort_by=["k"])


def test_rows_of_two_empty_frames_differ_by_their_columns_alone():
    assert content_hash(pl.DataFrame(schema={"a": pl.Int64}), sort_by=["a"]) != content_hash(
        pl.DataFrame(schema={"a": pl.String}), sort_by=["a"]
    )


def test_an_excluded_column_does_not_count():
    frame = pl.DataFrame({"k": [1], "body": [b"x"]})
    assert content_hash(frame, exclude={"body"}, sort_by=["k"]) == content_hash(
        frame.drop("body"), sort_by=["k"]
    )


@pytest.mark.parametrize("body", [b"x", [b"x"], {"inner": b"x"}])
def test_bytes_that_are_not_excluded_are_refused(body):
    with pytest.raises(ValueError, match="'body' holds Binary: exclude it"):
        content_hash(pl.DataFrame({"k": [1], "body": [body]}), sort_by=["k"])


def test_sorting_by_an_excluded_column_is_refused():
    with pytest.raises(ValueError, match=r"cannot sort by \['at'\]"):
        content_hash(pl.DataFrame({"k": [1], "at": [2]}), exclude={"at"}, sort_by=["k", "at"])


def test_the_hash_is_the_same_for_ever():
    frame = pl.DataFrame(
        {
            "id": ["b", "a"],
            "price": [Decimal("1.5000"), None],
            "at": [dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None],
        },
        schema={"id": pl.String, "price": pl.Decimal(18, 4), "at": pl.Datetime("us", "UTC")},
    )
    assert content_hash(frame, sort_by=["id"]) == (
        "6d16443a921e2bbb07b7f0e2fe42577f5617c90d1e9b7d628bd309a643f3c019"
    )


def test_row_hashes_come_in_the_order_of_the_rows():
    frame = pl.DataFrame({"k": [3, 1, 3], "v": ["x\u2028y", "y", "x\u2028y"]})
    hashes = row_hashes(frame)
    assert hashes[0] == hashes[2] != hashes[1]
    assert row_hashes(frame.reverse()).to_list() == hashes.reverse().to_list()
