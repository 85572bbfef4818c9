"""Formulas of page counts, page sizes and record counts against the past of their source."""

import datetime as dt

import pytest

from webdata_assets.checks.limits import Limit
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.checks.past import remember
from webdata_assets_tests.store.rows import DAY, frame, put, row

WARNS = 6
BLOCKS = 8
"""Partitions of the past of which the newest trains nothing: 5 and 7 points."""


def put_pages(store, *rows):
    put(store, "pages", frame("pages", *rows))


def pages(count, **values):
    return [row("pages", number=number, **values) for number in range(count)]


def unchanged(number):
    return row("pages", number=number, outcome="unchanged", payload=None, payload_bytes=None)


def test_page_count_without_a_past_is_told_and_compared_with_nothing(store):
    put_pages(store, *pages(3))
    finding = judge(store, "pages", "page_count")
    assert numbers(finding) == (True, 3, None)
    assert finding.metrics == {"content_pages": 3, "deferred": 0}
    assert [limit.value for limit in limits(store, "pages", "page_count")] == [None, None]


def test_page_count_counts_content_pages_changed_or_not(store):
    gone = row("pages", number=8, outcome="gone", reason="404", payload=None)
    put_pages(store, *pages(2), unchanged(5), row("pages", number=7, role="discovery"), gone)
    assert judge(store, "pages", "page_count").value == 3


@pytest.mark.parametrize(
    ("days", "only_warns"), [(4, True), (WARNS, True), (BLOCKS - 1, True), (BLOCKS, False)]
)
def test_page_count_far_below_the_past_fails_and_keeps_readers_out_from_seven_points_on(
    store, days, only_warns
):
    remember(store, "pages", "page_count", [100.0] * days)
    put_pages(store, *pages(20))
    finding = judge(store, "pages", "page_count")
    assert numbers(finding) == (False, 20, 70)
    assert (finding.only_warns, finding.origin) == (only_warns, "history")
    assert finding.metrics == {
        "content_pages": 20, "deferred": 0, "z": -8, "mean": 100, "sigma": 10, "points": days - 1,
        "low": 70, "high": 130,
    }  # fmt: skip
    assert finding.detail == (
        f"20 content pages; 70 to 130 were to be expected, from {days - 1} earlier partitions. Where the "
        "site changed for good, set expect.history_since"
    )


def test_page_count_with_three_partitions_of_the_past_has_nothing_to_compare(store):
    remember(store, "pages", "page_count", [100.0] * 3)
    put_pages(store, *pages(1))
    assert numbers(judge(store, "pages", "page_count")) == (True, 1, None)


def test_page_count_far_above_the_past_fails_too(store):
    remember(store, "pages", "page_count", [4.0] * BLOCKS)
    put_pages(store, *pages(11))
    assert numbers(judge(store, "pages", "page_count")) == (False, 11, 10)


def test_page_count_within_the_past_passes_and_shows_the_nearer_edge(store):
    remember(store, "pages", "page_count", [4.0] * BLOCKS)
    put_pages(store, *pages(3))
    assert numbers(judge(store, "pages", "page_count")) == (True, 3, 0)


def test_the_band_is_as_wide_as_the_source_says(store):
    remember(store, "pages", "page_count", [100.0] * BLOCKS)
    put_pages(store, *pages(85))
    assert judge(store, "pages", "page_count").passed
    assert not judge(store, "pages", "page_count", declared=source({"deviation": 1})).passed


def test_partitions_that_were_not_admitted_are_no_past(store):
    bad = [DAY - dt.timedelta(days=number) for number in range(2, 6)]
    remember(store, "pages", "page_count", [100.0] * BLOCKS, failed=bad)
    put_pages(store, *pages(90))
    assert judge(store, "pages", "page_count").metrics["points"] == BLOCKS - 1 - len(bad)


def test_another_source_is_no_past(store):
    remember(store, "pages", "page_count", [100.0] * BLOCKS, source="blog")
    put_pages(store, *pages(2))
    assert judge(store, "pages", "page_count").threshold is None


def test_the_past_begins_anew_where_the_site_changed_for_good(store):
    remember(store, "pages", "page_count", [100.0] * BLOCKS)
    put_pages(store, *pages(2))
    since = source({"history_since": (DAY - dt.timedelta(days=3)).isoformat()})
    assert numbers(judge(store, "pages", "page_count", declared=since)) == (True, 2, None)


def test_a_paused_partition_is_not_compared_and_not_remembered(store):
    remember(store, "pages", "page_count", [100.0] * BLOCKS)
    put_pages(store, *pages(2), row("pages", number=3, outcome="deferred", reason="breaker", payload=None))
    finding = judge(store, "pages", "page_count")
    assert numbers(finding) == (True, None, None)
    assert finding.detail == "1 URLs are left for the next run"


def test_limits_are_those_that_the_formula_compares_with(store):
    remember(store, "pages", "page_count", [100.0] * BLOCKS)
    assert limits(store, "pages", "page_count") == [
        Limit(70.0, "history", "expect.deviation", "low", "≥", False, 7),
        Limit(130.0, "history", "expect.deviation", "high", "≤", False, 7),
    ]


def test_page_bytes_compares_the_median_of_fetched_content_pages(store):
    remember(store, "pages", "page_bytes", [1_000.0] * BLOCKS)
    aside = [row("pages", number=20, role="discovery", payload_bytes=9), unchanged(21)]
    put_pages(store, *pages(9, payload_bytes=400), row("pages", number=9, payload_bytes=99_999), *aside)
    finding = judge(store, "pages", "page_bytes")
    assert numbers(finding) == (False, 400, 850)
    assert (finding.only_warns, finding.metrics["sized_pages"]) == (False, 10)
    assert finding.detail.startswith("400 bytes in the median; 850 to 1150 were to be expected")


def test_page_bytes_of_few_pages_say_nothing_and_are_not_remembered(store):
    remember(store, "pages", "page_bytes", [1_000.0] * BLOCKS)
    put_pages(store, *pages(9, payload_bytes=400))
    finding = judge(store, "pages", "page_bytes")
    assert numbers(finding) == (True, None, None)
    assert finding.metrics == {"sized_pages": 9}


def put_records(store, count, fetched, *, kept_as=0, quarantine=()):
    put_pages(store, *pages(fetched), *(unchanged(fetched + number) for number in range(kept_as)))
    put(store, "quarantine", frame("quarantine", *quarantine))
    put(store, "records", frame("records", *(row("records", number=number) for number in range(count))))


@pytest.mark.parametrize(("days", "only_warns"), [(3, True), (6, True), (7, False)])
def test_record_count_fails_below_four_fifths_of_the_last_five(store, days, only_warns):
    remember(store, "records", "record_count", [*[99.0] * (days - 3), 1, 2, 3][-days:])
    past = ([*[99.0] * (days - 3), 1, 2, 3])[-5:]
    put_records(store, 3, 2)
    finding = judge(store, "records", "record_count")
    expected = 0.8 * sum(past) / len(past)
    assert finding.passed is (expected <= 1.5)
    assert (finding.value, finding.threshold) == (1.5, pytest.approx(expected))
    assert finding.only_warns is only_warns
    assert finding.metrics == {"valid_records": 3, "fetched_pages": 2}


def test_record_count_forgets_partitions_that_fetched_nothing(store):
    remember(store, "records", "record_count", [2.0, 2.0, None, None, 2.0, None])
    put_records(store, 3, 2)
    finding = judge(store, "records", "record_count")
    assert numbers(finding) == (False, 1.5, pytest.approx(1.6))
    assert finding.detail == (
        "3 records of 2 fetched pages; 1.6 a page were to be expected. Where the site changed for good, set "
        "expect.history_since"
    )


def test_record_count_with_two_earlier_partitions_has_nothing_to_compare(store):
    remember(store, "records", "record_count", [5.0, 5.0])
    put_records(store, 1, 1)
    assert numbers(judge(store, "records", "record_count")) == (True, 1, None)


def test_record_count_passes_where_no_page_changed(store):
    remember(store, "records", "record_count", [5.0] * 7)
    put_records(store, 0, 0, kept_as=4)
    assert numbers(judge(store, "records", "record_count")) == (True, None, None)


def test_record_count_counts_what_clean_left_out_and_not_what_was_refused_or_lacks_a_field(store):
    rules = ("language", "quality:gopher:word_count", "pii", "injection", "duplicate", "missing:price")
    aside = [
        row("quarantine", number=number, rule=rule, disposition="filtered")
        for number, rule in enumerate(rules, start=10)
    ]
    put_records(store, 1, 4, quarantine=[*aside, row("quarantine", number=20)])
    assert judge(store, "records", "record_count").metrics == {"valid_records": 6, "fetched_pages": 4}


def test_the_last_page_of_a_listing_may_be_short_where_other_pages_did_not_change(store):
    remember(store, "records", "record_count", [10.0] * 7)
    put_records(store, 3, 1, kept_as=2)
    assert numbers(judge(store, "records", "record_count")) == (True, 3, 0)
    put_records(store, 3, 1)
    assert numbers(judge(store, "records", "record_count")) == (False, 3, 8)


def test_record_count_asks_only_pages_that_the_source_extracts(store):
    put_records(store, 1, 3)
    declared = source(extract={"kind": "document", "pages": "/0$"})
    assert judge(store, "records", "record_count", declared=declared).value == 1
