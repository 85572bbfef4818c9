"""Which chunks the index shall hold, and what it keeps of each.

What belongs here: from corpus and embeddings to the index's rows. What does not: the index itself (lance.py).
"""

import polars as pl

from webdata_assets.schemas import TABLES

_EMBEDDINGS = TABLES["embeddings"].polars_schema
_CORPUS = TABLES["corpus"].polars_schema

CHUNK_SCHEMA = pl.Schema(
    {
        "chunk_id": _EMBEDDINGS["chunk_id"],
        "record_id": _EMBEDDINGS["record_id"],
        "source": _EMBEDDINGS["source"],
        "date": _EMBEDDINGS["date"],
        "url": _CORPUS["url"],
        "title": _CORPUS["title"],
        "text": _EMBEDDINGS["text"],
        "text_hash": _EMBEDDINGS["text_hash"],
        "model_id": _EMBEDDINGS["model_id"],
        "vector": _EMBEDDINGS["vector"],
    }
)


def indexable_chunks(corpus: pl.DataFrame, embeddings: pl.DataFrame) -> pl.DataFrame:
    """Return the chunks of live, canonical records, in the version that the corpus names, by `chunk_id`.

    Args:
        corpus: rows of the `corpus` table.
        embeddings: rows of the `embeddings` table; other versions of a record may be among them.
    """
    live = corpus.filter(state="live").filter(pl.col("duplicate_of").is_null())
    return (
        embeddings.join(
            live.select("record_id", "source", "date", "url", "title"),
            on=["record_id", "source", "date"],
            how="inner",
            validate="m:1",
        )
        .select(CHUNK_SCHEMA.names())
        .sort("chunk_id")
    )
