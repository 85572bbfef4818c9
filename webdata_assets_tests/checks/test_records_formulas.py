"""Formulas of records and quarantine."""

import json

import pytest

from webdata_assets.stages.observe.completeness import field_shares
from webdata_assets_tests.checks.judge import judge, numbers, source
from webdata_assets_tests.store.rows import frame, put, row

PRICED = {"price": 1, "currency": "EUR"}


def refused(number, **record):
    return row("quarantine", number=number, record=json.dumps(record))


def put_records(store, *rows, quarantine=(), extracted=None):
    put(store, "quarantine", frame("quarantine", *quarantine))
    put(store, "records", frame("records", *rows), extracted=extracted)


def test_shares_count_good_and_refused_records_once():
    records = frame("records", row("records", **PRICED), row("records", number=1, extra='{"size": "L"}'))
    twice = [refused(2, title=None, price="3"), row("quarantine", number=2, rule="other")]
    whole_page = row("quarantine", number=3, ordinal=-1)
    shares = field_shares(records, frame("quarantine", *twice, whole_page), ["title", "price", "size"])
    assert shares == {"title": 2 / 3, "price": 2 / 3, "size": 1 / 3}


def test_valid_share_passes_at_exactly_the_expected_share(store):
    put_records(store, row("records"), quarantine=[refused(1)])
    finding = judge(store, "records", "valid_share", declared=source({"valid": 0.5}))
    assert numbers(finding) == (True, 0.5, 0.5)
    assert finding.metrics == {"refused": 1, "filtered": 0}


def test_valid_share_counts_a_refused_record_once_and_names_the_rules(store):
    reasons = [row("quarantine", number=1, rule=rule) for rule in ("required", "price|min")]
    put_records(store, row("records"), quarantine=[*reasons, row("quarantine", number=2)])
    finding = judge(store, "records", "valid_share")
    assert numbers(finding) == (False, 1 / 3, 0.99)
    assert finding.detail == (
        "refused by required (2), price|min (1); first: https://shop.example.com/1: no title"
    )


def test_valid_share_passes_where_nothing_was_extracted(store):
    put_records(store)
    assert numbers(judge(store, "records", "valid_share")) == (True, None, 0.99)


def put_all_pages(store):
    put(
        store,
        "pages",
        frame("pages", row("pages"), row("pages", number=1), row("pages", number=2, role="discovery")),
    )


def test_reconciliation_passes_where_extracted_is_records_plus_quarantined(store):
    put_all_pages(store)
    put_records(store, row("records"), quarantine=[refused(1)], extracted=2)
    assert numbers(judge(store, "records", "reconciliation")) == (True, 0, 0)


def test_filtered_records_are_valid_and_reconciled_and_not_asked_for_completeness(store):
    left_out = row("quarantine", number=1, disposition="filtered", rule="language", record="{}")
    put_all_pages(store)
    put_records(store, row("records"), quarantine=[left_out], extracted=2)
    finding = judge(store, "records", "valid_share")
    assert (finding.value, finding.metrics) == (1.0, {"refused": 0.0, "filtered": 1.0})
    assert numbers(judge(store, "records", "reconciliation")) == (True, 0, 0)
    assert field_shares(frame("records", row("records")), frame("quarantine", left_out), ["title"]) == {
        "title": 1.0
    }


@pytest.mark.parametrize(("extracted", "lost"), [(3, 1), (None, 3)])
def test_reconciliation_fails_where_candidates_vanished(store, extracted, lost):
    put_all_pages(store)
    put_records(store, row("records"), quarantine=[refused(1)], extracted=extracted)
    finding = judge(store, "records", "reconciliation")
    assert numbers(finding) == (False, lost, 0)
    told = -1 if extracted is None else extracted
    assert finding.detail == f"extracted {told}, records 1, refused 1, filtered 0"


def test_reconciliation_fails_where_a_page_left_no_trace(store):
    put_all_pages(store)
    put_records(store, row("records"), extracted=1)
    finding = judge(store, "records", "reconciliation")
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail == "1 content pages left neither a record nor a reason"


def test_pages_outside_the_sources_pattern_need_no_record(store):
    put_all_pages(store)
    put_records(store, row("records"), extracted=1)
    declared = source(extract={"kind": "document", "pages": "/0$"})
    assert judge(store, "records", "reconciliation", declared=declared).passed


def test_pages_of_many_items_need_no_record_each(store):
    put_all_pages(store)
    put_records(store, extracted=0)
    declared = source(
        extract={"kind": "item", "items": "items[*]", "fields": {"title": {"jmespath": "name"}}}
    )
    assert judge(store, "records", "reconciliation", declared=declared).passed
