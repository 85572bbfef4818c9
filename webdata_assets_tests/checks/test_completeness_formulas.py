"""The formula of fields that are found: against the source's own shares, and against history."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.checks.limits import Limit
from webdata_assets.schemas.selector_proposals import SELECTOR_PROPOSALS
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.checks.past import remember
from webdata_assets_tests.checks.test_records_formulas import PRICED, put_records, refused
from webdata_assets_tests.store.rows import DAY, NOON, row


def test_completeness_passes_where_each_field_is_found_often_enough(store):
    put_records(store, row("records", **PRICED), row("records", number=1, **PRICED))
    finding = judge(
        store, "records", "completeness", declared=source({"completeness": {"title": 0.9, "price": 1.0}})
    )
    assert numbers(finding) == (True, 1.0, 1.0)
    assert finding.metrics == {"completeness_title": 1.0, "completeness_price": 1.0}
    assert finding.detail is None


def test_completeness_names_field_share_and_selectors_of_what_is_missing(store):
    put_records(store, row("records", **PRICED), *(row("records", number=n) for n in (1, 2, 3)))
    finding = judge(store, "records", "completeness", declared=source({"completeness": {"price": 0.75}}))
    assert numbers(finding) == (False, 0.25, 0.75)
    assert finding.detail == (
        "SelectorNotFound: price found in 25%, expected 75% (selectors: css:.price), not on "
        "https://shop.example.com/1, https://shop.example.com/2, https://shop.example.com/3; awaiting patch "
        "and replay: patch shop's extract.fields"
    )


def test_the_value_is_that_of_the_field_farthest_below(store):
    put_records(store, row("records"), row("records", number=1, title=None))
    declared = source({"completeness": {"title": 0.6, "price": 0.9}})
    assert numbers(judge(store, "records", "completeness", declared=declared)) == (False, 0.0, 0.9)


def test_completeness_passes_where_no_page_changed(store):
    put_records(store)
    finding = judge(store, "records", "completeness")
    assert numbers(finding) == (True, None, None)
    assert finding.detail == "nothing was extracted: no page changed"


def test_completeness_fails_where_every_record_was_left_out_for_want_of_a_field(store):
    left_out = [
        row("quarantine", number=number, rule="missing:price", disposition="filtered") for number in (0, 1)
    ]
    put_records(store, quarantine=left_out)
    finding = judge(store, "records", "completeness")
    assert (finding.passed, finding.value) == (False, 0)
    assert finding.detail == (
        "all 2 records were left out (missing:price); patch shop's extract, then the partition is replayed"
    )


def remember_prices(store, *shares):
    remember(
        store, "records", "completeness", [1.0] * len(shares),
        metrics=[{"completeness_price": share} for share in shares],
    )  # fmt: skip


def put_prices(store, priced, total):
    rows = [row("records", number=number, **(PRICED if number < priced else {})) for number in range(total)]
    put_records(store, *rows)


def test_a_declared_field_without_a_limit_is_compared_with_its_history(store):
    remember_prices(store, *[0.99] * 8)
    put_prices(store, 160, 200)
    finding = judge(store, "records", "completeness")
    assert numbers(finding) == (False, 0.8, pytest.approx(0.94))
    assert (finding.origin, finding.only_warns) == ("history", False)
    assert finding.metrics == {"completeness_title": 1, "completeness_price": 0.8}
    assert finding.detail.startswith(
        "SelectorNotFound: price found in 80%, expected 94% from its history (selectors: css:.price), not on "
        "https://shop.example.com/160, "
    )


def test_a_field_within_its_history_passes(store):
    remember_prices(store, *[0.99] * 8)
    put_prices(store, 189, 200)
    assert judge(store, "records", "completeness").passed


def test_the_drop_allowed_is_that_of_the_source(store):
    remember_prices(store, *[0.99] * 8)
    put_prices(store, 160, 200)
    assert judge(store, "records", "completeness", declared=source({"completeness_drop": 0.2})).passed


@pytest.mark.parametrize(("days", "outcome"), [(3, (True, False)), (7, (False, True)), (8, (False, False))])
def test_a_short_history_only_warns_and_a_shorter_one_says_nothing(store, days, outcome):
    remember_prices(store, *[1.0] * days)
    put_prices(store, 0, 100)
    finding = judge(store, "records", "completeness")
    assert (finding.passed, finding.only_warns) == outcome


def test_a_limit_of_the_source_blocks_whatever_else_only_warns(store):
    remember_prices(store, *[1.0] * 5)
    put_records(store, *(row("records", number=number, title=None) for number in range(50)))
    finding = judge(store, "records", "completeness")
    assert (finding.passed, finding.only_warns, finding.origin) == (False, False, "default")
    assert "price found in 0%" in finding.detail
    assert "title found in 0%" in finding.detail


@pytest.mark.parametrize(
    ("priced", "total", "passed"), [(0, 1, True), (1, 4, True), (0, 4, False), (95, 99, False)]
)
def test_one_record_without_a_field_halts_no_small_partition(store, priced, total, passed):
    remember_prices(store, *[1.0] * 8)
    put_prices(store, priced, total)
    declared = source({"completeness_drop": 0.01, "completeness": {}})
    assert judge(store, "records", "completeness", declared=declared).passed is passed


def test_the_drop_allowed_is_wider_where_few_records_are_counted(store):
    remember_prices(store, *[0.9] * 8)
    put_prices(store, 9, 10)
    declared = source({"completeness": {}})
    assert limits(store, "records", "completeness", declared=declared)[0].value == pytest.approx(0.9 - 0.3)


def test_fields_in_extra_have_a_history_too(store):
    remember(store, "records", "completeness", [1.0] * 8, metrics=[{"completeness_size": 1.0}] * 8)
    put_records(store, *(row("records", number=number, extra='{"colour":"red"}') for number in range(20)))
    declared = source(extract={"kind": "document", "fields": {"size": ".size"}})
    finding = judge(store, "records", "completeness", declared=declared)
    assert (finding.passed, finding.metrics["completeness_size"]) == (False, 0)


def test_refused_records_count_and_are_named(store):
    put_records(store, row("records", **PRICED), quarantine=[refused(7, url="https://shop.example.com/7")])
    finding = judge(store, "records", "completeness", declared=source({"completeness": {"price": 1}}))
    assert finding.value == 0.5
    assert "not on https://shop.example.com/7;" in finding.detail


def test_history_begins_anew_where_the_site_changed_for_good(store):
    remember_prices(store, *[1.0] * 8)
    put_prices(store, 0, 50)
    since = source({"history_since": (DAY - dt.timedelta(days=2)).isoformat()})
    assert judge(store, "records", "completeness", declared=since).passed


def test_every_limit_says_where_it_came_from(store):
    remember_prices(store, *[0.9] * 6)
    declared = source({"completeness": {"title": 0.8}})
    assert limits(store, "records", "completeness", declared=declared) == [
        Limit(0.8, "source file", "expect.completeness", "title", "≥"),
        Limit(pytest.approx(0.85), "history", "expect.completeness_drop", "price", "≥", True, 5),
    ]


def test_a_proposal_of_the_run_that_wrote_the_partition_is_told(store):
    put_prices(store, 0, 4)
    proposal = {
        "date": DAY, "source": "shop", "field": "price", "extractor": "v1", "selectors": ["css:.price"],
        "found_share": 0.0, "pages": 4, "sample_urls": [], "proposal": '{"css":".cost"}',
        "support": 0.97, "learnt_pages": 3, "held_out_pages": 3, "reason": "same values", "run_id": "run",
        "at": NOON,
    }  # fmt: skip
    rows = pl.DataFrame([proposal], schema=SELECTOR_PROPOSALS.polars_schema)
    store.tables.append(SELECTOR_PROPOSALS, rows)
    finding = judge(store, "records", "completeness", declared=source({"completeness": {"price": 0.9}}))
    assert finding.detail.endswith(
        "proposed instead: css:.cost, which finds the known values on 97% of the pages held out (`webdata "
        "selectors accept shop price`); awaiting patch and replay: patch shop's extract.fields"
    )
