"""How chunks lie in a LanceDB table, and back.

What belongs here: the layout, both ways. What does not: writing, searching and keeping states.

What filters and plans read has columns of its own. What an answer shows lies in one column besides: each
column more costs a search as much time as ten rows more.
"""

from collections.abc import Collection
from typing import Any

import polars as pl

from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA

SEARCHED = "searched_text"
"""Context and text in one column, so that a word of a title or a heading finds the chunks below it."""
SHOWN = "shown"
"""All of a chunk but id, text and vector, as a JSON object."""

_GAP = "\n\n"
_OWN = ("chunk_id", "record_id", "source", "date", "language", "pii", "injection", "text_hash", "model_id")
_JSON_TYPES = {pl.Date: pl.Int32(), pl.Datetime: pl.Int64()}
_IN_SHOWN = pl.Struct(
    {
        name: _JSON_TYPES.get(dtype.base_type(), dtype)
        for name, dtype in CHUNK_SCHEMA.items()
        if name not in ("chunk_id", "text", "vector")
    }
)


def arrow_schema(dimensions: int) -> Any:
    """Return the table's schema for vectors of a length."""
    import pyarrow as pa

    types = {pl.String: pa.string(), pl.Date: pa.date32(), pl.Boolean: pa.bool_()}
    return pa.schema(
        [
            *((name, types[CHUNK_SCHEMA[name].base_type()]) for name in _OWN),
            (SHOWN, pa.string()),
            (SEARCHED, pa.string()),
            ("row_hash", pa.string()),
            ("vector", pa.list_(pa.float32(), dimensions)),
        ]
    )


def to_arrow(rows: pl.DataFrame, dimensions: int) -> Any:
    """Return rows of `CHUNK_SCHEMA`, and `row_hash`, as a table of `arrow_schema`."""
    schema = arrow_schema(dimensions)
    context = pl.col("context")
    searched = pl.when(context.is_null()).then("text").otherwise(context + _GAP + pl.col("text"))
    shown = pl.struct(pl.col(field.name).cast(field.dtype) for field in _IN_SHOWN.fields)
    stored = rows.with_columns(
        searched.alias(SEARCHED),
        shown.struct.json_encode().alias(SHOWN),
        pl.col("vector").cast(pl.Array(pl.Float32, dimensions)),
    )
    return stored.select(schema.names).to_arrow().cast(schema)


def from_arrow(stored: Any, columns: Collection[str]) -> pl.DataFrame:
    """Return columns of `CHUNK_SCHEMA` from a table that holds `stored_columns` of them, in its order."""
    rows = pl.from_arrow(stored)
    assert isinstance(rows, pl.DataFrame)
    # series by series: a query over a handful of rows takes longer than the search that found them
    held = {series.name: series for series in rows.get_columns()}
    if SHOWN in held:
        held |= {
            series.name: series
            for series in held[SHOWN].str.json_decode(_IN_SHOWN).struct.unnest().get_columns()
        }
    if "text" in columns:
        before = pl.col("context").str.len_chars() + len(_GAP)
        searched = pl.DataFrame([held[SEARCHED], held["context"]])
        held["text"] = searched.select(text=pl.col(SEARCHED).str.slice(before.fill_null(0)))["text"]
    return pl.DataFrame([_typed(held[name]) for name in columns])


def stored_columns(columns: Collection[str]) -> list[str]:
    """Return the table's columns that some columns of `CHUNK_SCHEMA` are made of."""
    own = [name for name in columns if name in (*_OWN, "vector")]
    if len(own) == len(columns):
        return own
    taken = [name for name in ("chunk_id", "vector") if name in columns]
    return [*taken, SHOWN, *([SEARCHED] if "text" in columns else [])]


def _typed(series: pl.Series) -> pl.Series:
    dtype = CHUNK_SCHEMA[series.name]
    return series if series.dtype == dtype else series.cast(dtype)
