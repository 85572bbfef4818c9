"""Checks of pages and dead letters: was everything visited, in time, and stored as it came?

What belongs here: what must hold of any crawl. What does not: before it (frontier.py), what the site answered
(responses.py), and how much of it compared with earlier days (volume.py).
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl
from blake3 import blake3

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.frontier import FRONTIER_CHECKS
from webdata_assets.checks.limits import Limit, Origin, expected
from webdata_assets.checks.responses import RESPONSES
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.checks.volume import VOLUME
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import DEAD_LETTERS, OUTCOMES, PAGES

REACHED = ("fetched", "unchanged", "gone")


def pages_completeness_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least share of the URLs, and the least number of content pages, that must be reached."""
    expect = subject.declared.expect
    return (
        expected(expect, "fetched", sense="≥"),
        expected(expect, "min_pages", sense="≥", of="content pages"),
    )


def pages_completeness(subject: Subject) -> Finding:
    """What was to be visited was reached.

    Formula: reached URLs / expected URLs ≥ `expect.fetched`, and reached content pages ≥ `expect.min_pages`.
    Expected are all URLs but those that robots.txt, scope or a cap forbade, and those that a pause has left
    for the next run. A page that is gone was reached, unless only its looks say so: a site that sends
    everybody to its front page has not lost all of its pages.
    Default: 95 %, and one page.
    Severity: blocks.
    Source: the ratio of successful responses of spidermon's crawl health monitors, per partition.
    """
    pages = subject.rows
    fetched, least_pages = pages_completeness_limits(subject)
    assert fetched.value is not None
    assert least_pages.value is not None
    expected_urls = pages.filter(~pl.col("outcome").is_in(["skipped", "deferred"])).height
    is_soft = pl.col("reason").str.starts_with("soft 404").fill_null(False)
    reached = pages.filter(pl.col("outcome").is_in(REACHED) & ~is_soft)
    content = reached.filter(pl.col("role") != "discovery").height
    share = reached.height / expected_urls if expected_urls else 0.0
    problems = []
    if share < fetched.value:
        reasons = (
            pages.filter(pl.col("outcome") == "failed")
            .group_by("reason")
            .len()
            .sort("len", "reason", descending=[True, False])
        )
        top = ", ".join(f"{reason} ({count})" for reason, count in reasons.head(3).iter_rows())
        soft = pages.filter((pl.col("outcome") == "gone") & is_soft).height
        deferred = pages.filter(pl.col("outcome") == "deferred")["reason"].unique().sort().head(2)
        top = "; ".join(filter(None, (top, *deferred)))
        seeming = f"{soft} that only seem to be gone (soft 404); " if soft else ""
        problems.append(f"reached {reached.height} of {expected_urls} URLs; {seeming}{top}".rstrip("; "))
    if content < least_pages.value:
        problems.append(
            f"{content} content pages, expect.min_pages is {least_pages.value:.0f}: is the site empty, or "
            "does fetch.discover no longer find its links?"
        )
    return Finding(
        not problems,
        value=share,
        threshold=fetched.value,
        origin=fetched.origin,
        detail="; ".join(problems) or None,
        metrics={
            "expected_urls": expected_urls,
            "reached_urls": reached.height,
            "content_pages": content,
            "min_pages": least_pages.value,
        },
    )


def pages_reconciliation(subject: Subject) -> Finding:
    """Every URL is accounted for.

    Formula: frontier + links = fetched + unchanged + gone + failed + skipped + deferred, URL by URL: those
    without a row, rows that nothing led to, and failed rows that are no dead letters, or the other way
    round, = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    pages = subject.rows
    frontier = subject.rows_of(FRONTIER, columns=["url"])
    dead = subject.rows_of(DEAD_LETTERS, columns=["url"])
    failed = pages.filter(pl.col("outcome") == "failed").select("url")
    problems = {
        "frontier URLs without a page": frontier.join(pages, on="url", how="anti").height,
        "pages that nothing led to": pages.join(frontier, on="url", how="anti")
        .filter(pl.col("why") != "link")
        .height,
        "failed pages without a dead letter": failed.join(dead, on="url", how="anti").height,
        "dead letters without a failed page": dead.join(failed, on="url", how="anti").height,
    }
    wrong = sum(problems.values())
    counts = {name: float(pages.filter(pl.col("outcome") == name).height) for name in OUTCOMES}
    return Finding(
        wrong == 0,
        value=wrong,
        threshold=0,
        detail="; ".join(f"{count} {name}" for name, count in problems.items() if count) or None,
        metrics={"frontier": frontier.height, **counts},
    )


def pages_finished(subject: Subject) -> Finding:
    """The crawl came to its end.

    Formula: deferred URLs = 0.
    Severity: warns, because what a paused crawl fetched goes on downstream, and the next run goes on with it.
    Source: scrapy's `finish_reason`, which spidermon's FinishReasonMonitor wants to be `finished`.
    """
    deferred = subject.rows.filter(pl.col("outcome") == "deferred")
    reasons = deferred["reason"].unique().sort().head(3).to_list()
    return Finding(
        deferred.height == 0, value=deferred.height, threshold=0, detail="; ".join(reasons) or None
    )


def age_hours(date: dt.date, newest_observation: dt.datetime | None, now: dt.datetime) -> float:
    """Return how old a partition's newest observation is, in hours; infinite when there is none.

    Age is counted up to now while the date lasts, and up to the end of the date afterwards: a partition of a
    past date does not grow stale. Zero is the least.
    """
    if newest_observation is None:
        return float("inf")
    end = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)
    return max(0.0, (min(now, end) - newest_observation) / dt.timedelta(hours=1))


def freshness_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest age of the newest observation, in hours."""
    source = subject.declared
    written = source.expect.model_fields_set | source.model_fields_set
    is_set = not written.isdisjoint({"max_age_cadences", "cadence_hours"})
    origin: Origin = "source file" if is_set else "default"
    return (Limit(source.max_age_hours, origin, "expect.max_age_cadences"),)


def pages_freshness(subject: Subject) -> Finding:
    """The source was looked at lately: judged by date and source, since another source hides nothing.

    Formula: age of the newest observation, in hours, ≤ `expect.max_age_cadences` × `cadence_hours`; see
    `age_hours`.
    Default: 1.5 × 24 hours.
    Severity: blocks.
    Source: dbt's source freshness, with the cadence for its unit: late by half a cadence is late.
    """
    (limit,) = freshness_limits(subject)
    assert limit.value is not None
    newest = subject.rows["observed_at"].max()
    assert newest is None or isinstance(newest, dt.datetime)
    age = age_hours(subject.date, newest, subject.now)
    fresh = age <= limit.value
    cadence = subject.declared.cadence_hours
    return Finding(
        fresh,
        value=None if newest is None else age,
        threshold=limit.value,
        origin=limit.origin,
        detail=None if fresh else f"newest observation {newest}, due every {cadence:g} h",
    )


def stored_payloads_match(subject: Subject) -> Finding:
    """The bytes are stored as they came.

    Formula: payloads whose recomputed BLAKE3 differs from their row's + binaries that are not kept = 0.
    Severity: blocks.
    Source: fixity checking of digital preservation (OAIS, ISO 14721); WARC-Payload-Digest is its like.
    """
    stored = subject.rows.select("url", "payload", "payload_hash", "in_blobs")
    binaries = stored.filter("in_blobs")
    wrong = [
        url
        for url, payload, recorded, _ in stored.filter(pl.col("payload").is_not_null()).iter_rows()
        if blake3(payload).hexdigest() != recorded
    ]
    wrong += [
        url
        for url, recorded in binaries.select("url", "payload_hash").iter_rows()
        if not subject.store.blobs.has(recorded)
    ]
    detail = f"bytes are missing or differ from their hash: {', '.join(wrong[:3])}" if wrong else None
    return Finding(
        not wrong, value=len(wrong), threshold=0, detail=detail, metrics={"binaries": binaries.height}
    )


CHECKS = (
    *FRONTIER_CHECKS,
    schema_check(PAGES),
    unique_keys_check(PAGES),
    Check(
        "completeness", PAGES, "Reached URLs / expected URLs ≥ expect.fetched, and content pages ≥ "
        "expect.min_pages.", pages_completeness, pages_completeness_limits,
    ),
    Check(
        "reconciliation", PAGES, "Frontier + links = fetched + unchanged + gone + failed + skipped + "
        "deferred; failed = dead letters.", pages_reconciliation,
    ),
    Check("finished", PAGES, "Deferred URLs = 0; a paused partition is gone on with.", pages_finished),
    Check(
        "freshness", PAGES, "Age of the newest observation ≤ expect.max_age_cadences × cadence.",
        pages_freshness, freshness_limits,
    ),
    *RESPONSES,
    *VOLUME,
    Check(
        "payload_hash", PAGES, "Stored payloads whose BLAKE3 differs, and missing binaries = 0.",
        stored_payloads_match,
    ),
    schema_check(DEAD_LETTERS),
    unique_keys_check(DEAD_LETTERS),
)  # fmt: skip
