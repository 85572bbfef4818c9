"""The training set: what a model is trained and judged on."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.model_features import ModelFeatures
from webdata_assets.schemas.table import Table


class _Example(dy.Schema):
    """One labelled version of a record, and its text."""

    record_id = dy.String(nullable=False)
    source = columns.source_name()
    date = dy.Date(nullable=False)
    group = dy.String(nullable=False, min_length=1)
    """What lies on one side of the split as a whole: the site, or the record itself."""
    split = dy.String(nullable=False, check=lambda column: column.is_in(["train", "test"]))
    """By hash of the group: 80 / 20, the same for ever."""
    label = dy.String(nullable=False, min_length=1)
    kind = dy.String(nullable=False)
    page_type = dy.String(nullable=True)
    detected_language = dy.String(nullable=True)
    words = dy.String(nullable=False)
    """Title and text."""
    text_hash = columns.blake3_hash()
    """BLAKE3 of the hashes of the record's chunks, in order: names the text behind the vector."""
    model_id = dy.String(nullable=False)
    """Of the encoder that made the vector."""


class TrainingSet(_Example, ModelFeatures):
    """One labelled record: its words, its features, the mean of its chunk vectors, and its split."""

    vector = dy.List(dy.Float32(nullable=False), nullable=False, min_length=1)


TRAINING_SET = Table(
    name="training_set",
    schema=TrainingSet,
    description="Labelled records of the corpus with features and vectors, split for ever by site or record.",
    key=("record_id",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "admitted_only", "split"),
    unhashed=frozenset({"vector"}),
    unrepeated=frozenset({"words"}),
)
