"""Tables at a destination of dlt: the ledger among them, reading them, and lists as text.

What belongs here: from a pipeline and a table's name to a frame. What does not: loading (dlt.py).
"""

import json
from typing import Any

import polars as pl

from webdata_assets.stages.deliver.sink import fitted

DELETED = "webdata_deleted"
"""The column by which dlt deletes rows; it stays in the table."""

LEDGER = "webdata_deliveries"
LEDGER_SCHEMA = pl.Schema(
    {
        "target": pl.String(), "sequence": pl.Int64(), "run_id": pl.String(), "content_hash": pl.String(),
        "rows": pl.Int64(), DELETED: pl.Boolean(),
    }
)  # fmt: skip


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose lists are JSON text."""
    lists = [name for name, dtype in rows.schema.items() if isinstance(dtype, pl.List)]
    return rows.with_columns(
        pl.Series(
            name,
            [
                None if value is None else json.dumps(value.to_list(), ensure_ascii=False)
                for value in rows[name]
            ],
            pl.String(),
        )
        for name in lists
    )


def unflat(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return rows of a schema whose lists were JSON text."""
    lists = [name for name, dtype in schema.items() if isinstance(dtype, pl.List)]
    return rows.with_columns(
        pl.Series(name, [None if text is None else json.loads(text) for text in rows[name]], schema[name])
        for name in lists
    )


def columns_of(pipeline: Any, table: str) -> list[str]:
    """Return the names of a table's columns but for dlt's and our own; none where there is no such table."""
    if not pipeline.default_schema_name:
        pipeline.sync_destination()
    if not pipeline.default_schema_name:
        return []
    held = pipeline.default_schema.tables.get(table, {}).get("columns", {})
    return [name for name in held if name != DELETED and not name.startswith("_dlt_")]


def fetch(pipeline: Any, table: str, schema: pl.Schema) -> pl.DataFrame:
    """Return a table's rows with a schema, a column that it lacks being null; no rows without a table."""
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    known = columns_of(pipeline, table)
    if not known:
        return pl.DataFrame(schema=schema)
    if pipeline.destination.destination_name == "filesystem":
        from dlt.common.libs.deltalake import get_delta_tables

        found = get_delta_tables(pipeline, table).get(table)
        if found is None:
            return pl.DataFrame(schema=schema)
        return fitted(pl.read_delta(found), schema)
    held = pl.Schema({name: dtype for name, dtype in schema.items() if name in known})
    with pipeline.sql_client() as client:
        columns = ", ".join(client.escape_column_name(name) for name in held)
        # names come from shapes and validated files, and are quoted by the destination's own rules
        query = f"SELECT {columns} FROM {client.make_qualified_table_name(table)}"  # noqa: S608
        try:
            with client.execute_query(query) as cursor:
                return fitted(pl.DataFrame(cursor.fetchall(), schema=held, orient="row"), schema)
        except DatabaseUndefinedRelation:
            return pl.DataFrame(schema=schema)
