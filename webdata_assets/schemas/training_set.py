"""The training set: what a model is trained and judged on."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class TrainingSet(dy.Schema):
    """One labelled record: its features, the mean of its chunk vectors, and its split."""

    record_id = dy.String(nullable=False)
    source = columns.source_name()
    date = dy.Date(nullable=False)
    split = dy.String(nullable=False, check=lambda column: column.is_in(["train", "validation", "test"]))
    label = dy.String(nullable=False, min_length=1)
    text_hash = columns.blake3_hash()
    """BLAKE3 of the hashes of the record's chunks, in order: names the text behind the vector."""
    model_id = dy.String(nullable=False)
    """Of the encoder that made the vector."""
    title_characters = dy.Int32(nullable=False)
    text_characters = dy.Int32(nullable=False)
    text_words = dy.Int32(nullable=False)
    mean_word_characters = dy.Float64(nullable=False)
    mean_sentence_words = dy.Float64(nullable=False)
    digit_share = dy.Float64(nullable=False)
    uppercase_share = dy.Float64(nullable=False)
    unique_word_share = dy.Float64(nullable=False)
    log_price = dy.Float64(nullable=False)
    has_price = dy.Bool(nullable=False)
    age_days = dy.Float64(nullable=False)
    vector = dy.List(dy.Float32(nullable=False), nullable=False, min_length=1)


TRAINING_SET = Table(
    name="training_set",
    schema=TrainingSet,
    description="Labelled records of the corpus with features and vectors, split for ever by record id.",
    key=("record_id",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "admitted_only"),
    unhashed=frozenset({"vector"}),
)
