"""Features: numbers about a record that a model can learn from."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

FEATURE_COLUMNS = (
    "title_characters", "text_characters", "text_words", "mean_word_characters", "mean_sentence_words",
    "digit_share", "uppercase_share", "unique_word_share", "log_price", "has_price", "age_days",
)  # fmt: skip
"""The numeric columns, in the order in which a model takes them."""


class Features(dy.Schema):
    """Features of one record, from nothing later than the partition's date."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    kind = dy.String(nullable=False)
    category = dy.String(nullable=True)
    split = dy.String(nullable=False, check=lambda column: column.is_in(["train", "validation", "test"]))
    """By hash of the record id: 80 / 10 / 10, the same for ever."""
    title_characters = dy.Int32(nullable=False, min=0)
    text_characters = dy.Int32(nullable=False, min=0)
    text_words = dy.Int32(nullable=False, min=0)
    mean_word_characters = dy.Float64(nullable=False, min=0)
    mean_sentence_words = dy.Float64(nullable=False, min=0)
    digit_share = dy.Float64(nullable=False, min=0, max=1)
    uppercase_share = dy.Float64(nullable=False, min=0, max=1)
    unique_word_share = dy.Float64(nullable=False, min=0, max=1)
    log_price = dy.Float64(nullable=False, min=0)
    """ln(1 + price); 0 without a price."""
    has_price = dy.Bool(nullable=False)
    age_days = dy.Float64(nullable=False, min=0)
    """Days from publication to the end of the partition's date; 0 when unknown."""
    computed_for = columns.moment()
    """End of the partition's date: nothing later may have been used."""

    @dy.rule()
    def not_from_the_future(cls) -> pl.Expr:
        return pl.col("computed_for").dt.date() <= pl.col("date") + pl.duration(days=1)


FEATURES = Table(
    name="features",
    schema=Features,
    description="Typed numeric features of each record, correct as of the partition's date.",
    key=("record_id",),
    blocking_checks=("schema", "unique_keys", "reconciliation"),
)
