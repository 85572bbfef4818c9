"""Records → numeric features, each one expression.

What belongs here: the formula of every column of the features table. What does not: vectors (embed/), and
joining features for a model (learn/).
"""

import datetime as dt

import polars as pl

from webdata_assets.schemas import TABLES

_FEATURES = TABLES["features"]
_SPLIT_DIGITS = 8
_TEXT = pl.col("text").fill_null("")
_WORDS = _TEXT.str.count_matches(r"\w+")
_SECONDS_PER_DAY = 86_400


def featurize(records: pl.DataFrame, date: dt.date) -> pl.DataFrame:
    """Return the features of the records of one partition date, by record id.

    Nothing is used but the record itself and the date, so that features are correct as of that date. No
    value is NaN or infinite: what cannot be known (a share of nothing, the age of an undated record) is 0.

    Args:
        records: rows of the records table, all of this date.
        date: the partition's date.

    Raises:
        ValueError: a record of another date is among them.
    """
    if not records.filter(pl.col("date") != date).is_empty():
        raise ValueError(f"records of other dates than {date} are among the records")
    end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
    features = records.select(
        "date", "source", "record_id", "kind", "category", split(), *_text_features(), *_price_features(),
        age_days(end), pl.lit(end).alias("computed_for"),
    )  # fmt: skip
    schema = _FEATURES.polars_schema
    return features.select(pl.col(name).cast(dtype) for name, dtype in schema.items()).sort("record_id")


def split() -> pl.Expr:
    """Return train, validation or test in 80 / 10 / 10.

    The record id is a BLAKE3, hence uniform: its first 32 bits modulo 10 decide, below 8 train, 8 validation,
    9 test. A record keeps its split for ever.
    """
    bucket = pl.col("record_id").str.head(_SPLIT_DIGITS).str.to_integer(base=16, dtype=pl.UInt32) % 10
    names = pl.when(bucket < 8).then(pl.lit("train")).when(bucket == 8).then(pl.lit("validation"))
    return names.otherwise(pl.lit("test")).alias("split")


def age_days(end: pl.Expr | dt.datetime) -> pl.Expr:
    """Return the days from publication to the end of the partition's date; 0 when unknown or later."""
    seconds = (pl.lit(end) - pl.col("published_at")).dt.total_seconds()
    return (seconds / _SECONDS_PER_DAY).clip(lower_bound=0).fill_null(0.0).alias("age_days")


def _text_features() -> tuple[pl.Expr, ...]:
    r"""Return lengths and shares of the text; words are runs of `\w`, sentences end with `.!?` or a line."""
    characters = _TEXT.str.len_chars()
    words = _TEXT.str.to_lowercase().str.extract_all(r"\w+")
    sentences = _TEXT.str.count_matches(r"[^.!?。！？\n]*\w[^.!?。！？\n]*")
    letters = _TEXT.str.count_matches(r"\p{L}")
    return (
        pl.col("title").fill_null("").str.len_chars().alias("title_characters"),
        characters.alias("text_characters"),
        _WORDS.alias("text_words"),
        _share(_TEXT.str.count_matches(r"\w"), _WORDS).alias("mean_word_characters"),
        _share(_WORDS, sentences).alias("mean_sentence_words"),
        _share(_TEXT.str.count_matches(r"\d"), characters).alias("digit_share"),
        _share(_TEXT.str.count_matches(r"\p{Lu}"), letters).alias("uppercase_share"),
        _share(words.list.n_unique(), words.list.len()).alias("unique_word_share"),
    )


def _price_features() -> tuple[pl.Expr, ...]:
    price = pl.col("price").cast(pl.Float64).fill_null(0.0)
    return (price.log1p().alias("log_price"), pl.col("price").is_not_null().alias("has_price"))


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return part / whole, 0 where the whole is 0."""
    return pl.when(whole > 0).then(part / whole).otherwise(0.0)
