"""Merge the records of many partitions into the current state of each.

What belongs here: choosing the newest version, tombstones, and clusters of exact duplicates across sources.
What does not: which partitions may take part (store/ledger.py).
"""

import polars as pl

from webdata_assets.schemas.corpus import CORPUS


def build_corpus(records: pl.LazyFrame, pages: pl.LazyFrame) -> pl.DataFrame:
    """Return one row per record id: its newest version, live or gone.

    A record is gone when the newest visit to its URL, not older than the record, found the page gone. Live
    records with the same text, compared without case and runs of white space, form a cluster whose canonical
    member is the one first seen (then the smallest id); the others name it in `duplicate_of`.

    Args:
        records: rows of the records table.
        pages: rows of the pages table; `payload` is not read.

    Returns:
        A frame of the corpus table, sorted by record id.
    """
    versions = (
        records.sort("date", "source")
        .group_by("record_id", maintain_order=True)
        .agg(pl.all().last(), first_seen=pl.col("date").min())
    )
    visits = (
        pages.select("source", "url", "date", "outcome")
        .sort("date")
        .group_by("source", "url", maintain_order=True)
        .last()
    )
    gone = visits.filter(pl.col("outcome") == "gone").select("source", "url", gone_on="date")
    current = (
        versions.drop("duplicate_of")
        .join(gone, on=["source", "url"], how="left")
        .with_columns(gone_on=pl.when(pl.col("gone_on") >= pl.col("date")).then("gone_on"))
        .with_columns(
            state=pl.when(pl.col("gone_on").is_null()).then(pl.lit("live")).otherwise(pl.lit("gone")),
            wording=pl.col("text").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(),
        )
    )
    canonical = (
        current.filter((pl.col("state") == "live") & pl.col("wording").is_not_null())
        .sort("first_seen", "record_id")
        .group_by("wording", maintain_order=True)
        .agg(canonical=pl.col("record_id").first(), members=pl.len())
        .filter(pl.col("members") > 1)
        .drop("members")
    )
    return (
        current.join(canonical, on="wording", how="left")
        .with_columns(
            duplicate_of=pl.when(
                (pl.col("state") == "live") & (pl.col("canonical") != pl.col("record_id"))
            ).then("canonical")
        )
        .select(list(CORPUS.polars_schema))
        .sort("record_id")
        .collect()
    )
