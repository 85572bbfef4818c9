"""What every asset tells the UI in the same way: group, owners, kinds, tags, code version, metadata.

What belongs here: the shared arguments of asset decorators, and the shape of outputs. What does not: work.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import dagster as dg
import polars as pl

from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.io_managers.table import column_schema
from webdata_assets.schemas import Table
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.parts import Parts
from webdata_assets.store.store import data_version

GROUPS = {
    "frontier": "crawl", "pages": "crawl", "dead_letters": "crawl",
    "records": "records", "quarantine": "records", "changes": "records",
    "features": "features",
    "fingerprints": "duplicates", "near_duplicates": "duplicates", "compared_partitions": "duplicates",
    "embeddings": "retrieval", "corpus": "retrieval", "vector_index": "retrieval",
    "training_set": "learning", "model": "learning", "release": "learning", "monitoring": "learning",
    "delivery": "delivery",
    "slo": "operations", "quality_report": "operations",
}  # fmt: skip
"""The UI's group of each asset."""

SAMPLE_ROWS = 5
SAMPLE_CHARACTERS = 200


class Description(TypedDict):
    """Arguments of `@dg.asset` and `dg.AssetOut`."""

    description: str
    group_name: str
    owners: list[str]
    kinds: set[str]
    tags: dict[str, str]
    code_version: str
    metadata: dict[str, Any]


def describe(table: Table, *, kinds: set[str], code_version: str) -> Description:
    """Return the arguments of `@dg.asset` and `dg.AssetOut` that every table's asset has.

    Args:
        table: the asset's table.
        kinds: technologies, shown as icons in the graph.
        code_version: of the stage that makes the rows; raise it when the same input gives other rows.
    """
    return {
        "description": table.description,
        "group_name": GROUPS[table.name],
        "owners": ["team:data"],
        "kinds": {*kinds, "deltalake"},
        "tags": {"layer": GROUPS[table.name]},
        "code_version": code_version,
        "metadata": {
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "blocking_checks": ", ".join(table.blocking_checks),
        },
    }


def output(
    table: Table,
    rows: pl.DataFrame | Parts,
    metadata: Mapping[str, Any] | None = None,
    *,
    name: str = "result",
) -> dg.Output[Any]:
    """Return a Dagster output whose data version is the content hash of its rows.

    Args:
        name: the output's name, for assets with several.
    """
    with pinned_feature():  # data versions of outputs
        return dg.Output(
            rows,
            output_name=name,
            metadata=dict(metadata or {}),
            data_version=dg.DataVersion(data_version(table, rows)[:16]),
        )


def sample(frame: pl.DataFrame, columns: Sequence[str]) -> dict[str, dg.TableMetadataValue]:
    """Return the first rows as metadata `sample`; nothing where there is no row.

    Crawled strings are cells of a table, never Markdown: the UI shows a cell as it is, and loads what
    Markdown links to.
    """
    rows = frame.select(columns).head(SAMPLE_ROWS)
    if rows.height == 0:
        return {}
    records = [
        dg.TableRecord({name: _cell(value) for name, value in row.items()})
        for row in rows.iter_rows(named=True)
    ]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    return {"sample": dg.MetadataValue.table(records, schema=schema)}


def _cell(value: object) -> str:
    return "" if value is None else clean_body(str(value))[:SAMPLE_CHARACTERS]
