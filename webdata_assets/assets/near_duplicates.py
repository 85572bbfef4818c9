"""The near_duplicates asset, and beside it which partitions it is about: new records against all others."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.orchestration.work import COMPUTE, asset_work
from webdata_assets.resources import StoreResource
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.stages.dedup.across import compare
from webdata_assets.store.fingerprints import last_comparison, read_fingerprints, read_texts
from webdata_assets.store.outdated import require_judged


@dg.multi_asset(
    name="compare_records",
    deps=["fingerprints", "records"],
    outs={
        "near_duplicates": dg.AssetOut(**describe(NEAR_DUPLICATES, kinds={"polars"}, code_version="1")),
        "compared_partitions": dg.AssetOut(
            **describe(COMPARED_PARTITIONS, kinds={"polars"}, code_version="1")
        ),
    },
    **asset_work(COMPUTE),
)
def near_duplicates(store: StoreResource) -> Iterator[dg.Output[pl.DataFrame]]:
    """Compare the records of admitted partitions that came, or changed, since the last time."""
    opened = store.open()
    require_judged(opened)
    admitted = read_fingerprints(opened)
    found = compare(
        admitted.rows,
        admitted.partitions,
        *last_comparison(opened),
        lambda rows: read_texts(opened, rows),
    )
    yield output(
        NEAR_DUPLICATES,
        found.near_duplicates,
        {
            "clusters": found.near_duplicates["duplicate_of"].n_unique(),
            "compared_records": found.compared,
            "texts_read": found.texts_read,
        },
        name="near_duplicates",
    )
    yield output(
        COMPARED_PARTITIONS,
        admitted.partitions,
        {"outdated_partitions": admitted.outdated},
        name="compared_partitions",
    )
