"""Checks of what a site answered: HTTP errors, and pages that stand in a page's place.

What belongs here: shares of the visits. What does not: whether enough was reached (crawl.py). All of them
warn: what was reached is whole, and the reasons of what was not are in the dead letters.
"""

from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit, expected
from webdata_assets.schemas.pages import PAGES

_SHOWN = 3
"""URLs that a detail names."""
_BARRIERS = r"^(login|consent|captcha) page: "
"""How reasons of failed visits begin that ended at one."""
_SOFT_404 = "soft 404: "


def _visits(subject: Subject) -> pl.DataFrame:
    """Return the URLs that were asked for: all but skipped and deferred ones."""
    return subject.rows.filter(~pl.col("outcome").is_in(["skipped", "deferred"]))


def error_status_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share that one status may have."""
    return (expected(subject.declared.expect, "error_status"),)


def error_status(subject: Subject) -> Finding:
    """No HTTP error is frequent: the last answer of each visit counts, after all tries.

    Formula: the largest, over HTTP statuses from 400 on, of visits with this status / visits
    ≤ `expect.error_status`.
    Default: 1 %.
    Severity: warns.
    Source: spidermon's UnwantedHTTPCodesMonitor, with a share in place of its count of 10.
    """
    (limit,) = error_status_limits(subject)
    assert limit.value is not None
    visits = _visits(subject)
    if visits.is_empty():
        return Finding(True)
    counts = (
        visits.filter(pl.col("http_status") >= 400)
        .group_by("http_status")
        .agg(pl.len(), pl.col("url").sort().head(_SHOWN))
        .sort("len", "http_status", descending=[True, False])
    )
    shares = {status: count / visits.height for status, count, _ in counts.iter_rows()}
    worst = max(shares.values(), default=0.0)
    detail = None
    if worst > limit.value:
        told = ", ".join(f"{status}: {count}" for status, count, _ in counts.iter_rows())
        status, _, urls = counts.row(0)
        detail = f"of {visits.height} visits, by status {told}; most often {status}, as {', '.join(urls)}"
    return Finding(
        worst <= limit.value,
        value=worst,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics={
            "visits": visits.height,
            # what tries after the first have healed shows here alone
            "tried_again": visits.filter(pl.col("attempts") > 1).height,
            **{f"status_{status}": share for status, share in sorted(shares.items())},
        },
    )


def barrier_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of visits that may end at a barrier."""
    return (expected(subject.declared.expect, "barriers"),)


def barriers(subject: Subject) -> Finding:
    """The site shows its pages, and not logins in their place.

    Formula: visits that ended at a login, consent or captcha page, or at one that says under status 200 that
    it was not found (soft 404) / visits ≤ `expect.barriers`.
    Default: 2 %.
    Severity: warns.
    Source: soft 404 of Bar-Yossef et al., Sic Transit Gloria Telae (WWW 2004); no published threshold.
    """
    (limit,) = barrier_limits(subject)
    assert limit.value is not None
    visits = _visits(subject)
    if visits.is_empty():
        return Finding(True)
    kinds = visits.select(
        "url",
        kind=pl.when((pl.col("outcome") == "gone") & pl.col("reason").str.starts_with(_SOFT_404))
        .then(pl.lit("soft_404"))
        .otherwise(pl.when(pl.col("outcome") == "failed").then(pl.col("reason").str.extract(_BARRIERS))),
    ).drop_nulls("kind")
    counts = kinds.group_by("kind").agg(pl.len(), pl.col("url").min()).sort("kind")
    share = kinds.height / visits.height
    told = [f"{count} × {kind}, such as {url}" for kind, count, url in counts.iter_rows()]
    return Finding(
        share <= limit.value,
        value=share,
        threshold=limit.value,
        origin=limit.origin,
        detail=f"of {visits.height} visits: {'; '.join(told)}" if share > limit.value else None,
        metrics={"visits": visits.height, **{kind: float(count) for kind, count, _ in counts.iter_rows()}},
    )


RESPONSES = (
    Check(
        "error_status", PAGES, "Visits that ended with one HTTP status from 400 on / visits ≤ "
        "expect.error_status, for each status.", error_status, error_status_limits,
    ),
    Check(
        "barriers", PAGES, "Visits that ended at a login, consent or captcha page or a soft 404 / visits ≤ "
        "expect.barriers.", barriers, barrier_limits,
    ),
)  # fmt: skip
