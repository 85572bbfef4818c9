"""Lists as JSON text, for warehouses whose own lists would not keep nulls, empty lists or single precision.

What belongs here: to text and back, exactly. What does not: any statement.
"""

import polars as pl

from webdata_assets.stages.deliver.sql.kinds import Kind


def to_json_text(name: str, kind: Kind) -> pl.Expr:
    """Return a column, a list as JSON text, anything else as it is."""
    column = pl.col(name)
    if kind is Kind.VECTOR:
        numbers = column.cast(pl.List(pl.String)).list.eval(pl.element().fill_null("null")).list.join(",")
        return pl.concat_str(pl.lit("["), numbers, pl.lit("]")).alias(name)
    if kind is Kind.STRINGS:
        # {"name":[…]} without its first and last characters
        whole = pl.struct(name).struct.json_encode()
        text = whole.str.slice(len(name) + 4).str.strip_suffix("}")
        return pl.when(column.is_not_null()).then(text).alias(name)
    return column


def from_json_text(name: str, kind: Kind) -> pl.Expr:
    """Return a column that was such text as a list again, anything else as it is."""
    column = pl.col(name)
    if kind is Kind.VECTOR:
        numbers = column.str.strip_chars("[]").str.split(",")
        parsed = numbers.list.eval(pl.element().replace("null", None)).cast(pl.List(pl.Float32))
        return (
            pl.when(column == "[]").then(pl.lit([], dtype=pl.List(pl.Float32))).otherwise(parsed).alias(name)
        )
    if kind is Kind.STRINGS:
        return column.str.json_decode(pl.List(pl.String))
    return column
