"""Checks of volume against the past: how many pages, how large, and how many records for each.

What belongs here: which series are compared, and with what. What does not: bands and their arithmetic
(stages/observe/anomaly.py), and shares that a source file names (crawl.py, completeness.py).
"""

import statistics
from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.extracted import content_pages, examined
from webdata_assets.checks.limits import Limit
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.observe.anomaly import (
    Band,
    Noise,
    band,
    counting_noise,
    size_noise,
    state_of,
    training_days,
)

LEAST_SIZES = 10
"""Pages without which their median size says little."""
LAST_PARTITIONS = 5
"""As many earlier partitions give the mean of records for each page."""


def page_count_limits(subject: Subject) -> Sequence[Limit]:
    """Return the edges of the band of reached content pages."""
    return _edges(_band(subject, "page_count", counting_noise))


def page_count(subject: Subject) -> Finding:
    """The site is as large as it was.

    Formula: content pages that were reached, fetched or unchanged, within mean ± `expect.deviation` · σ of
    the admitted partitions of the last 14 days (14 cadences where those are longer than a day) without the
    newest of them; σ ≥ √mean. A paused partition has not counted its pages yet, and is not compared.
    Default: 3 σ.
    Severity: blocks; warns with fewer than 7 points; nothing to compare with fewer than 3.
    Source: Elementary's volume_anomalies; the floor of σ is that of a Poisson count.
    """
    pages = subject.rows
    content = pages.filter(pl.col("role") != "discovery")
    reached = content.filter(pl.col("outcome").is_in(["fetched", "unchanged"])).height
    deferred = pages.filter(pl.col("outcome") == "deferred").height
    metrics = {"content_pages": float(reached), "deferred": float(deferred)}
    if deferred:
        return Finding(True, detail=f"{deferred} URLs are left for the next run", metrics=metrics)
    found = _band(subject, "page_count", counting_noise)
    return _within(reached, found, page_count_limits(subject), "content pages", metrics)


def page_bytes_limits(subject: Subject) -> Sequence[Limit]:
    """Return the edges of the band of the median size."""
    return _edges(_band(subject, "page_bytes", size_noise))


def page_bytes(subject: Subject) -> Finding:
    """Pages are as large as they were: an empty frame or a wall under status 200 is smaller than a page.

    Formula: median bytes of the fetched content pages that are no binaries within mean ± `expect.deviation`
    · σ of the same partitions as for the page count; σ ≥ 5 % of the mean. A median of fewer than 10 pages is
    neither compared nor remembered.
    Default: 3 σ.
    Severity: blocks; warns with fewer than 7 points; nothing to compare with fewer than 3.
    Source: Elementary's anomaly tests; the floor of σ is ours, since a template may gain a banner.
    """
    is_content = (pl.col("outcome") == "fetched") & (pl.col("role") != "discovery") & ~pl.col("in_blobs")
    sizes = subject.rows.filter(is_content)["payload_bytes"].drop_nulls()
    median = sizes.median()
    metrics = {"sized_pages": float(sizes.len())}
    if not isinstance(median, int | float) or sizes.len() < LEAST_SIZES:
        return Finding(True, metrics=metrics)
    found = _band(subject, "page_bytes", size_noise)
    return _within(float(median), found, page_bytes_limits(subject), "bytes in the median", metrics)


def record_count_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least number of records for each fetched page."""
    expect = subject.declared.expect
    earlier = list(subject.past.values("record_count").values())
    if state_of(len(earlier)) == "nothing to compare":
        return (_least_records(None, earlier),)
    least = expect.records * statistics.fmean(earlier[-LAST_PARTITIONS:])
    outcomes = content_pages(subject)["outcome"]
    fetched = int((outcomes == "fetched").sum())
    if fetched < outcomes.len():
        # of the pages that changed one may be a listing's last, which is seldom full
        least *= max(0, fetched - 1) / max(1, fetched)
    # where pages hold any number of items, those that changed may be the ones that hold none
    may_hold_none = subject.declared.extract.items is not None and fetched < outcomes.len()
    return (_least_records(least, earlier, only_warns=may_hold_none),)


def _least_records(value: float | None, earlier: Sequence[float], *, only_warns: bool = False) -> Limit:
    only_warns = only_warns or state_of(len(earlier)) != "blocks"
    return Limit(value, "history", "expect.records", "", "≥", only_warns, points=len(earlier))


def record_count(subject: Subject) -> Finding:
    """Pages give as many records as they did.

    Formula: valid records, those that `clean` leaves out included, / fetched content pages ≥
    `expect.records` × the mean of the last 5 admitted partitions that fetched something. Records are compared
    by page, because a partition holds those of changed pages only. Where some pages did not change, one page
    less is counted on: it may be the last of a listing.
    Default: 80 %.
    Severity: blocks; warns with fewer than 7 earlier partitions, and where pages hold any number of items
    and some did not change; nothing to compare with fewer than 3.
    Source: spidermon's ItemCountMonitor, with a mean of the past in place of a number.
    """
    (limit,) = record_count_limits(subject)
    pages = int((content_pages(subject)["outcome"] == "fetched").sum())
    records = examined(subject)
    metrics = {"valid_records": float(records), "fetched_pages": float(pages)}
    if pages == 0:
        return Finding(True, metrics=metrics)
    value = records / pages
    passed = limit.value is None or value >= limit.value
    detail = None
    if not passed:
        detail = (
            f"{records} records of {pages} fetched pages; {limit.value:.3g} a page were to be expected. "
            "Where the site changed for good, set expect.history_since"
        )
    return Finding(
        passed,
        value=value,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics=metrics,
        only_warns=limit.only_warns,
    )


def _band(subject: Subject, check: str, noise: Noise) -> Band | None:
    source = subject.declared
    return band(
        subject.past.values(check),
        subject.date,
        noise=noise,
        deviation=source.expect.deviation,
        days=training_days(source.cadence_hours),
    )


def _edges(found: Band | None) -> tuple[Limit, Limit]:
    key = "expect.deviation"
    if found is None:
        return (
            Limit(None, "history", key, "low", "≥", only_warns=True),
            Limit(None, "history", key, "high", "≤", only_warns=True),
        )
    only_warns, points = found.state == "warns", found.points
    return (
        Limit(found.low, "history", key, "low", "≥", only_warns, points),
        Limit(found.high, "history", key, "high", "≤", only_warns, points),
    )


def _within(
    value: float, found: Band | None, edges: Sequence[Limit], what: str, metrics: dict[str, float]
) -> Finding:
    low, high = edges
    if found is None or low.value is None or high.value is None:
        return Finding(True, value=value, metrics=metrics)
    passed = low.value <= value <= high.value
    detail = None
    if not passed:
        detail = (
            f"{value:.10g} {what}; {low.value:.0f} to {high.value:.0f} were to be expected, from "
            f"{found.points} earlier partitions. Where the site changed for good, set expect.history_since"
        )
    limit = low if value < found.mean else high
    return Finding(
        passed,
        value=value,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics={
            **metrics,
            "z": found.z(value),
            "mean": found.mean,
            "sigma": found.sigma,
            "points": float(found.points),
            "low": low.value,
            "high": high.value,
        },
        only_warns=limit.only_warns,
    )


VOLUME = (
    Check(
        "page_count", PAGES, "Reached content pages within expect.deviation standard deviations of the last "
        "14 days.", page_count, page_count_limits,
    ),
    Check(
        "page_bytes", PAGES, "Median bytes of fetched content pages within expect.deviation standard "
        "deviations of the last 14 days.", page_bytes, page_bytes_limits,
    ),
)  # fmt: skip
RECORD_COUNT = Check(
    "record_count", RECORDS, "Valid records / fetched content pages ≥ expect.records × the mean of the last "
    "5 partitions.", record_count, record_count_limits,
)  # fmt: skip
