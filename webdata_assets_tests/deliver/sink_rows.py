"""Rows for tests of sinks: numbered states, and any values that travel.

What belongs here: shapes, states and deliveries. What does not: what sinks promise (sink_contract.py).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Delivery, Shape, Sink
from webdata_assets.stages.hashing import row_hashes

WIDE = Shape(
    "record_id",
    pl.Schema(
        {
            "record_id": pl.String(),
            "title": pl.String(),
            "count": pl.Int64(),
            "small": pl.Int32(),
            "score": pl.Float64(),
            "rough": pl.Float32(),
            "sold": pl.Boolean(),
            "day": pl.Date(),
            "seen_at": pl.Datetime("us", "UTC"),
            "price": pl.Decimal(18, 4),
            "tags": pl.List(pl.String()),
            "row_hash": pl.String(),
        }
    ),
)
"""Every type that travels, but for vectors."""

_ALL_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_TRICKY = st.sampled_from(
    ["", "'", '"', "\\", "\n", "\r\n", "\t", ",", "null", "\\N", "{}", "$1", "%s", "`", "é", "e\u0301",
     "😀", "\u2028"]
)  # fmt: skip
_TEXT = _ALL_TEXT | _TRICKY
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": _TEXT,
    "count": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(-(2**31), 2**31 - 1),
    "score": st.floats(allow_nan=False, allow_infinity=False),
    "rough": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "sold": st.booleans(),
    "day": st.dates(),
    "seen_at": st.datetimes(timezones=st.just(dt.UTC)),
    "price": st.integers(-(10**18) + 1, 10**18 - 1).map(lambda number: Decimal(number).scaleb(-4)),
    "tags": st.lists(st.none() | _TEXT, max_size=3),
}


def any_rows(known: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return rows with any values that travel, or those that a target knows, by column."""
    key = {"record_id": st.text("abc'\\\"é", min_size=1, max_size=3)}
    values = {name: st.none() | each for name, each in (_VALUES | dict(known)).items()}
    return st.lists(st.fixed_dictionaries(key | values), max_size=6, unique_by=lambda row: row["record_id"])


def frame(rows: list[dict[str, Any]], shape: Shape = WIDE) -> pl.DataFrame:
    """Return rows of a shape, with their hashes."""
    schema = {name: dtype for name, dtype in shape.schema.items() if name != "row_hash"}
    given = pl.DataFrame(rows, schema=schema, strict=False, orient="row")
    return given.with_columns(row_hashes(given)).select(shape.schema.names())


def without(*names: str, shape: Shape = WIDE) -> Shape:
    """Return a shape without some of its columns."""
    kept = {name: dtype for name, dtype in shape.schema.items() if name not in names}
    return Shape(shape.key, pl.Schema(kept))


def numbered(count: int, *, first: int = 0, title: str = "Title", shape: Shape = WIDE) -> pl.DataFrame:
    """Return a state of some rows: those of equal number and title are equal in every state."""
    day = dt.date(2026, 7, 1)
    rows = [
        {
            "record_id": f"{number:08x}",
            "title": f"{title} {number}",
            "count": number,
            "small": number % 7,
            "score": number / 3,
            "rough": 0.5,
            "sold": number % 2 == 0,
            "day": day,
            "seen_at": dt.datetime(2026, 7, 1, 12, 30, 0, number % 1000, tzinfo=dt.UTC),
            "price": Decimal(number).scaleb(-2),
            "tags": ["a", f"tag {number}"],
        }
        for number in range(first, first + count)
    ]
    return frame(
        [{name: row.get(name) for name in shape.schema if name != "row_hash"} for row in rows], shape
    )


def delivery(rows: pl.DataFrame, sequence: int, run_id: str = "run", shape: Shape = WIDE) -> Delivery:
    """Return the delivery of a state."""
    return Delivery(sequence, run_id, hash_of(rows, shape))


def deliver(sink: Sink, rows: pl.DataFrame, sequence: int, run_id: str = "run") -> Any:
    """Merge a state into a sink."""
    return sink.merge(rows, delivery(rows, sequence, run_id, sink.shape))


def files(folder: Any) -> Iterator[tuple[str, int]]:
    """Yield the files of a folder and when they were written, for `snapshot`; not locks."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield str(path), path.stat().st_mtime_ns
