"""The vector index asset: chunks of live, canonical records, searchable by vector and by text."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import SourcesResource, StoreResource
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.lance import LanceIndex


@dg.asset(name="vector_index", **describe(VECTOR_INDEX, kinds={"lancedb"}, code_version="2"))
def vector_index(
    corpus: pl.DataFrame, embeddings: pl.LazyFrame, store: StoreResource, sources: SourcesResource
) -> dg.Output[pl.DataFrame]:
    """Make the index hold exactly the chunks of the corpus that may be retrieved; the table lists them.

    Records with personal data are held back unless their source redacts or keeps them, and such with text for
    language models unless it keeps them.
    """
    policies = {name: source.clean for name, source in sources.registry().all.items()}
    chunks = indexable_chunks(
        corpus,
        embeddings.collect(),
        pii_allowed=[name for name, policy in policies.items() if policy.pii in ("keep", "redact")],
        injection_allowed=[name for name, policy in policies.items() if policy.injection == "keep"],
    )
    uri = store.open().location.index()
    synced = LanceIndex(uri).sync(chunks)
    return output(
        VECTOR_INDEX,
        chunks.select(list(VECTOR_INDEX.polars_schema)).sort("chunk_id"),
        {
            "inserted": synced.inserted,
            "updated": synced.updated,
            "deleted": synced.deleted,
            "index": dg.MetadataValue.path(uri),
        },
    )
