"""Embedding: clean records to chunks with vectors, encoding only texts not seen before.

What belongs here: what is encoded, what is reused, and in which batches. What does not: where to cut
(chunking/), the model (encoders/), and what a cache is (cache.py).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.stages.embed.cache import VectorCache, deviates, packed, unpacked
from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.embed.chunking.records import Chunker, chunk_records
from webdata_assets.stages.embed.encoder import TextEncoder, Vectors
from webdata_assets.stages.embed.progress import Progress, Reporter, Tell

VECTOR_TYPE = EMBEDDINGS.polars_schema["vector"]

BATCH_CHUNKS = 1_000
"""Encoded between two commits to the cache: as much is lost when a run is killed."""


def embed_records(
    records: pl.DataFrame,
    encoder: TextEncoder,
    cache: VectorCache,
    on_progress: Tell | None = None,
    *,
    chunker: Chunker = "structure",
) -> pl.DataFrame:
    """Return the chunks of all records with their vectors: the `embeddings` table's rows, by `chunk_id`.

    Duplicates are embedded too, so that every record with a text has chunks; the same text is encoded once.
    Each batch enters the cache as soon as it is encoded: a run that is killed loses one.

    Args:
        records: rows of the `records` table; their dates and sources are taken over.
        encoder: what cuts and encodes.
        cache: vectors of this and of other encoders; new ones are added.
        on_progress: called at the start, every few seconds, and at the end.
        chunker: what cuts, see `chunk_records`.

    Raises:
        PermanentError: a cached vector is damaged, or the encoder gave one that cannot be used.
    """
    chunks = chunk_records(records, encoder, chunker=chunker)
    texts = chunks.unique("text_hash", keep="first", maintain_order=True)
    texts = texts.select("text_hash", "context", "text", "tokens")
    known = cache.known(encoder.model_id, texts["text_hash"])
    # texts of like length together; ordered by hash besides, so that batches are the same in every run
    missing = texts.join(known, on="text_hash", how="anti").sort("tokens", "text_hash", descending=True)
    reporter = Reporter(
        Progress(
            chunks=chunks.height,
            reused=chunks.join(known, on="text_hash", how="semi").height,
            wanted=missing.height,
        ),
        on_progress,
    )
    vectors = [_listed(known["text_hash"], unpacked(known, encoder))]
    vectors += _encode(missing, encoder, cache, reporter)
    return (
        chunks.join(pl.concat(vectors), on="text_hash", how="left", validate="m:1")
        .with_columns(model_id=pl.lit(encoder.model_id))
        .select(EMBEDDINGS.polars_schema.names())
        .cast(EMBEDDINGS.polars_schema)
        .sort("chunk_id")
    )


def vector_series(vectors: Vectors) -> pl.Series:
    """Return the rows of a matrix as a series of lists."""
    return pl.Series("vector", vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])).cast(VECTOR_TYPE)


def vector_matrix(vectors: pl.Series) -> Vectors:
    """Return a series of lists of one length as the rows of a matrix, the inverse of `vector_series`.

    Raises:
        polars.exceptions.PolarsError: the lengths differ.
    """
    if vectors.is_empty():
        return np.empty((0, 0), dtype=np.float32)
    width = len(vectors[0])
    return vectors.cast(pl.Array(pl.Float32, width)).to_numpy()


def _encode(
    missing: pl.DataFrame, encoder: TextEncoder, cache: VectorCache, reporter: Reporter
) -> Iterator[pl.DataFrame]:
    for batch in missing.iter_slices(BATCH_CHUNKS):
        texts = [encoded_text(context, text) for context, text in batch.select("context", "text").iter_rows()]
        vectors = encoder.encode(texts, reporter.peek)
        _refuse_unusable(batch["text_hash"], vectors, encoder)
        cache.add(encoder.model_id, batch.select("text_hash").with_columns(packed(vectors)))
        reporter.advance(batch.height, int(batch["tokens"].sum()))
        yield _listed(batch["text_hash"], vectors)


def _refuse_unusable(hashes: pl.Series, vectors: Vectors, encoder: TextEncoder) -> None:
    if vectors.shape != (hashes.len(), encoder.dimensions):
        raise PermanentError(
            f"{encoder.model_id} gave vectors of shape {vectors.shape} for {hashes.len()} texts, "
            f"not {encoder.dimensions} numbers each",
            failure_domain=FailureDomain.MODEL,
        )
    wrong = deviates(vectors)
    if wrong.any():
        raise PermanentError(
            f"{encoder.model_id} gave {wrong.sum()} vectors that are not finite and of length 1, such as "
            f"that of text_hash {hashes.filter(pl.Series(wrong))[0]}; nothing of this batch was kept",
            failure_domain=FailureDomain.MODEL,
        )


def _listed(hashes: pl.Series, vectors: Vectors) -> pl.DataFrame:
    return pl.DataFrame([hashes, vector_series(vectors)])
