"""Which chunks the index shall hold, and what it keeps of each.

What belongs here: from corpus and embeddings to the index's rows. What does not: the index itself (lance.py).
"""

from collections.abc import Collection

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.stages.clean.pii import NOTHING_FOUND, search_personal_data

_EMBEDDINGS = TABLES["embeddings"].polars_schema
_CORPUS = TABLES["corpus"].polars_schema
_FROM_CORPUS = ("url", "title", "kind", "published_at")
_FROM_EMBEDDINGS = (
    "field", "start", "end", "heading_path", "context", "text", "text_hash", "model_id", "vector",
)  # fmt: skip

CHUNK_SCHEMA = pl.Schema(
    {
        **{name: _EMBEDDINGS[name] for name in ("chunk_id", "record_id", "source", "date")},
        **{name: _CORPUS[name] for name in _FROM_CORPUS},
        "language": _CORPUS["detected_language"],
        "pii": pl.Boolean(),
        "injection": pl.Boolean(),
        **{name: _EMBEDDINGS[name] for name in _FROM_EMBEDDINGS},
    }
)
"""What an index keeps of a chunk. `pii` and `injection`: its record has some, and its source allows none."""

ANSWER_COLUMNS = tuple(name for name in CHUNK_SCHEMA.names() if name != "vector")
"""What an index answers with."""

ANSWER_SCHEMA = pl.Schema({name: CHUNK_SCHEMA[name] for name in ANSWER_COLUMNS})


def indexable_chunks(
    corpus: pl.DataFrame,
    embeddings: pl.DataFrame,
    *,
    pii_allowed: Collection[str] = (),
    pii_redacted: Collection[str] = (),
    injection_allowed: Collection[str] = (),
) -> pl.DataFrame:
    """Return the chunks of live, canonical records, in the version that the corpus names, by `chunk_id`.

    Chunks of records with personal data, and of such with text that addresses a language model, are flagged:
    a search finds them only where it asks for them.

    Args:
        corpus: rows of the `corpus` table.
        embeddings: rows of the `embeddings` table; other versions of a record may be among them.
        pii_allowed: sources whose records with personal data are not flagged.
        pii_redacted: sources that redact personal data. Records that were cleaned before the source said so
            still hold theirs: flagged are those in whose chunks some are found.
        injection_allowed: sources whose records with text for language models are not flagged.

    Returns:
        Rows of `CHUNK_SCHEMA`.
    """
    personal = pl.col("pii").fill_null(NOTHING_FOUND) != NOTHING_FOUND
    addressed = pl.col("injection_flags").list.len().fill_null(0) > 0
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live").select(
        "record_id",
        "source",
        "date",
        *_FROM_CORPUS,
        language="detected_language",
        pii=personal & ~pl.col("source").is_in(pii_allowed),
        injection=addressed & ~pl.col("source").is_in(injection_allowed),
    )
    chunks = (
        embeddings.join(live, on=["record_id", "source", "date"], how="inner", validate="m:1")
        .select(CHUNK_SCHEMA.names())
        .sort("chunk_id")
    )
    is_redacted = pl.col("pii") & pl.col("source").is_in(pii_redacted)
    looked_at = chunks.filter(is_redacted)
    _, found = search_personal_data(looked_at.select("title", "context", "text"))
    left = looked_at.filter(found.fill_null(NOTHING_FOUND) != NOTHING_FOUND)["record_id"].unique().implode()
    return chunks.with_columns(pii=pl.col("pii") & (~is_redacted | pl.col("record_id").is_in(left)))


def of_one_model(chunks: pl.DataFrame, enabled: Collection[str]) -> pl.DataFrame:
    """Return the chunks whose vectors can stand in one index.

    Partitions of sources that are not enabled cannot be embedded again: their chunks of another model than
    that of the enabled sources are left out.

    Args:
        chunks: rows of `CHUNK_SCHEMA`.
        enabled: names of the sources whose partitions can be embedded again.

    Raises:
        PermanentError: what is left is of several models; the message says how much, and what to do.
    """
    models = chunks.filter(pl.col("source").is_in(list(enabled)))["model_id"].unique()
    usable = chunks.filter(pl.col("model_id").is_in(models.implode())) if len(models) else chunks
    counts = (
        usable.group_by("model_id")
        .agg(partitions=pl.struct("date", "source").n_unique(), chunks=pl.len())
        .sort("chunks", "model_id", descending=True)
    )
    if counts.height > 1:
        held = "; ".join(
            f"{row['partitions']} partitions ({row['chunks']} chunks) of {row['model_id']}"
            for row in counts.iter_rows(named=True)
        )
        raise PermanentError(
            f"The embeddings are of several models, which one index cannot hold: {held}. Embed the others "
            "again with the encoder of now (job `embed`), then materialize vector_index. Until then the "
            "release in use stays",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return usable
