"""Features: numbers about a record that a model can learn from, or a person can look into."""

import dataframely as dy
import polars as pl

from webdata_assets.schemas import columns
from webdata_assets.schemas.feature import count, known_number, number, share
from webdata_assets.schemas.model_features import FEATURE_COLUMNS, ModelFeatures
from webdata_assets.schemas.table import Table

__all__ = ["FEATURES", "FEATURE_COLUMNS", "HISTORY_DAYS", "Features"]

HISTORY_DAYS = 30
"""How far back the history of prices and sites goes, the partition's date included."""

_MONEY = "currency of the record"


class _Featured(dy.Schema):
    """Which record."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    kind = dy.String(nullable=False)
    category = dy.String(nullable=True)


class _EnglishReadability(dy.Schema):
    """Readability of English text; null for text in other languages and for records without words."""

    flesch_reading_ease = known_number(
        "points", "206.835 - 1.015 × words / sentences - 84.6 × syllables / words", least=None, most=206.835,
        source="Flesch, A new readability yardstick, 1948",
    )  # fmt: skip
    """About 0 to 100; the higher, the easier."""
    flesch_kincaid_grade = known_number(
        "school years (US)", "0.39 × words / sentences + 11.8 × syllables / words - 15.59", least=-15.59,
        source="Kincaid et al., Derivation of new readability formulas for Navy enlisted personnel, 1975",
    )  # fmt: skip


class _RecordHistory(dy.Schema):
    """The record's own past, from `changes`."""

    days_known = count("days", "date - first_date of changes")
    earlier_versions = count("versions", "versions of changes - 1")
    days_since_version = known_number("days", "date - previous_date of changes")


class _PriceHistory(dy.Schema):
    """Prices in the currency of today's; a price holds from the date of its version to that of the next."""

    previous_price = known_number(_MONEY, "previous_price of changes")
    price_change_share = known_number("share", "price / previous_price - 1; null after 0", least=-1)
    price_min_7d = known_number(_MONEY, "least price of the last 7 days")
    price_mean_7d = known_number(_MONEY, "mean price of the last 7 days, by days")
    price_min_30d = known_number(_MONEY, "least price of the last 30 days")
    price_mean_30d = known_number(_MONEY, "mean price of the last 30 days, by days")
    days_since_price_change = known_number(
        "days", "date - newest date of the last 30 on which the price changed"
    )


class _Site(dy.Schema):
    """The source as a whole over the last 30 days, this partition included: the same for all its records."""

    site_records = count("records", "different record ids in admitted partitions of the last 30 days")
    site_mean_tokens = number("tokens", "mean tokens of their versions")
    site_duplicate_share = share("versions with duplicate_of / versions")


class Features(_Featured, ModelFeatures, _EnglishReadability, _RecordHistory, _PriceHistory, _Site):
    """Features of one record, from nothing later than the partition's date."""

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
    blocking_checks=("schema", "unique_keys", "reconciliation", "no_future", "drift"),
)
