"""The features asset: numbers about each record."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.io_managers.table import PAST_VERSION
from webdata_assets.partitions import Partition
from webdata_assets.resources import StoreResource
from webdata_assets.schemas.changes import CHANGES
from webdata_assets.schemas.features import FEATURES, HISTORY_DAYS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.featurize import CODE_VERSION
from webdata_assets.stages.featurize.features import featurize
from webdata_assets.stages.featurize.history import read_history
from webdata_assets.store.past import past_version

_RECORDS_AT_ONCE = 2_000


def build_features(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid; it reads the admitted past of its own source."""

    @dg.asset(
        name="features",
        partitions_def=grid,
        **describe(FEATURES, kinds={"polars"}, code_version=CODE_VERSION),
    )
    def features(
        context: dg.AssetExecutionContext, records: pl.LazyFrame, changes: pl.LazyFrame, store: StoreResource
    ) -> dg.Output[pl.DataFrame]:
        partition = Partition.from_key(context.partition_key)
        opened = store.open()
        past = past_version(opened.ledger, partition)
        history = read_history(
            partition.date,
            records,
            changes,
            earlier_records=opened.scan_earlier(RECORDS, partition, days=HISTORY_DAYS - 1),
            earlier_changes=opened.scan_earlier(CHANGES, partition, days=HISTORY_DAYS - 1),
        )
        rows = pl.concat(
            [
                FEATURES.empty(),
                *(
                    featurize(some, partition.date, history)
                    for some in records.collect_batches(chunk_size=_RECORDS_AT_ONCE)
                ),
            ]
        ).sort("record_id")
        return output(
            FEATURES,
            rows,
            {
                "mean_text_words": rows["text_words"].mean() or 0.0,
                "mean_change_rate": rows["change_rate"].mean() or 0.0,
                "mean_tokens": rows["tokens"].mean() or 0.0,
                "records_with_price": rows["has_price"].sum(),
                "records_known_before": rows.filter(pl.col("earlier_versions") > 0).height,
                **history.site,
                PAST_VERSION: past,
            },
        )

    return features
