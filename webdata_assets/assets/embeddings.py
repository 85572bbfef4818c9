"""The embeddings asset: chunks of each record with their vectors."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.io_managers.table import CODE_VERSION
from webdata_assets.orchestration.work import COMPUTE, asset_work
from webdata_assets.partitions import Partition
from webdata_assets.resources import EncoderResource, StoreResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.stages.embed.chunking.records import Chunker
from webdata_assets.stages.embed.embed import embed_records
from webdata_assets.stages.embed.progress import Progress
from webdata_assets.stages.embed.version import CODE_VERSION as STAGE_VERSION
from webdata_assets.stages.embed.version import embedding_version
from webdata_assets.store.embedded import carried_over
from webdata_assets.store.vectors import StoredVectors

_READ = ("date", "source", "record_id", "title", "text", "structured_text", "content_hash")


def build_embeddings(
    grid: dg.PartitionsDefinition[str], chunker: Chunker = "structure"
) -> dg.AssetsDefinition:
    """Return the asset over the date × source grid; records that did not change keep their rows."""

    @dg.asset(
        name="embeddings",
        partitions_def=grid,
        **asset_work(COMPUTE),
        **describe(EMBEDDINGS, kinds={"onnx"}, code_version=STAGE_VERSION),
    )
    def embeddings(
        context: dg.AssetExecutionContext,
        records: pl.LazyFrame,
        store: StoreResource,
        encoder: EncoderResource,
    ) -> dg.Output[pl.DataFrame]:
        partition, opened = Partition.from_key(context.partition_key), store.open()
        wanted = records.select(_READ).collect()
        model_id = encoder.expected_model_id()
        version = embedding_version(model_id, chunker)
        carried = carried_over(opened, partition, wanted, version)
        changed = wanted.join(carried, on="record_id", how="anti")
        rows, done, cost = carried, Progress(), 0.0
        if changed.height:
            model, cache = encoder.load(), StoredVectors(opened.tables)
            steps = [done]

            def tell(progress: Progress) -> None:
                steps.append(progress)
                context.log.info(str(progress))

            made = embed_records(changed, model, cache, tell, chunker=chunker)
            rows, done, cost = pl.concat([carried, made]), steps[-1], model.usage().cost
        return output(
            EMBEDDINGS,
            rows.sort("chunk_id"),
            {
                CODE_VERSION: version,
                "records": wanted.height,
                "unchanged_records": wanted.height - changed.height,
                "chunks": rows.height,
                "mean_chunk_tokens": rows["tokens"].mean() or 0.0,
                "reused_vectors": carried.height + done.reused,
                "encoded": done.encoded,
                "tokens": done.tokens,
                "seconds": done.seconds,
                "chunks_per_second": done.per_second,
                "cost": cost,
                "model_id": dg.MetadataValue.text(model_id),
            },
        )

    return embeddings
