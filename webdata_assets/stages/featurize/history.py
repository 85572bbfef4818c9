"""Features of a record's past and of its site's: changes, prices, and how the source has been of late.

What belongs here: formulas over earlier rows, given as frames. What does not: which rows count as earlier and
admitted (store/), and the formulas over a record alone.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from webdata_assets.schemas.features import HISTORY_DAYS

_WINDOWS = (7, HISTORY_DAYS)
_EVENT = ("record_id", "date", "previous_date", "price", "currency", "previous_price", "price_change")
_VERSION = ("record_id", "tokens", "duplicate_of")


@dataclass(frozen=True, eq=False)
class History:
    """What a partition's features need of the past.

    Attributes:
        records: one row per record, by `record_id`: its features of history.
        site: features that all records of the partition share, by name.
    """

    records: pl.DataFrame
    site: Mapping[str, float]


_OF_RECORDS = {
    "days_known": pl.Int64, "earlier_versions": pl.Int64, "days_since_version": pl.Float64,
    "change_rate": pl.Float64, "previous_price": pl.Float64, "price_change_share": pl.Float64,
    "price_min_7d": pl.Float64, "price_mean_7d": pl.Float64, "price_min_30d": pl.Float64,
    "price_mean_30d": pl.Float64, "days_since_price_change": pl.Float64,
}  # fmt: skip
NO_HISTORY = History(
    pl.DataFrame(schema={"record_id": pl.String, **_OF_RECORDS}),
    MappingProxyType(dict.fromkeys(("site_records", "site_mean_tokens", "site_duplicate_share"), 0.0)),
)
"""Nothing is known of the past, nor of the site."""


def read_history(
    date: dt.date,
    records: pl.LazyFrame,
    changes: pl.LazyFrame,
    earlier_records: pl.LazyFrame,
    earlier_changes: pl.LazyFrame,
) -> History:
    """Return what the features of one partition need of the past; only narrow columns are read.

    Args:
        date: the partition's date.
        records: its rows of the records table.
        changes: its rows of the changes table.
        earlier_records: rows of the records table, of the same source and of the `HISTORY_DAYS` - 1 dates
            before.
        earlier_changes: rows of the changes table, likewise.

    Raises:
        ValueError: earlier rows are of this date, of a later one, or too old.
    """
    events = changes.filter(pl.col("kind") != "gone").collect()
    past = (
        earlier_changes.select(_EVENT)
        .join(events.lazy().select("record_id"), on="record_id", how="semi")
        .collect()
    )
    versions = earlier_records.select("date", *_VERSION).collect()
    for earlier in (past, versions):
        age = (date - earlier["date"]).dt.total_days()
        if not age.is_between(1, HISTORY_DAYS - 1).all():
            raise ValueError(f"rows that are {age.min()!r} to {age.max()!r} days old are no past of {date}")
    every = pl.concat([versions.select(_VERSION), records.select(_VERSION).collect()])
    rows = events.select(
        "record_id",
        _days(date, "first_date").alias("days_known"),
        (pl.col("versions") - 1).alias("earlier_versions"),
        _days(date, "previous_date").cast(pl.Float64).alias("days_since_version"),
        change_rate(date).alias("change_rate"),
        pl.col("previous_price").cast(pl.Float64),
        price_change_share().alias("price_change_share"),
    )
    for known in _price_features(date, pl.concat([past, events.select(_EVENT)])):
        rows = rows.join(known, on="record_id", how="left", validate="1:1")
    return History(rows, site_features(every))


def change_rate(date: dt.date) -> pl.Expr:
    """Return changes of content per day since the record's first version; 0 on its first day."""
    days = _days(date, "first_date")
    return pl.when(days > 0).then(pl.col("content_changes") / days).otherwise(0.0)


def price_change_share() -> pl.Expr:
    """Return price / previous price - 1; null where either is not known, or the previous one was 0."""
    previous = pl.col("previous_price").cast(pl.Float64)
    return pl.when(previous > 0).then(pl.col("price_change").cast(pl.Float64) / previous)


def site_features(versions: pl.DataFrame) -> dict[str, float]:
    """Return how the source has been, from the versions of its records within the window."""
    rows = versions.height
    return {
        "site_records": float(versions["record_id"].n_unique()),
        "site_mean_tokens": float(versions["tokens"].mean() or 0.0),  # type: ignore[arg-type]
        "site_duplicate_share": (rows - versions["duplicate_of"].null_count()) / rows if rows else 0.0,
    }


def _price_features(date: dt.date, events: pl.DataFrame) -> list[pl.DataFrame]:
    """Return, in one frame per window and one for the last change, columns by `record_id`."""
    today = events.filter(date=date).select("record_id", today="currency")
    comparable = pl.when(pl.col("currency") == pl.col("today"))
    events = events.join(today, on="record_id").with_columns(
        comparable.then(name).alias(name) for name in ("price", "previous_price", "price_change")
    )
    spans = _spans(date, events)
    changed = events.filter(pl.col("price_change") != 0).group_by("record_id").agg(pl.col("date").max())
    last = changed.select("record_id", _days(date, "date").cast(pl.Float64).alias("days_since_price_change"))
    return [*(_window(date, days, spans) for days in _WINDOWS), last]


def _spans(date: dt.date, events: pl.DataFrame) -> pl.DataFrame:
    """Return `record_id`, `price` and the dates from which (`start`) and up to which (`end`) it held.

    The price before the first event of a record is the one that the event itself remembers.
    """
    events = events.sort("record_id", "date")
    tomorrow = date + dt.timedelta(days=1)
    held = events.select(
        "record_id",
        "price",
        start="date",
        end=pl.col("date").shift(-1).over("record_id").fill_null(tomorrow),
    )
    before = (
        events.group_by("record_id", maintain_order=True)
        .first()
        .select("record_id", price="previous_price", start="previous_date", end="date")
    )
    return pl.concat([held, before]).drop_nulls("price").with_columns(pl.col("price").cast(pl.Float64))


def _window(date: dt.date, days: int, spans: pl.DataFrame) -> pl.DataFrame:
    first = date - dt.timedelta(days=days - 1)
    held = (pl.col("end") - pl.max_horizontal("start", pl.lit(first))).dt.total_days()
    return (
        spans.with_columns(held=held)
        .filter(pl.col("held") > 0)
        .sort("record_id", "start")
        .group_by("record_id", maintain_order=True)  # floats add up in one order
        .agg(
            pl.col("price").min().alias(f"price_min_{days}d"),
            ((pl.col("price") * pl.col("held")).sum() / pl.col("held").sum()).alias(f"price_mean_{days}d"),
        )
    )


def _days(date: dt.date, since: str) -> pl.Expr:
    return (pl.lit(date) - pl.col(since)).dt.total_days()
