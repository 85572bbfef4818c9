"""Records → features: the assembly of all formulas into rows of the features table.

What belongs here: the formulas over single columns, and the order of things. What does not: formulas over
text (text.py), its structure (structure.py), the URL (url.py) and the past (history.py); vectors (embed/);
joining features for a model (learn/).
"""

import datetime as dt

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.stages.featurize.history import NO_HISTORY, History
from webdata_assets.stages.featurize.structure import structure_features
from webdata_assets.stages.featurize.text import readability, text_features
from webdata_assets.stages.featurize.url import url_features

_FEATURES = TABLES["features"].polars_schema
_SECONDS_PER_DAY = 86_400
_ZERO_WHEN_UNKNOWN = ("change_rate", "days_known", "earlier_versions")


def featurize(records: pl.DataFrame, date: dt.date, history: History = NO_HISTORY) -> pl.DataFrame:
    """Return the features of records of one partition date, by record id.

    Nothing is used but the records themselves, the date, and the history, which holds nothing later than the
    date, so that features are correct as of that date. No value is NaN or infinite.

    Args:
        records: rows of the records table, all of this date; not necessarily all of the partition.
        date: the partition's date.
        history: of the partition; by default nothing is known of the past.

    Raises:
        ValueError: a record of another date is among them.
    """
    if not records.filter(pl.col("date") != date).is_empty():
        raise ValueError(f"records of other dates than {date} are among the records")
    end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
    features = (
        records.lazy()
        .select(
            "date", "source", "record_id", "kind", "category",
            *text_features(), *readability(), *structure_features(), *_quality_features(),
            *_price_features(), age_days(end), _days_until(end, "modified_at").alias("days_since_modified"),
            *url_features(), pl.lit(end).alias("computed_for"),
        )
        .join(history.records.lazy(), on="record_id", how="left", validate="1:1")
        .with_columns(
            pl.col(_ZERO_WHEN_UNKNOWN).fill_null(0),
            **{name: pl.lit(value) for name, value in history.site.items()},
        )
    )  # fmt: skip
    return (
        features.select(pl.col(name).cast(dtype) for name, dtype in _FEATURES.items())
        .sort("record_id")
        .collect()
    )


def age_days(end: dt.datetime) -> pl.Expr:
    """Return the days from publication to the end of the partition's date; 0 when unknown or later."""
    return _days_until(end, "published_at").alias("age_days")


def _days_until(end: dt.datetime, moment: str) -> pl.Expr:
    seconds = (pl.lit(end) - pl.col(moment)).dt.total_seconds()
    return (seconds / _SECONDS_PER_DAY).clip(lower_bound=0).fill_null(0.0)


def _quality_features() -> tuple[pl.Expr, ...]:
    return (
        pl.col("language_confidence").fill_null(0.0),
        pl.col("content_confidence").fill_null(0.0),
        pl.col("quality_flags").list.len().fill_null(0).alias("quality_flag_count"),
        pl.col("tokens").fill_null(0),
    )


def _price_features() -> tuple[pl.Expr, ...]:
    price = pl.col("price").cast(pl.Float64).fill_null(0.0)
    return (price.log1p().alias("log_price"), pl.col("price").is_not_null().alias("has_price"))
