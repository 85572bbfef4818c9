"""What can be said of rows that went by: counts, dates, sources, and the sites that they are from.

What belongs here: counting, frame by frame, in memory that does not grow with rows. What does not: telling it
(dataset_card.py).
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import polars as pl

_SITE = r"^(https?://[^/?#]+)"


@dataclass
class Tally:
    """Counts of the rows that were added.

    Attributes:
        rows: how many.
        bytes: that they take in memory.
        sources: rows by source, of tables that have one.
        sites: rows by source and site, as in `https://example.com`; the source is empty where a table has
            none. Of tables that have URLs.
        first: the earliest date, of tables that have one.
        last: the latest date.
    """

    rows: int = 0
    bytes: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    sites: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dt.date | None = None
    last: dt.date | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """Count the rows of a frame."""
        self.rows += frame.height
        self.bytes += int(frame.estimated_size())
        source = pl.col("source") if "source" in frame.columns else pl.lit("").alias("source")
        if "source" in frame.columns:
            self.sources.update(dict(frame.group_by("source").len().iter_rows()))
        if "url" in frame.columns:
            site = pl.col("url").str.extract(_SITE).alias("site")
            counts = frame.select(source, site).drop_nulls().group_by("source", "site").len()
            self.sites.update({(name, where): rows for name, where, rows in counts.iter_rows()})
        if "date" in frame.columns and frame.height:
            first, last = frame.select(first=pl.col("date").min(), last=pl.col("date").max()).row(0)
            self.first = min(filter(None, (self.first, first)), default=None)
            self.last = max(filter(None, (self.last, last)), default=None)
