"""Delivery rows: what a sink gets of each live record.

What belongs here: the columns, and how they come from corpus and model. What does not: where they go (one
file per sink).
"""

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.stages.deliver.sink import Shape
from webdata_assets.stages.hashing import content_hash, row_hashes
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.training_set import readable_records

KEY = "record_id"
_CORPUS = TABLES["corpus"].polars_schema
_FROM_CORPUS = (
    "record_id", "source", "url", "title", "text", "category", "price", "currency", "published_at",
    "content_hash",
)  # fmt: skip

DELIVERY_SCHEMA = pl.Schema(
    {
        **{name: _CORPUS[name] for name in _FROM_CORPUS},
        "predicted_label": pl.String(),
        "predicted_probability": pl.Float64(),
        "model_version": pl.String(),
        "row_hash": pl.String(),
    }
)
RECORDS = Shape(KEY, DELIVERY_SCHEMA)
"""What sinks with `content: records` are offered."""
_PROBABILITY_DECIMALS = 6


def delivery_rows(
    corpus: pl.DataFrame,
    features: pl.DataFrame,
    embeddings: pl.DataFrame,
    classifier: Classifier | None,
    model_version: str | None,
) -> pl.DataFrame:
    """Return the rows to deliver, of `DELIVERY_SCHEMA`, by `record_id`: live, canonical records.

    Prediction and model version are null for records without features or text, for those whose vectors are of
    another encoder than the classifier's, and without a classifier.

    Args:
        corpus: rows of the `corpus` table.
        features: rows of the `features` table.
        embeddings: rows of the `embeddings` table.
        classifier: the model in use.
        model_version: its version.
    """
    live = corpus.filter(pl.col("duplicate_of").is_null(), state="live")
    predictions = pl.DataFrame(
        schema={name: DELIVERY_SCHEMA[name] for name in (KEY, "predicted_label", "predicted_probability")}
    )
    if classifier is not None:
        if embeddings["model_id"].n_unique() > 1 or not classifier.reads(embeddings):
            # until a model of the new encoder is good enough: records still reach the sinks
            embeddings = embeddings.filter(model_id=classifier.model_id)
        examples = readable_records(live, features, embeddings)
        predicted = classifier.predict(examples)
        predictions = examples.select(KEY).with_columns(
            pl.Series("predicted_label", predicted.labels, dtype=pl.String),
            pl.Series("predicted_probability", predicted.probabilities.max(axis=1), dtype=pl.Float64).round(
                _PROBABILITY_DECIMALS
            ),
        )
    rows = (
        live.select(_FROM_CORPUS)
        .join(predictions, on=KEY, how="left", validate="1:1")
        .with_columns(
            model_version=pl.when(pl.col("predicted_label").is_not_null()).then(pl.lit(model_version))
        )
        .cast({"model_version": pl.String})
        .sort(KEY)
    )
    return rows.with_columns(row_hashes(rows)).select(DELIVERY_SCHEMA.names())


def delivery_hash(rows: pl.DataFrame) -> str:
    """Return the content hash of delivery rows, at the source or read back from a sink."""
    return content_hash(rows, sort_by=[KEY])
