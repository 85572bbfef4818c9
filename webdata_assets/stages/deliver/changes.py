"""How a wanted state differs from the one held.

What belongs here: the comparison, by key and hash. What does not: carrying it out (one file per sink).
"""

from dataclasses import dataclass

import polars as pl

from webdata_assets.stages.deliver.sink import ROW_HASH, Shape
from webdata_assets.stages.hashing import content_hash, row_hashes


@dataclass(frozen=True)
class Changes:
    """Rows by what must happen to them."""

    inserted: pl.DataFrame
    updated: pl.DataFrame
    deleted: pl.DataFrame

    @property
    def any(self) -> bool:
        """Whether anything must happen."""
        return not (self.inserted.is_empty() and self.updated.is_empty() and self.deleted.is_empty())


def changes(wanted: pl.DataFrame, held: pl.DataFrame, shape: Shape) -> Changes:
    """Return what leads from the rows held to the rows wanted.

    Rows are compared by the hash of what is held, not by the hash that is stored beside it, so that a
    target that was edited is brought back too.

    Raises:
        ValueError: rows of another schema, or a key twice.
    """
    check_rows(wanted, shape)
    actual = held.select(shape.key, ROW_HASH).with_columns(actual=row_hashes(held, exclude={ROW_HASH}))
    intact = actual.filter(pl.col("actual") == pl.col(ROW_HASH)).select(shape.key, ROW_HASH)
    differing = wanted.join(intact, on=[shape.key, ROW_HASH], how="anti")
    return Changes(
        inserted=differing.join(held, on=shape.key, how="anti"),
        updated=differing.join(held, on=shape.key, how="semi"),
        deleted=held.join(wanted, on=shape.key, how="anti"),
    )


def check_rows(rows: pl.DataFrame, shape: Shape) -> None:
    """Raise ValueError unless rows are of a shape, each key once."""
    if rows.schema != shape.schema:
        raise ValueError(f"rows to deliver have the schema {rows.schema}, not {shape.schema}")
    if rows[shape.key].is_duplicated().any():
        raise ValueError(f"a {shape.key} occurs twice in the rows to deliver")


def hash_of(rows: pl.DataFrame, shape: Shape) -> str:
    """Return the content hash of rows, at the source or read back from a sink."""
    return content_hash(rows, sort_by=[shape.key])
