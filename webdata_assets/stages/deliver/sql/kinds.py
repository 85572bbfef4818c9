"""The types that travel to databases, whatever each of these calls them.

What belongs here: which polars types there are, and columns of a table compared with those of a shape. What
does not: the names in one database (its own file).
"""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.sink import Shape


class Kind(StrEnum):
    """A type that travels."""

    STRING = "string"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    """Microseconds, UTC."""
    DECIMAL = "decimal"
    STRINGS = "strings"
    VECTOR = "vector"


_KINDS: Mapping[pl.DataType, Kind] = {
    pl.String(): Kind.STRING,
    pl.Int32(): Kind.INT32,
    pl.Int64(): Kind.INT64,
    pl.Float32(): Kind.FLOAT32,
    pl.Float64(): Kind.FLOAT64,
    pl.Boolean(): Kind.BOOLEAN,
    pl.Date(): Kind.DATE,
    pl.Datetime("us", "UTC"): Kind.MOMENT,
    pl.Decimal(18, 4): Kind.DECIMAL,
    pl.List(pl.String()): Kind.STRINGS,
    pl.List(pl.Float32()): Kind.VECTOR,
}


def kinds(shape: Shape) -> dict[str, Kind]:
    """Return the kind of each column of a shape.

    Raises:
        PermanentError: a type does not travel.
    """
    for name, dtype in shape.schema.items():
        if dtype not in _KINDS:
            raise PermanentError(
                f"column {name} is {dtype}, which does not travel to databases: make it one of "
                f"{', '.join(map(str, _KINDS))}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
    return {name: _KINDS[dtype] for name, dtype in shape.schema.items()}


def missing_columns(uri: str, held: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return the columns that an existing table still lacks; they can be added to it.

    Args:
        uri: of the target, for the message.
        held: the table's columns, and what the database calls their types.
        wanted: the shape's.

    Raises:
        PermanentError: the table has a column that the shape lacks, or one of another type.
    """
    removed = [name for name in held if name not in wanted]
    changed = [
        f"{name} ({held[name]} → {dtype})" for name, dtype in wanted.items() if held.get(name, dtype) != dtype
    ]
    if removed or changed:
        told = [f"columns removed: {', '.join(removed)}"] if removed else []
        told += [f"types changed: {', '.join(changed)}"] if changed else []
        raise PermanentError(
            f"{uri} has columns that rows of today do not fit ({'; '.join(told)}); nothing was written. "
            "Give the sink a table of another name, or alter this one after its readers agreed",
            failure_domain=FailureDomain.SINK,
        )
    return [name for name in wanted if name not in held]
