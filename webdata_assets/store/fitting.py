"""Whether a frame fits a table, and a partition of it.

What belongs here: columns, types, and rows outside a partition. What does not: row rules (schemas/), writing
(tables.py).
"""

from collections.abc import Sequence

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table


class SchemaMismatchError(PermanentError):
    """A frame whose columns or types are not the table's. A bug of a stage, never of the data."""

    def __init__(self, table: Table, problems: Sequence[str]) -> None:
        super().__init__(
            f"frame does not fit table {table.name}: {'; '.join(problems)}",
            failure_domain=FailureDomain.PARSE,
        )


def check_types(table: Table, frame: pl.DataFrame) -> None:
    """Raise SchemaMismatchError unless columns, their order and their types are exactly the table's."""
    expected, found = table.polars_schema, frame.schema
    problems = [f"missing column {name}" for name in expected if name not in found]
    problems += [f"unknown column {name}" for name in found if name not in expected]
    problems += [
        f"{name} is {found[name]}, not {dtype}"
        for name, dtype in expected.items()
        if name in found and found[name] != dtype
    ]
    if not problems and list(found) != list(expected):
        problems.append(f"columns are in another order: {', '.join(found)}")
    if problems:
        raise SchemaMismatchError(table, problems)


def check_frame(table: Table, frame: pl.DataFrame, partition: Partition | None) -> None:
    """Raise unless the frame has the table's columns and types, and all its rows lie within the partition.

    Raises:
        SchemaMismatchError: columns or types are not the table's.
        PermanentError: rows lie outside the partition.
    """
    check_types(table, frame)
    if partition is not None:
        _check_rows_lie_within(table, frame, partition)


def _check_rows_lie_within(table: Table, frame: pl.DataFrame, partition: Partition) -> None:
    inside = pl.col("date").eq_missing(partition.date) & pl.col("source").eq_missing(partition.source)
    outside = frame.filter(~inside)
    if outside.height:
        found = outside.select("date", "source").unique().rows()[:5]
        raise PermanentError(
            f"{outside.height} rows of {table.name} lie outside partition {partition}: {found}",
            failure_domain=FailureDomain.PARSE,
        )
