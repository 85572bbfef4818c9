"""The pandas side of a table: a Dagster type whose column constraints come from the table's schema class.

What belongs here: the translation of schema columns into dagster-pandas constraints, and frames into pandas
and back. What does not: constraints of its own.
"""

from functools import cache
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.schemas import TABLES, Table

if TYPE_CHECKING:
    import pandas as pd
    from dagster_pandas import PandasColumn


def pandas_type(table: Table) -> dg.DagsterType:
    """Return the type that an asset names to take a table as a checked pandas frame.

    dagster-pandas makes the check when a frame first comes: importing pandas would take a fifth of the time
    in which definitions load, and only training needs it.
    """
    return dg.DagsterType(
        type_check_fn=lambda context, frame: _checked_type(table.name).type_check(context, frame),
        name=f"{table.name.title().replace('_', '')}Frame",
        description=f"{table.description} As a pandas frame.",
    )


@cache
def _checked_type(name: str) -> dg.DagsterType:
    from dagster_pandas import create_dagster_pandas_dataframe_type

    table = TABLES[name]
    columns = table.schema.columns()
    with pinned_feature():  # dagster-pandas
        return create_dagster_pandas_dataframe_type(
            name=f"Checked{name.title().replace('_', '')}Frame",
            columns=[
                _constrained(
                    column, dtype, nullable=columns[column].nullable, unique=[column] == list(table.key)
                )
                for column, dtype in table.polars_schema.items()
            ],
            metadata_fn=lambda frame: {"rows": len(frame)},
        )


def from_pandas(table: Table, frame: "pd.DataFrame") -> pl.DataFrame:
    """Return a pandas frame of a table as polars, with exactly the table's types."""
    converted = pl.from_pandas(frame, schema_overrides=dict(table.polars_schema))
    return converted.select(list(table.polars_schema)).cast(table.polars_schema)


def _constrained(name: str, dtype: pl.DataType, *, nullable: bool, unique: bool) -> "PandasColumn":
    from dagster_pandas import PandasColumn

    if nullable:
        return PandasColumn.exists(name)
    if dtype == pl.String:
        return PandasColumn.string_column(name, non_nullable=True, unique=unique)
    if dtype.is_float():
        return PandasColumn.float_column(name, non_nullable=True)
    if dtype.is_integer():
        return PandasColumn.integer_column(name, non_nullable=True)
    if dtype == pl.Boolean:
        return PandasColumn.boolean_column(name, non_nullable=True)
    return PandasColumn.exists(name, non_nullable=True)
