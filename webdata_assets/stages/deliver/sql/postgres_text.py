"""Rows as the text that PostgreSQL's COPY takes and gives.

What belongs here: types, CSV in, JSON lines out, exactly. What does not: any statement.
"""

import io
from collections.abc import Iterator, Mapping

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.sink import Shape
from webdata_assets.stages.deliver.sql.kinds import Kind
from webdata_assets.stages.deliver.sql.names import quoted

_BATCH_ROWS = 20_000
TYPES = {
    Kind.STRING: "text",
    Kind.INT32: "integer",
    Kind.INT64: "bigint",
    Kind.FLOAT32: "real",
    Kind.FLOAT64: "double precision",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "timestamp with time zone",
    Kind.DECIMAL: "numeric(18,4)",
    Kind.STRINGS: "text[]",
    Kind.VECTOR: "vector",
}
"""As `format_type` writes them."""

_WIRE: Mapping[Kind, pl.DataType] = {
    Kind.INT32: pl.Int32(),
    Kind.INT64: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DATE: pl.Int32(),
    Kind.MOMENT: pl.Int64(),
    Kind.STRINGS: pl.List(pl.String()),
}
"""What JSON carries; all else is text in it, because its numbers are not exact."""


def to_csv(rows: pl.DataFrame, kinds: Mapping[str, Kind], uri: str) -> Iterator[bytes]:
    """Yield rows as CSV, where null is nothing and the empty text is `""`.

    Raises:
        PermanentError: a vector is empty or has nulls, which pgvector cannot keep, or a text has U+0000.
    """
    for name, kind in kinds.items():
        _refuse(rows[name], name, kind, uri)
    encoded = rows.with_columns(_encoded(name, kind) for name, kind in kinds.items())
    for batch in encoded.iter_slices(_BATCH_ROWS):
        yield batch.write_csv(include_header=False, quote_style="non_numeric").encode()


def json_column(name: str, kind: Kind) -> str:
    """Return the expression whose JSON is exact, under the column's own name."""
    column = quoted(name)
    exact = {
        Kind.DATE: f"({column} - DATE '1970-01-01')",
        Kind.MOMENT: f"(EXTRACT(EPOCH FROM {column}) * 1000000)::bigint",
        **dict.fromkeys((Kind.FLOAT32, Kind.FLOAT64, Kind.DECIMAL, Kind.VECTOR), f"{column}::text"),
    }
    return f"{exact.get(kind, column)} AS {column}"


def from_json_lines(text: bytes, kinds: Mapping[str, Kind], shape: Shape) -> pl.DataFrame:
    """Return rows of JSON lines in the types of a shape."""
    wire = {name: _WIRE.get(kind, pl.String()) for name, kind in kinds.items()}
    rows = pl.read_ndjson(io.BytesIO(text), schema=wire) if text else pl.DataFrame(schema=wire)
    return rows.select(
        pl.col(name).str.strip_chars("[]").str.split(",").cast(shape.schema[name])
        if kind is Kind.VECTOR
        else pl.col(name).cast(shape.schema[name])
        for name, kind in kinds.items()
    )


def _encoded(name: str, kind: Kind) -> pl.Expr:
    column = pl.col(name)
    if kind is Kind.VECTOR:
        numbers = column.cast(pl.List(pl.String)).list.join(",")
        return pl.concat_str(pl.lit("["), numbers, pl.lit("]")).alias(name)
    if kind is Kind.STRINGS:
        item = (
            pl.element().str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        )
        texts = column.list.eval(pl.concat_str(pl.lit('"'), item, pl.lit('"')).fill_null("NULL"))
        return pl.concat_str(pl.lit("{"), texts.list.join(","), pl.lit("}")).alias(name)
    return column


def _refuse(column: pl.Series, name: str, kind: Kind, uri: str) -> None:
    if kind is Kind.VECTOR:
        bad = (column.list.len() == 0) | column.list.eval(pl.element().is_null()).list.any()
        if bad.any():
            raise _cannot_keep(uri, name, "a vector that is empty or has nulls")
    elif kind in (Kind.STRING, Kind.STRINGS):
        texts = column.list.explode() if kind is Kind.STRINGS else column
        if texts.str.contains("\0", literal=True).any():
            raise _cannot_keep(uri, name, "a text with the character U+0000")


def _cannot_keep(uri: str, name: str, what: str) -> PermanentError:
    return PermanentError(
        f"{uri}: column {name} has {what}, which PostgreSQL cannot keep; nothing was written",
        failure_domain=FailureDomain.SINK,
    )
