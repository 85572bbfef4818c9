"""The result of a crawl: its rows, handed out in parts, so that a partition of any size fits into memory.

What belongs here: joining what the walk and the spool hold. What does not: storing it (store/).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import polars as pl

from webdata_assets.schemas.pages import PAGES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.politeness.pacing import HostPace
from webdata_assets.stages.crawl.rows import dead_letters_frame, pages_frame
from webdata_assets.stages.crawl.spool import Place, Spool
from webdata_assets.stages.crawl.summary import UNREAD, PagesSummary, summarise
from webdata_assets.stages.crawl.walk import Walk
from webdata_assets.stages.parts import FrameParts, Parts

FinishReason = Literal["complete", "capped", "paused"]

_ROWS_AT_ONCE = 1_000
_BYTES_AT_ONCE = 16_000_000
_BYTES_BESIDE_PAYLOAD = 600
_NODES = pl.Schema(
    {
        "url": pl.String(),
        "role": pl.String(),
        "discovery": pl.Int16(),
        "why": pl.String(),
        "discovered_from": pl.String(),
        "depth": pl.Int32(),
    }
)
"""The types of PAGE_COLUMNS, as the pages table names them."""


@dataclass(frozen=True)
class CrawlResult:
    """A finished crawl.

    Attributes:
        rows: one row of pages per URL, by URL. They lie in the spool until that is dropped.
        dead_letters: one row per failed URL, by URL.
        counts: outcome → number of URLs.
        finish_reason: `paused` when URLs were deferred because a host or the proxies were down for too long;
            `capped` when a cap left URLs unvisited.
        payload_bytes: of the fetched pages.
        requests: made by this run, redirects, retries and robots.txt included.
        resumed: pages taken from the spool of an earlier run.
        retries: tries that were repeated.
        paces: host → the pace that it was asked at.
        not_before: host that was given up → the moment from which it may be asked again.
    """

    rows: Parts
    dead_letters: pl.DataFrame
    counts: Mapping[str, int]
    finish_reason: FinishReason
    payload_bytes: int = 0
    requests: int = 0
    resumed: int = 0
    retries: int = 0
    paces: Mapping[str, HostPace] = field(default_factory=dict)
    not_before: Mapping[str, dt.datetime] = field(default_factory=dict)

    @cached_property
    def pages(self) -> pl.DataFrame:
        """All rows in one frame, payloads included."""
        return pl.concat([PAGES.empty(), *self.rows.frames()])

    def summary(self) -> PagesSummary:
        """Return the pages at a glance; payloads are not read."""
        return summarise(self.rows.frames(without=UNREAD))

    @classmethod
    def stored(cls, pages: pl.DataFrame, dead_letters: pl.DataFrame) -> "CrawlResult":
        """Return the result that an earlier run stored whole: nothing was requested for it now."""
        counts = dict(pages.group_by("outcome").len().iter_rows())
        fetched = pages.filter(pl.col("outcome") == "fetched")
        size = int(fetched["payload_bytes"].sum())
        return cls(FrameParts(pages), dead_letters, counts, "complete", size, resumed=pages.height)

    def close(self) -> None:
        """Release the scratch files; the rows are not to be had any more."""
        if isinstance(self.rows, WalkedRows):
            self.rows.walk.close()


@dataclass(frozen=True)
class WalkedRows:
    """The rows of a crawl: what is known of each URL from the walk, payloads from the spool."""

    source: Source
    date: dt.date
    walk: Walk
    spool: Spool

    @property
    def height(self) -> int:
        """The number of rows."""
        return sum(self.walk.visited.counts().values())

    @property
    def bytes_per_row(self) -> int:
        """About how large a row is on average."""
        return _BYTES_BESIDE_PAYLOAD + self.walk.visited.payload_bytes // max(1, self.height)

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        """Yield the rows by URL, at most a thousand and about sixteen megabytes of payload at once."""
        with self.spool.reader() as payload_at:
            for rows in self._parts():
                payloads: list[bytes | None] = [None] * len(rows)
                if "payload" not in without:
                    payloads = [payload_at(Place(*row[-3:])) for row in rows]
                nodes = pl.DataFrame([row[:-4] for row in rows], schema=_NODES, orient="row")
                visits = pl.Series([row[-4] for row in rows], dtype=pl.String)
                frame = pages_frame(self.source, self.date, nodes, visits, payloads)
                yield frame.drop(without, strict=False)

    def dead_letters(self) -> pl.DataFrame:
        """Return one dead letter for each failed URL, by URL."""
        failed = [row for rows in self.walk.visited.rows("failed") for row in rows]
        visits = pl.Series([row[-4] for row in failed], dtype=pl.String)
        return dead_letters_frame(self.source, self.date, [row[0] for row in failed], visits)

    def _parts(self) -> Iterator[list[tuple[Any, ...]]]:
        part: list[tuple[Any, ...]] = []
        size = 0
        for rows in self.walk.visited.rows():
            for row in rows:
                part.append(row)
                size += max(0, row[-1])
                if len(part) >= _ROWS_AT_ONCE or size >= _BYTES_AT_ONCE:
                    yield part
                    part, size = [], 0
        if part:
            yield part
