"""The vector index asset: chunks of live, canonical records, searchable by vector and by text."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.orchestration.work import COMPUTE, asset_work
from webdata_assets.resources import IndexResource, SourcesResource, StoreResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.chunk_rows import indexable_chunks, of_one_model
from webdata_assets.stages.index.scope import current_embeddings, pending_records, refreshed_partitions


@dg.asset(
    name="vector_index",
    **asset_work(COMPUTE),
    **describe(VECTOR_INDEX, kinds={"lancedb"}, code_version="3"),
)
def vector_index(
    corpus: pl.DataFrame,
    embeddings: pl.LazyFrame,
    store: StoreResource,
    sources: SourcesResource,
    index: IndexResource,
) -> dg.Output[pl.DataFrame]:
    """Bring the index's newest state to the chunks of the corpus; readers see it once a release names it.

    Chunks of records with personal data are flagged unless their source keeps or has redacted it, and such
    with text for language models unless it keeps that. Records that a failed partition holds keep what they
    have, and so do those that were written again after they were embedded.
    """
    registry = sources.registry()
    policies = {name: source.clean for name, source in registry.all.items()}
    ledger = store.open().ledger
    states = current_embeddings(ledger.states(EMBEDDINGS), ledger.states(RECORDS))
    # the other versions of all dates are many times as much, and are never in memory at once
    current = (
        embeddings.join(corpus.lazy(), on=["record_id", "source", "date"], how="semi")
        .join(states.lazy().filter("admitted"), on=["source", "date"], how="semi")
        .collect(engine="streaming")
    )
    chunks = of_one_model(
        indexable_chunks(
            corpus,
            current,
            pii_allowed=[name for name, policy in policies.items() if policy.pii == "keep"],
            pii_redacted=[name for name, policy in policies.items() if policy.pii == "redact"],
            injection_allowed=[name for name, policy in policies.items() if policy.injection == "keep"],
        ),
        registry.enabled,
    )
    synced = index.open().sync(
        chunks,
        refreshed_partitions(ledger.admitted(RECORDS), states, registry.all),
        pending_records(corpus, states),
        corpus.filter(state="gone")["record_id"],
    )
    return output(
        VECTOR_INDEX,
        synced.manifest,
        {
            "inserted": synced.inserted,
            "updated": synced.updated,
            "deleted": synced.deleted,
            "records": synced.manifest["record_id"].n_unique(),
            "hidden_chunks": chunks.filter(pl.col("pii") | pl.col("injection")).height,
            **table(
                "chunks_by_source",
                synced.manifest.group_by("source")
                .agg(
                    records=pl.col("record_id").n_unique(), chunks=pl.len(), newest_date=pl.col("date").max()
                )
                .sort("source"),
            ),
            "index": dg.MetadataValue.path(index.uri),
        },
    )
