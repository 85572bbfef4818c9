"""The changes asset: what became of each record since the version before."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import sample
from webdata_assets.io_managers.table import PAST_VERSION
from webdata_assets.partitions import Partition
from webdata_assets.resources import StoreResource
from webdata_assets.schemas.changes import CHANGE_KINDS, CHANGES
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.changes import CODE_VERSION
from webdata_assets.stages.changes.detect import detect_changes
from webdata_assets.store.past import past_version


def build_changes(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid; it reads the admitted past of its own source."""

    @dg.asset(
        name="changes", partitions_def=grid, **describe(CHANGES, kinds={"polars"}, code_version=CODE_VERSION)
    )
    def changes(
        context: dg.AssetExecutionContext, records: pl.LazyFrame, pages: pl.LazyFrame, store: StoreResource
    ) -> dg.Output[pl.DataFrame]:
        partition = Partition.from_key(context.partition_key)
        opened = store.open()
        past = past_version(opened.ledger, partition)
        rows = detect_changes(
            partition,
            records,
            pages,
            earlier_records=opened.scan_earlier(RECORDS, partition),
            earlier_pages=opened.scan_earlier(PAGES, partition),
        )
        counts = dict(rows.group_by("kind").len().iter_rows())
        changed = rows.filter(pl.col("kind").is_in(["changed", "gone"])).sort("text_similarity", "record_id")
        shown = ["url", "kind", "changed_fields", "text_similarity", "price_change"]
        return output(
            CHANGES,
            rows,
            {
                **{kind: counts.get(kind, 0) for kind in CHANGE_KINDS},
                "price_changes": rows.filter(pl.col("price_change") != 0).height,
                **sample(changed, shown),
                PAST_VERSION: past,
            },
        )

    return changes
