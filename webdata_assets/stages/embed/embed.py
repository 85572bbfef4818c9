"""Embedding: clean records to chunks with vectors, encoding only texts not seen before.

What belongs here: what is embedded and what is reused. What does not: where to cut (chunks.py), and the
model (encoder.py).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.chunks import chunk_document, document_of
from webdata_assets.stages.embed.encoder import TextEncoder, Vectors

_SCHEMA = TABLES["embeddings"].polars_schema
VECTOR_TYPE = _SCHEMA["vector"]


def embed_records(records: pl.DataFrame, encoder: TextEncoder, known: pl.DataFrame) -> pl.DataFrame:
    """Return the chunks of all records with their vectors: the `embeddings` table's rows, by `chunk_id`.

    Duplicates are embedded too, so that every record with a text has chunks; the same text is encoded once.

    Args:
        records: rows of the `records` table; their dates and sources are taken over.
        encoder: what cuts and encodes.
        known: `text_hash` and `vector` of texts that this very model encoded before.

    Raises:
        ValueError: a known vector has another length than this encoder's.
    """
    chunks = _chunk(records, encoder)
    wanted = chunks.select("text_hash", "text").unique("text_hash", keep="any")
    reusable = known.select("text_hash", pl.col("vector").cast(VECTOR_TYPE)).unique("text_hash", keep="any")
    reusable = reusable.join(wanted, on="text_hash", how="semi")
    if not (reusable["vector"].list.len() == encoder.dimensions).all():
        raise ValueError(f"known vectors are not of {encoder.model_id}: lengths differ")
    missing = wanted.join(reusable, on="text_hash", how="anti").sort("text_hash")
    encoded = missing.select("text_hash").with_columns(
        vector=vector_series(encoder.encode(missing["text"].to_list()))
    )
    return (
        chunks.join(pl.concat([reusable, encoded]), on="text_hash", how="left", validate="m:1")
        .with_columns(model_id=pl.lit(encoder.model_id))
        .select(_SCHEMA.names())
        .cast(_SCHEMA)
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


def _chunk(records: pl.DataFrame, encoder: TextEncoder) -> pl.DataFrame:
    rows: list[Mapping[str, object]] = []
    columns = ("date", "source", "record_id", "title", "text")
    for date, source, record_id, title, text in records.select(columns).iter_rows():
        document = document_of(title, text)
        for ordinal, chunk in enumerate(chunk_document(document, encoder.token_offsets, encoder.max_tokens)):
            piece = document[chunk.start : chunk.end]
            rows.append(
                {
                    "date": date,
                    "source": source,
                    "chunk_id": f"{record_id}-{ordinal:04d}",
                    "record_id": record_id,
                    "ordinal": ordinal,
                    "start": chunk.start,
                    "end": chunk.end,
                    "tokens": chunk.tokens,
                    "text": piece,
                    "text_hash": blake3(piece.encode()).hexdigest(),
                }
            )
    names: Sequence[str] = [name for name in _SCHEMA.names() if name not in ("model_id", "vector")]
    return pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in names})
