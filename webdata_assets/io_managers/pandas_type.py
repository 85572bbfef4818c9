"""The pandas side of a table: a Dagster type whose column constraints come from the table's schema class.

What belongs here: the translation of schema columns into dagster-pandas constraints, and frames into pandas
and back. What does not: constraints of its own.
"""

import dagster as dg
import pandas as pd
import polars as pl
from dagster_pandas import PandasColumn, create_dagster_pandas_dataframe_type

from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.schemas import Table


def pandas_type(table: Table) -> dg.DagsterType:
    """Return the type that an asset names to take a table as a checked pandas frame."""
    columns = table.schema.columns()
    with pinned_feature():  # dagster-pandas
        return create_dagster_pandas_dataframe_type(
            name=f"{table.name.title().replace('_', '')}Frame",
            description=f"{table.description} As a pandas frame.",
            columns=[
                _constrained(name, dtype, nullable=columns[name].nullable, unique=[name] == list(table.key))
                for name, dtype in table.polars_schema.items()
            ],
            metadata_fn=lambda frame: {"rows": len(frame)},
        )


def from_pandas(table: Table, frame: pd.DataFrame) -> pl.DataFrame:
    """Return a pandas frame of a table as polars, with exactly the table's types."""
    converted = pl.from_pandas(frame, schema_overrides=dict(table.polars_schema))
    return converted.select(list(table.polars_schema)).cast(table.polars_schema)


def _constrained(name: str, dtype: pl.DataType, *, nullable: bool, unique: bool) -> PandasColumn:
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
