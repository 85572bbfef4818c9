"""The fingerprints asset: by what each record's text is found again when it is nearly the same elsewhere."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.stages.dedup.fingerprint import METHOD, fingerprint_records


def build_fingerprints(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(
        name="fingerprints",
        partitions_def=grid,
        **describe(FINGERPRINTS, kinds={"polars"}, code_version=METHOD),
    )
    def fingerprints(records: pl.LazyFrame) -> dg.Output[pl.DataFrame]:
        rows = fingerprint_records(records.select("date", "source", "record_id", "text").collect())
        return output(FINGERPRINTS, rows, {"mean_shingles": rows["shingles"].mean() or 0.0})

    return fingerprints
