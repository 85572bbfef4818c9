"""What every asset tells the UI in the same way: group, owners, kinds, tags, code version, metadata.

What belongs here: the shared arguments of asset decorators, and the shape of outputs. What does not: work.
"""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, TypedDict

import dagster as dg
import polars as pl

from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.io_managers.table_schema import described_columns
from webdata_assets.schemas import TABLES, Table
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
    "slo": "operations", "quality_report": "operations", "storage": "operations",
}  # fmt: skip
"""The UI's group of each asset."""


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
            **described_columns(table),
            "dagster/table_name": table.name,
            "blocking_checks": ", ".join(table.blocking_checks),
        },
    }


def with_code_references(*assets: dg.AssetsDefinition) -> list[dg.AssetsDefinition]:
    """Return the assets with the file and line of their definition, and of the schema of their rows.

    The UI opens them in an editor on the machine that it is looked at from.
    """
    with pinned_feature():  # code references
        return [
            _with_schema_reference(asset)
            for asset in dg.with_source_code_references(assets)
            if isinstance(asset, dg.AssetsDefinition)
        ]


def _with_schema_reference(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    def referenced(spec: dg.AssetSpec) -> dg.AssetSpec:
        where = _schema_reference(spec.key.path[-1])
        defined = spec.metadata["dagster/code_references"].code_references
        references = dg.CodeReferencesMetadataValue(code_references=[*defined, where])
        return spec.merge_attributes(metadata={"dagster/code_references": references})

    return asset.map_asset_specs(referenced)


@cache
def _schema_reference(name: str) -> dg.LocalFileCodeReference:
    # reading source files takes a fifth of a load
    schema = TABLES[name].schema
    return dg.LocalFileCodeReference(
        file_path=inspect.getfile(schema),
        line_number=inspect.getsourcelines(schema)[1],
        label="schema of a row",
    )


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
