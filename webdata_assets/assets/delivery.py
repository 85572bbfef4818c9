"""The delivery asset: live records with their predictions, merged into every sink."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.resources import ClockResource, StoreResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.parquet import ParquetSink
from webdata_assets.stages.deliver.rows import delivery_hash, delivery_rows
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.release import newest_release
from webdata_assets.store.derived import current_rows
from webdata_assets.store.store import data_version


@dg.asset(name="delivery", **describe(DELIVERY, kinds={"parquet"}, code_version="1"))
def delivery(
    context: dg.AssetExecutionContext,
    corpus: pl.DataFrame,
    release: pl.DataFrame,
    features: pl.LazyFrame,
    embeddings: pl.LazyFrame,
    store: StoreResource,
    clock: ClockResource,
) -> dg.Output[pl.DataFrame]:
    """Merge by record id, with predictions of the released model; the same rows again change nothing."""
    opened = store.open()
    location = opened.location
    promoted = newest_release(release)
    champion = promoted.model_version if promoted else None
    classifier = Classifier.load(location.model(champion)) if champion else None
    rows = delivery_rows(
        corpus,
        current_rows(features, TABLES["features"], corpus, opened),
        current_rows(embeddings, TABLES["embeddings"], corpus, opened),
        classifier,
        champion,
    )
    wanted = delivery_hash(rows)
    delivered = []
    for sink in (
        DeltaSink(location.delivered("records")),
        ParquetSink(location.delivered("records_parquet")),
    ):
        merged = sink.merge(rows, run_id=context.run.run_id)
        delivered.append(
            {
                "sink": sink.name,
                "target": location.relative(sink.uri),
                "rows": merged.rows,
                "content_hash": merged.content_hash,
                "source_hash": wanted,
                "corpus_version": data_version(CORPUS, corpus),
                "model_version": champion,
                "inserted": merged.inserted,
                "updated": merged.updated,
                "deleted": merged.deleted,
                "run_id": context.run.run_id,
                "delivered_at": clock.now(),
            }
        )
    state = pl.DataFrame(delivered, schema=DELIVERY.polars_schema).sort("sink")
    changed = int(state.select(pl.col("inserted", "updated", "deleted").sum()).sum_horizontal().item())
    return output(
        DELIVERY,
        state,
        {
            "delivered_rows": rows.height,
            "predicted_rows": rows["predicted_label"].count(),
            "changed_rows": changed,
            "inserted_rows": state["inserted"].sum(),
            "updated_rows": state["updated"].sum(),
            "deleted_rows": state["deleted"].sum(),
            "model_version": champion or "none",
            **table("sinks", state.select("sink", "target", "rows", "inserted", "updated", "deleted")),
        },
    )
