"""Examples: live, canonical records with words, features and one vector each; the training set is the
labelled ones.

What belongs here: which rows, joined how. What does not: their labels (labels.py), their side of the split
(split.py), and learning from them (classifier.py).
"""

import numpy as np
import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_matrix, vector_series
from webdata_assets.stages.learn.labels import label_of
from webdata_assets.stages.learn.split import group, split_of
from webdata_assets.tasks.model import Task

_SCHEMA = TABLES["training_set"].polars_schema
_VERSION = ("record_id", "source", "date")
_MIN_NORM = 1e-12


def build_training_set(
    corpus: pl.DataFrame, features: pl.DataFrame, embeddings: pl.DataFrame, task: Task
) -> pl.DataFrame:
    """Return the labelled examples: the `training_set` table's rows, by `record_id`.

    Args and errors: as for `build_examples`.
    """
    return build_examples(corpus, features, embeddings, task).drop_nulls("label")


def build_examples(
    corpus: pl.DataFrame, features: pl.DataFrame, embeddings: pl.DataFrame, task: Task
) -> pl.DataFrame:
    """Return rows like the training set's, whose label may be null.

    Args:
        corpus: as for `readable_records`.
        features: likewise.
        embeddings: likewise.
        task: says where labels come from, and what the split keeps together.

    Raises:
        ValueError: as `readable_records`.
    """
    known = corpus.select("record_id", group(task.evaluation.group_by), label_of(corpus, task.label))
    known = known.with_columns(split_of(known["group"]))
    return (
        readable_records(corpus, features, embeddings)
        .join(known, on="record_id", how="left", validate="1:1")
        .select(_SCHEMA.names())
        .cast(_SCHEMA)
        .sort("record_id")
    )


def readable_records(corpus: pl.DataFrame, features: pl.DataFrame, embeddings: pl.DataFrame) -> pl.DataFrame:
    """Return what a classifier can read of each record, by `record_id`: the examples but for their labels.

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
    versions = live.select(*_VERSION, "kind", "page_type", "detected_language", words())
    chunks = embeddings.join(versions, on=_VERSION, how="semi").sort("record_id", "ordinal")
    if chunks["model_id"].n_unique() > 1:
        raise ValueError(f"vectors of several models: {sorted(chunks['model_id'].unique())}")
    return (
        versions.join(features.select(*_VERSION, *FEATURE_COLUMNS), on=_VERSION, how="inner", validate="1:1")
        .join(mean_vectors(chunks), on="record_id", how="inner", validate="1:1")
        .sort("record_id")
    )


def words() -> pl.Expr:
    """Return title and text of records, a blank line between them; empty where there is neither."""
    return pl.concat_str("title", "text", separator="\n\n", ignore_nulls=True).alias("words")


def mean_vectors(chunks: pl.DataFrame) -> pl.DataFrame:
    """Return per record the unit vector along the mean of its chunks' vectors.

    Args:
        chunks: `record_id`, `text_hash`, `model_id` and `vector`, the chunks of a record together, in order.

    Returns:
        `record_id`, `model_id`, `text_hash` (BLAKE3 of the chunks' hashes in order) and `vector`.
    """
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
