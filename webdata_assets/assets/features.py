"""The features asset: numbers about each record."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.partitions import Partition
from webdata_assets.schemas.features import FEATURES
from webdata_assets.stages.featurize.features import featurize


def build_features(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(name="features", partitions_def=grid, **describe(FEATURES, kinds={"polars"}, code_version="1"))
    def features(context: dg.AssetExecutionContext, records: pl.DataFrame) -> dg.Output[pl.DataFrame]:
        partition = Partition.from_key(context.partition_key)
        rows = featurize(records, partition.date)
        return output(FEATURES, rows, {"mean_text_words": rows["text_words"].mean() or 0.0})

    return features
