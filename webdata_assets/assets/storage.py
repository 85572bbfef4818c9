"""The storage asset: maintenance of the whole store, and what each layer takes afterwards."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.resources import ClockResource, StoreResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.storage import STORAGE
from webdata_assets.store.maintenance.maintain import maintain

_SIZES = ("files", "bytes", "kept_bytes", "monthly_cost")
ONLY_TAG = "webdata/tables"
"""On runs of the job: names of tables, parted by commas, to which maintenance is limited."""


def build_storage(keep_days: int, archive_after_days: int, price: float) -> dg.AssetsDefinition:
    """Return the asset.

    Args:
        keep_days: how far back tables can be rolled back.
        archive_after_days: partitions older than that are out of the grid; 0 for none.
        price: of a gigabyte and month.
    """

    @dg.asset(name="storage", **describe(STORAGE, kinds={"parquet"}, code_version="1"))
    def storage(
        context: dg.AssetExecutionContext, store: StoreResource, clock: ClockResource
    ) -> dg.Output[pl.DataFrame]:
        """Compact, checkpoint, vacuum, and remove what nothing names; fail if any content changed by it."""
        opened = store.open()
        only = [name for name in context.run.tags.get(ONLY_TAG, "").split(",") if name]
        rows = maintain(
            opened,
            keep_days=keep_days,
            archive_after_days=archive_after_days,
            price=price,
            now=clock.now(),
            tell=context.log.info,
            only=only,
        )
        for row in rows.filter(pl.col("layer").is_in(list(TABLES))).iter_rows(named=True):
            sizes = {name: row[name] for name in _SIZES}
            context.log_event(dg.AssetObservation(asset_key=row["layer"], metadata=sizes))
        if only:
            # what is known of the others stays
            earlier = opened.tables.read(STORAGE)
            rows = pl.concat([earlier.join(rows, on="layer", how="anti"), rows]).sort("layer")
        return output(STORAGE, rows, _about(rows))

    return storage


def _about(rows: pl.DataFrame) -> dict[str, object]:
    totals = rows.select(pl.col(*_SIZES, "removed_files", "removed_bytes").sum()).row(0, named=True)
    by_layer = {f"bytes_of_{layer}": size for layer, size in rows.select("layer", "bytes").iter_rows()}
    counts = ("compacted_partitions", "contested_partitions", "archived_partitions")
    return {
        **totals,
        **{name: int(rows[name].sum()) for name in counts},
        **by_layer,
        **table("by_layer", rows.select("layer", *_SIZES, "removed_files")),
    }
