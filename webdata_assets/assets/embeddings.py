"""The embeddings asset: chunks of each record with their vectors."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import EncoderResource, StoreResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.stages.embed.embed import embed_records


def build_embeddings(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid."""

    @dg.asset(
        name="embeddings",
        partitions_def=grid,
        **describe(EMBEDDINGS, kinds={"onnx"}, code_version="1"),
    )
    def embeddings(
        records: pl.DataFrame,
        store: StoreResource,
        encoder: EncoderResource,
    ) -> dg.Output[pl.DataFrame]:
        if records.height == 0:
            return output(EMBEDDINGS, EMBEDDINGS.empty(), {"records": 0, "reused_vectors": 0})
        model = encoder.load()
        known = (
            store.open()
            .tables.scan(EMBEDDINGS)
            .filter(pl.col("record_id").is_in(records["record_id"].to_list()))
            .filter(pl.col("model_id") == model.model_id)
            .select("text_hash", "vector")
            .unique("text_hash", keep="any")
            .collect()
        )
        rows = embed_records(records, model, known)
        reused = rows["text_hash"].is_in(known["text_hash"].to_list()).sum()
        return output(
            EMBEDDINGS,
            rows,
            {"records": records.height, "reused_vectors": reused, "model_id": model.model_id},
        )

    return embeddings
