"""Which chunks the index shall hold, and what it keeps of each.

What belongs here: from corpus and embeddings to the index's rows. What does not: the index itself (lance.py).
"""

from collections.abc import Collection

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.stages.clean.pii import NOTHING_FOUND

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


def indexable_chunks(
    corpus: pl.DataFrame,
    embeddings: pl.DataFrame,
    *,
    pii_allowed: Collection[str] = (),
    injection_allowed: Collection[str] = (),
) -> pl.DataFrame:
    """Return the chunks of live, canonical records, in the version that the corpus names, by `chunk_id`.

    Records with personal data, and such with text that addresses a language model, are left out.

    Args:
        corpus: rows of the `corpus` table.
        embeddings: rows of the `embeddings` table; other versions of a record may be among them.
        pii_allowed: sources whose records with personal data are taken all the same.
        injection_allowed: sources whose records with text for language models are taken all the same.
    """
    live = corpus.filter(state="live").filter(
        pl.col("duplicate_of").is_null(),
        (pl.col("pii").fill_null(NOTHING_FOUND) == NOTHING_FOUND) | pl.col("source").is_in(pii_allowed),
        (pl.col("injection_flags").list.len().fill_null(0) == 0) | pl.col("source").is_in(injection_allowed),
    )
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
