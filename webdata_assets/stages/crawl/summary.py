"""A crawl's pages at a glance: the URLs that went worst, what was answered, and which hosts are waited for.

What belongs here: choosing and counting rows of pages. What does not: showing them (assets/), and judging
them (checks/).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.crawl.urls import host_of

WORST_FAILED, WORST_DEFERRED, WORST_SLOW = 10, 5, 5
"""How many URLs of each kind are named."""

UNREAD = tuple(
    name
    for name in PAGES.polars_schema
    if name not in ("url", "outcome", "http_status", "reason", "attempts", "elapsed_ms")
)
"""Columns of pages that a summary does without."""


@dataclass(frozen=True)
class PagesSummary:
    """Some of the pages, and counts of all.

    Attributes:
        worst: `url`, `outcome`, `http_status`, `reason`, `attempts` and `elapsed_ms` of the failed URLs that
            were tried most, of deferred ones, and of the slowest others, each slowest first.
        statuses: `outcome`, `http_status` and the number of `pages`, the most frequent first.
        waiting: `host`, `reason` and the number of `urls` that are left to the next run.
        median_seconds: that a visit took; 0 without visits.
        slowest_seconds: likewise.
    """

    worst: pl.DataFrame
    statuses: pl.DataFrame
    waiting: pl.DataFrame
    median_seconds: float
    slowest_seconds: float


def summarise(frames: Iterable[pl.DataFrame]) -> PagesSummary:
    """Return the summary of pages that come in parts; columns in UNREAD may be left out."""
    empty = PAGES.empty().drop(UNREAD)
    worst, counts, deferred, elapsed = empty, [_by_status(empty)], [_by_host(empty)], [empty["elapsed_ms"]]
    for frame in frames:
        rows = frame.select(empty.columns)
        worst = _worst(pl.concat([worst, rows]))
        counts.append(_by_status(rows))
        deferred.append(_by_host(rows))
        elapsed.append(rows["elapsed_ms"].drop_nulls())
    milliseconds = pl.concat(elapsed)
    return PagesSummary(
        worst,
        _added_up(counts, ["outcome", "http_status"], "pages"),
        _added_up(deferred, ["host", "reason"], "urls"),
        _seconds(milliseconds.median()),
        _seconds(milliseconds.max()),
    )


def _worst(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are named, so that the worst of two parts are the worst of the whole."""
    slowest = ["attempts", "elapsed_ms", "url"]
    kinds = {
        "failed": (pl.col("outcome") == "failed", slowest, WORST_FAILED),
        "deferred": (pl.col("outcome") == "deferred", slowest, WORST_DEFERRED),
        "slow": (
            ~pl.col("outcome").is_in(["failed", "deferred"]) & pl.col("elapsed_ms").is_not_null(),
            slowest[1:],
            WORST_SLOW,
        ),
    }
    return pl.concat(
        rows.filter(chosen).sort(by, descending=[name != "url" for name in by], nulls_last=True).head(most)
        for chosen, by, most in kinds.values()
    )


def _by_status(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by("outcome", "http_status").len("pages")


def _by_host(rows: pl.DataFrame) -> pl.DataFrame:
    deferred = rows.filter(pl.col("outcome") == "deferred")
    hosts = pl.Series("host", [host_of(url) for url in deferred["url"]], dtype=pl.String)
    return deferred.select("reason").with_columns(hosts).group_by("host", "reason").len("urls")


def _added_up(parts: list[pl.DataFrame], keys: list[str], number: str) -> pl.DataFrame:
    whole = pl.concat(parts).group_by(keys).agg(pl.col(number).sum())
    return whole.sort(number, *keys, descending=[True, *(False for _ in keys)], nulls_last=True)


def _seconds(milliseconds: object) -> float:
    return float(milliseconds) / 1_000 if isinstance(milliseconds, int | float) else 0.0
