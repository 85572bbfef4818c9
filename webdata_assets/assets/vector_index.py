"""The vector index asset: chunks of live, canonical records, searchable by vector and by text."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import IndexResource, SourcesResource, StoreResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.chunk_rows import indexable_chunks, of_one_model
from webdata_assets.stages.index.scope import pending_records, refreshed_partitions


@dg.asset(name="vector_index", **describe(VECTOR_INDEX, kinds={"lancedb"}, code_version="3"))
def vector_index(
    corpus: pl.DataFrame,
    embeddings: pl.LazyFrame,
    store: StoreResource,
    sources: SourcesResource,
    index: IndexResource,
) -> dg.Output[pl.DataFrame]:
    """Bring the index's newest state to the chunks of the corpus; readers see it once a release names it.

    Chunks of records with personal data are flagged unless their source redacts or keeps it, and such with
    text for language models unless it keeps that. Records that a failed partition holds keep what they have.
    """
    registry = sources.registry()
    policies = {name: source.clean for name, source in registry.all.items()}
    chunks = of_one_model(
        indexable_chunks(
            corpus,
            embeddings.collect(),
            pii_allowed=[name for name, policy in policies.items() if policy.pii in ("keep", "redact")],
            injection_allowed=[name for name, policy in policies.items() if policy.injection == "keep"],
        ),
        registry.enabled,
    )
    ledger = store.open().ledger
    states = ledger.states(EMBEDDINGS)
    synced = index.open().sync(
        chunks,
        refreshed_partitions(ledger.admitted(RECORDS), states, registry.all),
        pending_records(corpus, states),
    )
    return output(
        VECTOR_INDEX,
        synced.manifest,
        {
            "inserted": synced.inserted,
            "updated": synced.updated,
            "deleted": synced.deleted,
            "index": dg.MetadataValue.path(index.uri),
        },
    )
