"""Records of a partition and their earlier versions → what became of each record.

What belongs here: finding the earlier version, and the kind of the change. What does not: comparing the
fields of two versions (compare.py), and which partitions count as earlier (store/).
"""

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.changes.compare import compare_fields

_CHANGES = TABLES["changes"].polars_schema
_VERSION = ("record_id", "date", "url", "content_hash", "extractor", "price", "currency")
"""Narrow columns: reading them of every earlier version costs little."""
ROWS_COMPARED_AT_ONCE = 2_000


def detect_changes(
    partition: Partition,
    records: pl.LazyFrame,
    pages: pl.LazyFrame,
    earlier_records: pl.LazyFrame,
    earlier_pages: pl.LazyFrame,
) -> pl.DataFrame:
    """Return one row per record of the partition, and one per record whose page is gone since.

    A record is compared with its newest earlier version, however old. It is gone when the page of that
    version is gone, no page of the partition has it, and no earlier partition has told so.

    Whole records are read only where the content differs, and `ROWS_COMPARED_AT_ONCE` at a time.

    Args:
        partition: date and source.
        records: its rows of the records table.
        pages: its rows of the pages table.
        earlier_records: rows of the records table, of the same source and of earlier dates alone.
        earlier_pages: rows of the pages table, likewise.

    Returns:
        A frame of the changes table, by record id.
    """
    current = records.select(_VERSION).collect()
    gone = _newly_gone(current, pages, earlier_records, earlier_pages)
    histories = _histories(earlier_records, pl.concat([current["record_id"], gone["record_id"]]))
    rows = pl.concat(
        [
            _of_current(partition, current, histories),
            _of_gone(partition, histories.join(gone, on="record_id", how="semi")),
        ]
    )
    changed = rows.filter(kind="changed").select("record_id", "previous_date").sort("record_id")
    compared = [
        compare_fields(_whole(records, some), _previous(earlier_records, some))
        for some in changed.iter_slices(ROWS_COMPARED_AT_ONCE)
    ]
    if compared:
        rows = rows.update(pl.concat(compared), on="record_id")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _CHANGES.items()).sort("record_id")


def _histories(earlier: pl.LazyFrame, record_ids: pl.Series) -> pl.DataFrame:
    """Return, per record that has earlier versions, the newest one, and counts over all of them."""
    differs = pl.col("content_hash") != pl.col("content_hash").shift()
    return (
        earlier.select(_VERSION)
        .join(record_ids.to_frame().lazy(), on="record_id", how="semi")
        .sort("date")
        .group_by("record_id")
        .agg(
            pl.col("date").last().alias("previous_date"),
            pl.col("date").first().alias("first_date"),
            pl.len().alias("earlier_versions"),
            differs.sum().alias("earlier_changes"),
            pl.col("url").last().alias("previous_url"),
            pl.col("content_hash").last().alias("previous_content_hash"),
            pl.col("extractor").last().alias("previous_extractor"),
            pl.col("price").last().alias("previous_price"),
            pl.col("currency").last().alias("previous_currency"),
        )
        .collect()
    )


def _of_current(partition: Partition, current: pl.DataFrame, histories: pl.DataFrame) -> pl.DataFrame:
    is_new = pl.col("previous_date").is_null()
    same = pl.col("content_hash") == pl.col("previous_content_hash")
    kind = (
        pl.when(is_new).then(pl.lit("new")).when(same).then(pl.lit("unchanged")).otherwise(pl.lit("changed"))
    )
    return _rows(
        partition,
        current.join(histories, on="record_id", how="left", validate="1:1").with_columns(
            kind=kind,
            text_similarity=pl.when(same).then(1.0),
            first_date=pl.col("first_date").fill_null(partition.date),
            versions=pl.col("earlier_versions").fill_null(0) + 1,
            content_changes=pl.col("earlier_changes").fill_null(0) + (~same).fill_null(value=False),
            extractor_changed=(pl.col("extractor") != pl.col("previous_extractor")).fill_null(value=False),
        ),
    )


def _of_gone(partition: Partition, histories: pl.DataFrame) -> pl.DataFrame:
    return _rows(
        partition,
        histories.with_columns(
            kind=pl.lit("gone"),
            url="previous_url",
            versions="earlier_versions",
            content_changes="earlier_changes",
            extractor_changed=pl.lit(value=False),
            price=pl.lit(None, _CHANGES["price"]),
            currency=pl.lit(None, pl.String),
            content_hash=pl.lit(None, pl.String),
            text_similarity=pl.lit(None, pl.Float64),
        ),
    )


def _rows(partition: Partition, rows: pl.DataFrame) -> pl.DataFrame:
    comparable = (pl.col("currency") == pl.col("previous_currency")) | (pl.col("kind") == "gone")
    previous_price = pl.when(comparable).then("previous_price")
    return rows.with_columns(
        date=pl.lit(partition.date),
        source=pl.lit(partition.source),
        changed_fields=pl.lit([], _CHANGES["changed_fields"]),
        previous_price=previous_price,
        price_change=pl.col("price") - previous_price,
    ).select(pl.col(name).cast(dtype) for name, dtype in _CHANGES.items())


def _newly_gone(
    current: pl.DataFrame,
    pages: pl.LazyFrame,
    earlier_records: pl.LazyFrame,
    earlier_pages: pl.LazyFrame,
) -> pl.DataFrame:
    """Return `record_id` of the records that are gone with their page, and were not before."""
    is_gone = pl.col("outcome") == "gone"
    gone = pages.filter(is_gone).select("url").collect()
    if gone.is_empty():
        return current.select("record_id").clear()
    told = (
        earlier_pages.filter(is_gone)
        .select("url", "date")
        .join(gone.lazy(), on="url", how="semi")
        .group_by("url")
        .agg(told_on=pl.col("date").max())
    )
    on_gone_pages = (
        earlier_records.select("record_id", "url").join(gone.lazy(), on="url", how="semi").select("record_id")
    )
    return (
        earlier_records.select("record_id", "date", "url")
        .join(on_gone_pages.unique(), on="record_id", how="semi")
        .join(current.lazy(), on="record_id", how="anti")
        .sort("date")
        .group_by("record_id")
        .last()
        .join(gone.lazy(), on="url", how="semi")
        .join(told, on="url", how="left")
        .filter(pl.col("told_on").is_null() | (pl.col("told_on") < pl.col("date")))
        .select("record_id")
        .collect()
    )


def _whole(records: pl.LazyFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return whole records; the range of ids lets a scan pass over row groups that cannot hold them."""
    ids = wanted["record_id"]
    within = pl.col("record_id").is_between(pl.lit(ids.first()), pl.lit(ids.last()))
    return (
        records.filter(within).join(wanted.lazy().select("record_id"), on="record_id", how="semi").collect()
    )


def _previous(earlier: pl.LazyFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    dates = wanted["previous_date"].unique().to_list()
    versions = wanted.lazy().rename({"previous_date": "date"})
    ids = wanted["record_id"]
    within = pl.col("date").is_in(dates) & pl.col("record_id").is_between(
        pl.lit(ids.first()), pl.lit(ids.last())
    )
    return earlier.filter(within).join(versions, on=["record_id", "date"], how="semi").collect()
