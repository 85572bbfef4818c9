"""Formulas of frontier, pages and dead letters, and those that every table has."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.checks.crawl import age_hours
from webdata_assets.checks.limits import Limit
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.store.rows import DAY, NOON, digest, frame, put, row

NIGHT = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def failed(number, reason="503", **values):
    return row(
        "pages", number=number, outcome="failed", reason=reason, failure_domain="target", payload=None,
        payload_hash=None, payload_date=None, payload_bytes=None, **values,
    )  # fmt: skip


def put_pages(store, *rows):
    put(store, "pages", frame("pages", *rows))


def test_a_pool_of_proxies_has_the_limit_of_its_source(store):
    put(store, "frontier", frame("frontier", row("frontier")))
    assert numbers(judge(store, "frontier", "proxies_healthy")) == (True, 0, 0)
    assert limits(store, "frontier", "proxies_healthy") == [Limit(0.0, sense="≥")]
    assert limits(store, "frontier", "not_empty") == [Limit(1.0, sense="≥")]


def test_schema_passes_rows_that_break_no_rule(store):
    put(store, "frontier", frame("frontier", row("frontier")))
    finding = judge(store, "frontier", "schema")
    assert numbers(finding) == (True, 0, 0)
    assert finding.detail is None


def test_schema_counts_rows_and_names_the_rules_they_break(store):
    bad = [row("frontier", number=1, role="other", url="ftp://x/"), row("frontier", number=2, depth=-1)]
    put(store, "frontier", frame("frontier", row("frontier"), *bad))
    finding = judge(store, "frontier", "schema")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "depth|min: 1 rows; role|check: 1 rows; url|regex: 1 rows"


def test_schema_passes_an_empty_partition(store):
    put(store, "frontier", frame("frontier"))
    assert numbers(judge(store, "frontier", "schema")) == (True, 0, 0)


def test_unique_keys_passes_distinct_keys(store):
    put(store, "frontier", frame("frontier", row("frontier"), row("frontier", number=1)))
    assert numbers(judge(store, "frontier", "unique_keys")) == (True, 0, 0)


def test_unique_keys_counts_surplus_rows_and_shows_a_key(store):
    put(store, "frontier", frame("frontier", *[row("frontier")] * 3, row("frontier", number=1)))
    finding = judge(store, "frontier", "unique_keys")
    assert numbers(finding) == (False, 2, 0)
    assert finding.detail == "1 keys occur more than once, such as ('https://shop.example.com/0',)"


def test_not_empty(store):
    put(store, "frontier", frame("frontier"))
    assert numbers(judge(store, "frontier", "not_empty")) == (False, 0, 1)
    put(store, "frontier", frame("frontier", row("frontier")))
    assert numbers(judge(store, "frontier", "not_empty")) == (True, 1, 1)


def test_completeness_of_pages_counts_what_was_reached(store):
    gone = row("pages", number=1, outcome="gone", reason="404", payload=None)
    skipped = row("pages", number=2, outcome="skipped", reason="robots", payload=None)
    put_pages(store, row("pages"), gone, skipped)
    finding = judge(store, "pages", "completeness")
    assert numbers(finding) == (True, 1.0, 0.95)
    assert finding.metrics == {"expected_urls": 2, "reached_urls": 2, "content_pages": 2, "min_pages": 1}
    assert limits(store, "pages", "completeness") == [
        Limit(0.95, "default", "expect.fetched", "", "≥"),
        Limit(1.0, "default", "expect.min_pages", "content pages", "≥"),
    ]


def test_completeness_of_pages_fails_below_the_expected_share_and_says_why(store):
    put_pages(store, row("pages"), failed(1), failed(2), failed(3, "timeout"))
    finding = judge(store, "pages", "completeness", declared=source({"fetched": 0.5}))
    assert numbers(finding) == (False, 0.25, 0.5)
    assert finding.origin == "source file"
    assert finding.detail == "reached 1 of 4 URLs; 503 (2), timeout (1)"


def test_completeness_of_pages_at_exactly_the_expected_share_passes(store):
    put_pages(store, row("pages"), failed(1))
    assert judge(store, "pages", "completeness", declared=source({"fetched": 0.5})).passed


def test_completeness_of_pages_fails_where_content_pages_are_too_few(store):
    put_pages(store, row("pages"), row("pages", number=1, role="discovery"))
    finding = judge(store, "pages", "completeness", declared=source({"min_pages": 2}))
    assert finding.passed is False
    assert finding.metrics["content_pages"] == 1
    assert finding.detail == (
        "1 content pages, expect.min_pages is 2: is the site empty, or does fetch.discover no longer "
        "find its links?"
    )


def test_completeness_of_an_empty_partition_fails(store):
    put_pages(store)
    assert numbers(judge(store, "pages", "completeness")) == (False, 0.0, 0.95)


def test_reconciliation_of_pages_passes_when_every_url_is_accounted_for(store):
    put(store, "frontier", frame("frontier", row("frontier"), row("frontier", number=1)))
    put_pages(store, row("pages"), failed(1), row("pages", number=2, why="link"))
    put(store, "dead_letters", frame("dead_letters", row("dead_letters", number=1)))
    finding = judge(store, "pages", "reconciliation")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {
        "frontier": 2, "fetched": 2, "unchanged": 0, "gone": 0, "failed": 1, "skipped": 0, "deferred": 0,
    }  # fmt: skip


def test_reconciliation_of_pages_names_each_kind_of_gap(store):
    put(store, "frontier", frame("frontier", row("frontier"), row("frontier", number=1)))
    put_pages(store, row("pages"), row("pages", number=5), failed(2, why="link"))
    put(store, "dead_letters", frame("dead_letters", row("dead_letters", number=3)))
    finding = judge(store, "pages", "reconciliation")
    assert numbers(finding) == (False, 4, 0)
    assert finding.detail == (
        "1 frontier URLs without a page; 1 pages that nothing led to; 1 failed pages without a dead letter; "
        "1 dead letters without a failed page"
    )


@pytest.mark.parametrize(("hours", "fresh"), [(0, True), (36, True), (37, False)])
def test_freshness_compares_the_newest_observation_with_the_cadence(store, hours, fresh):
    put_pages(store, row("pages", observed_at=NIGHT - hours * HOUR), row("pages", number=1, observed_at=None))
    finding = judge(store, "pages", "freshness", now=NIGHT + 100 * HOUR)
    assert numbers(finding) == (fresh, hours, 36.0)
    assert (finding.detail is None) is fresh


@pytest.mark.parametrize(
    ("declared", "limit", "origin"),
    [
        (source(), 36, "default"),
        (source(cadence_hours=6), 9, "source file"),
        (source({"max_age_cadences": 2}), 48, "source file"),
    ],
)
def test_the_age_allowed_follows_from_the_cadence_of_the_source(store, declared, limit, origin):
    put_pages(store, row("pages", observed_at=NIGHT - 30 * HOUR))
    finding = judge(store, "pages", "freshness", declared=declared, now=NIGHT)
    assert numbers(finding) == (limit >= 30, 30, limit)
    assert finding.origin == origin


def test_freshness_fails_where_nothing_was_observed(store):
    put_pages(store, failed(0, observed_at=None))
    finding = judge(store, "pages", "freshness")
    assert numbers(finding) == (False, None, 36.0)
    assert finding.detail == "newest observation None, due every 24 h"


def test_the_age_of_a_past_date_does_not_grow():
    observed = NIGHT - 3 * HOUR
    assert age_hours(DAY, observed, NOON) == 0
    assert age_hours(DAY, observed, NIGHT) == age_hours(DAY, observed, NIGHT + 900 * HOUR) == 3


@given(st.integers(-500, 500), st.integers(0, 500), st.integers(0, 500))
def test_age_is_never_negative_and_never_falls_with_time(observed, now, later):
    at = NOON + observed * HOUR
    first, second = (age_hours(DAY, at, NOON + hours * HOUR) for hours in (now, now + later))
    assert 0 <= first <= second


def test_payload_hash_passes_bytes_as_they_came(store):
    put_pages(store, row("pages"), failed(1))
    assert numbers(judge(store, "pages", "payload_hash")) == (True, 0, 0)


def test_payload_hash_names_pages_whose_bytes_were_changed(store):
    put_pages(store, row("pages"), row("pages", number=1, payload_hash=digest("something else")))
    finding = judge(store, "pages", "payload_hash")
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail == "bytes are missing or differ from their hash: https://shop.example.com/1"
