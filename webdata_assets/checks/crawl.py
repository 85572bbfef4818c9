"""Checks of frontier, pages and dead letters: was everything visited, in time, and stored as it came?"""

import datetime as dt

import polars as pl
from blake3 import blake3

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import DEAD_LETTERS, OUTCOMES, PAGES

REACHED = ("fetched", "unchanged", "gone")


def frontier_not_empty(subject: Subject) -> Finding:
    """Return whether there is anything to visit."""
    return Finding(subject.rows.height > 0, value=subject.rows.height, threshold=1)


def proxies_healthy(subject: Subject) -> Finding:
    """Compare the proxies that fetch a page now with `fetch.proxies.min_healthy`.

    No crawl starts on a cold pool. A source without proxies passes.
    """
    policy = subject.declared.fetch.proxies
    if policy is None:
        return Finding(True, value=0, threshold=0)
    health = subject.check_proxies(subject.declared)
    healthy = sum(proxy.ok for proxy in health)
    failed = [f"{proxy.label}: {proxy.reason}" for proxy in health if not proxy.ok]
    return Finding(
        healthy >= policy.min_healthy,
        value=healthy,
        threshold=policy.min_healthy,
        detail="; ".join(failed[:5]) or None,
        metrics={"proxies": len(health)},
    )


def pages_completeness(subject: Subject) -> Finding:
    """Compare reached / expected with `expect.fetched`, and reached content pages with `expect.min_pages`.

    Expected are all URLs but those that robots.txt, scope or a cap forbade, and those that a pause has left
    for the next run. A page that is gone was reached, unless only its looks say so: a site that sends
    everybody to its front page has not lost all of its pages.
    """
    pages, expect = subject.rows, subject.declared.expect
    expected = pages.filter(~pl.col("outcome").is_in(["skipped", "deferred"])).height
    is_soft = pl.col("reason").str.starts_with("soft 404").fill_null(False)
    reached = pages.filter(pl.col("outcome").is_in(REACHED) & ~is_soft)
    content = reached.filter(pl.col("role") != "discovery").height
    share = reached.height / expected if expected else 0.0
    problems = []
    if share < expect.fetched:
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
        problems.append(f"reached {reached.height} of {expected} URLs; {seeming}{top}".rstrip("; "))
    if content < expect.min_pages:
        problems.append(
            f"{content} content pages, expect.min_pages is {expect.min_pages}: is the site empty, or does "
            "fetch.discover no longer find its links?"
        )
    return Finding(
        not problems,
        value=share,
        threshold=expect.fetched,
        detail="; ".join(problems) or None,
        metrics={"expected_urls": expected, "reached_urls": reached.height, "content_pages": content},
    )


def pages_reconciliation(subject: Subject) -> Finding:
    """Return whether frontier + links = fetched + unchanged + gone + failed + skipped + deferred, URL by URL.

    Every URL of the frontier has a row, every other row was found by a link, and the failed rows are exactly
    the dead letters.
    """
    pages = subject.rows
    frontier = subject.rows_of(FRONTIER).select("url")
    dead = subject.rows_of(DEAD_LETTERS).select("url")
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
    """Return whether no URL was deferred: a paused partition is gone on with by the next run."""
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


def pages_freshness(subject: Subject) -> Finding:
    """Compare the age of the newest observation of this date and source with 1.5 × the cadence."""
    source = subject.declared
    newest = subject.rows["observed_at"].max()
    assert newest is None or isinstance(newest, dt.datetime)
    age = age_hours(subject.date, newest, subject.now)
    fresh = age <= source.max_age_hours
    detail = None if fresh else f"newest observation {newest}, due every {source.cadence_hours:g} h"
    return Finding(
        fresh, value=None if newest is None else age, threshold=source.max_age_hours, detail=detail
    )


def stored_payloads_match(subject: Subject) -> Finding:
    """Return whether every stored payload has the BLAKE3 that its row records, and every binary is kept."""
    stored = subject.rows.filter(pl.col("payload").is_not_null())
    binaries = subject.rows.filter("in_blobs")
    wrong = [
        url
        for url, payload, recorded in stored.select("url", "payload", "payload_hash").iter_rows()
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
    schema_check(FRONTIER),
    unique_keys_check(FRONTIER),
    Check("not_empty", FRONTIER, "URLs to visit ≥ 1.", frontier_not_empty),
    Check(
        "proxies_healthy", FRONTIER, "Proxies that fetch a page ≥ fetch.proxies.min_healthy.", proxies_healthy
    ),
    schema_check(PAGES),
    unique_keys_check(PAGES),
    Check(
        "completeness", PAGES, "Reached URLs / expected URLs ≥ expect.fetched, and content pages ≥ "
        "expect.min_pages.", pages_completeness,
    ),
    Check(
        "reconciliation", PAGES, "Frontier + links = fetched + unchanged + gone + failed + skipped + "
        "deferred; failed = dead letters.", pages_reconciliation,
    ),
    Check("finished", PAGES, "Deferred URLs = 0; a paused partition is gone on with.", pages_finished),
    Check("freshness", PAGES, "Age of the newest observation ≤ 1.5 × cadence.", pages_freshness),
    Check(
        "payload_hash", PAGES, "Stored payloads whose BLAKE3 differs, and missing binaries = 0.",
        stored_payloads_match,
    ),
    schema_check(DEAD_LETTERS),
    unique_keys_check(DEAD_LETTERS),
)  # fmt: skip
