"""A table's columns as Dagster shows them.

What belongs here: types, meaning, constraints and lineage of columns in Dagster's words. What does not:
their declaration (schemas/), and what a materialization tells beside them (table.py).
"""

from collections.abc import Sequence

import dagster as dg
import dataframely as dy
import polars as pl

from webdata_assets.schemas import Table
from webdata_assets.schemas.documented import column_descriptions
from webdata_assets.schemas.lineage import LINEAGE, ColumnOrigin, Lineage

_BOUNDS = ("min", "min_exclusive", "max", "max_exclusive", "min_length", "max_length", "regex")
_NAMED_ORIGINS = 4
"""With more of them a description counts the columns; the lineage names them all."""


def described_columns(table: Table) -> dict[str, dg.TableSchema | dg.TableColumnLineage]:
    """Return the metadata of a table's columns, for definitions and for materializations that are few.

    The UI shows the schema, where each column also says what it is made from. The lineage is for other tools:
    this UI keeps it, and draws none.
    """
    described: dict[str, dg.TableSchema | dg.TableColumnLineage] = {
        "dagster/column_schema": column_schema(table)
    }
    if table.name in LINEAGE:
        described["dagster/column_lineage"] = column_lineage(table)
    return described


def column_schema(table: Table) -> dg.TableSchema:
    """Return a table's columns as the UI shows them, each with what it is made from."""
    descriptions = column_descriptions(table.schema)
    origins = LINEAGE.get(table.name, Lineage()).origins
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                _type_name(column.dtype),
                description=" ".join(filter(None, [descriptions.get(name), _told(origins.get(name, ()))])),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, unique=[name] == list(table.key), other=_bounds(column)
                ),
            )
            for name, column in table.schema.columns().items()
        ],
        constraints=dg.TableConstraints([f"unique: {', '.join(table.key)}"]),
    )


def column_lineage(table: Table) -> dg.TableColumnLineage:
    """Return which columns of other assets each column is made from."""
    origins = LINEAGE.get(table.name, Lineage()).origins
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(dg.AssetKey(origin.table), origin.column) for origin in found]
            for name, found in origins.items()
        }
    )


def _told(origins: Sequence[ColumnOrigin]) -> str | None:
    if len(origins) <= _NAMED_ORIGINS:
        return f"From {', '.join(f'{table}.{column}' for table, column in origins)}." if origins else None
    tables = dict.fromkeys(origin.table for origin in origins)
    return f"From {len(origins)} columns of {', '.join(tables)}."


def _bounds(column: dy.Column) -> list[str]:
    limits = ((name, getattr(column, name, None)) for name in _BOUNDS)
    return [f"{name.replace('_', ' ')} {limit}" for name, limit in limits if limit is not None]


def _type_name(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return f"Datetime[{dtype.time_unit}, {dtype.time_zone}]" if dtype.time_zone else str(dtype)
    return str(dtype)
