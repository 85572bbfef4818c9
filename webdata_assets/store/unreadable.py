"""Pages that were fetched and could not be extracted: the dead letters of extraction.

What belongs here: which of them stand, over all partitions. What does not: how one comes about
(stages/extract), and URLs that could not be fetched (dead_letters.py).
"""

import datetime as dt

import polars as pl

from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.store.tables import Tables

_PAGE = ["source", "url"]
_KILLED = r"^parser (?:killed|died|stopped)"
"""Reasons of pages that were too much for a worker, and not merely unreadable."""


def unreadable_pages(tables: Tables, source: str | None = None, date: dt.date | None = None) -> pl.DataFrame:
    """Return the newest failure of each page that no later partition has a record of, by source and URL.

    Args:
        tables: where quarantine and records lie.
        source: only this one's; all if None.
        date: all of this partition, whatever became of them; those that still stand if None.

    Returns:
        The columns source, date, url, reason, and failure_domain: `resource` where a worker was killed or
        died, else `parse`.
    """
    wanted = pl.lit(True) if source is None else pl.col("source") == source
    failures = tables.scan(QUARANTINE).filter(wanted & (pl.col("rule") == "extract"))
    if date is not None:
        failures = failures.filter(pl.col("date") == date)
    newest = (
        failures.sort("date")
        .group_by(_PAGE, maintain_order=True)
        .last()
        .select(*_PAGE, "date", "reason")
        .collect()
    )
    if newest.height and date is None:
        read = (
            tables.scan(RECORDS)
            .filter(wanted)
            .join(newest.lazy().select(*_PAGE, failed="date"), on=_PAGE)
            .filter(pl.col("date") > pl.col("failed"))
            .select(_PAGE)
            .unique()
            .collect()
        )
        newest = newest.join(read, on=_PAGE, how="anti")
    is_killed = pl.col("reason").str.contains(_KILLED)
    domain = pl.when(is_killed).then(pl.lit("resource")).otherwise(pl.lit("parse"))
    return newest.with_columns(failure_domain=domain).sort(_PAGE)
