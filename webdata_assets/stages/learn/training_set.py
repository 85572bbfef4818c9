"""Examples: live, canonical records with features and one vector each; the training set is the labelled ones.

What belongs here: which rows, joined how. What does not: learning from them (classifier.py).
"""

import numpy as np
import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_matrix, vector_series

_SCHEMA = TABLES["training_set"].polars_schema
_VERSION = ("record_id", "source", "date")
_MIN_NORM = 1e-12


def build_training_set(
    corpus: pl.DataFrame, features: pl.DataFrame, embeddings: pl.DataFrame
) -> pl.DataFrame:
    """Return the labelled examples: the `training_set` table's rows, by `record_id`.

    Args: as for `build_examples`.
    """
    labelled = corpus.filter(pl.col("category").is_not_null())
    return build_examples(labelled, features, embeddings)


def build_examples(corpus: pl.DataFrame, features: pl.DataFrame, embeddings: pl.DataFrame) -> pl.DataFrame:
    """Return what a classifier can read: rows like the training set's, whose label may be null.

    Features and chunks are those of the very version that the corpus names, so that nothing later than a
    record's own date is used. Records without features or without chunks are left out.

    Args:
        corpus: rows of the `corpus` table; only live and canonical ones are taken.
        features: rows of the `features` table, other versions of the records allowed.
        embeddings: rows of the `embeddings` table, likewise.

    Raises:
        ValueError: the chunks of these records are of several models.
    """
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    versions = live.select(*_VERSION, pl.col("category").alias("label"))
    chunks = embeddings.join(versions, on=_VERSION, how="semi").sort("record_id", "ordinal")
    if chunks["model_id"].n_unique() > 1:
        raise ValueError(f"vectors of several models: {sorted(chunks['model_id'].unique())}")
    return (
        versions.join(
            features.select(*_VERSION, "split", *FEATURE_COLUMNS), on=_VERSION, how="inner", validate="1:1"
        )
        .join(_mean_vectors(chunks), on="record_id", how="inner", validate="1:1")
        .select(_SCHEMA.names())
        .cast(_SCHEMA)
        .sort("record_id")
    )


def _mean_vectors(chunks: pl.DataFrame) -> pl.DataFrame:
    """Return per record the unit vector along the mean of its chunks' vectors, in the given order."""
    records = chunks.group_by("record_id", maintain_order=True).agg(
        pl.len().alias("chunks"), pl.col("text_hash"), pl.col("model_id").first()
    )
    if records.is_empty():
        return records.select("record_id", "model_id").with_columns(
            text_hash=pl.lit(None, pl.String), vector=pl.lit(None, _SCHEMA["vector"])
        )
    firsts = records["chunks"].cum_sum().to_numpy() - records["chunks"].to_numpy()
    sums = np.add.reduceat(vector_matrix(chunks["vector"]).astype(np.float64), firsts, axis=0)
    means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), _MIN_NORM)
    hashes = [blake3("".join(hashes).encode()).hexdigest() for hashes in records["text_hash"]]
    return records.select("record_id", "model_id").with_columns(
        pl.Series("text_hash", hashes), vector_series(means.astype(np.float32))
    )
