"""The formulas of the quality report's checks."""

import datetime as dt
from dataclasses import replace

import pytest

from webdata_assets.checks.quality_report import MAX_BYTES, NAMED
from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets.store.reports import page_hash, report_path, write_report
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.observe.synthetic import BROKEN, fill
from webdata_assets_tests.observe.synthetic_tables import put
from webdata_assets_tests.store.rows import DAY, NOON

PAGE = b"<!doctype html><title>Report</title>"


def store_report(store, page: bytes = PAGE) -> None:
    path = write_report(store.location, DAY, page)
    row = {
        "date": DAY, "path": store.location.relative(path), "bytes": len(page), "page_hash": page_hash(page),
        "sources": 1, "partitions": 1, "failed_partitions": 0, "open_alerts": 0, "rendered_at": NOON,
    }  # fmt: skip
    put(store, QUALITY_REPORT, [row])


def rendered(store):
    return judge(store, "quality_report", "rendered", partition=None)


def standing(store):
    return judge(store, "quality_report", "no_failed_partitions", partition=None)


def test_a_stored_page_as_recorded_passes(store):
    store_report(store)
    assert numbers(rendered(store)) == (True, len(PAGE), MAX_BYTES)


def test_a_page_that_is_not_there_fails(store):
    store_report(store)
    report_path(store.location, DAY).unlink()
    found = rendered(store)
    assert not found.passed
    assert found.detail == "reports/2026-06-01.html is not there; materialize quality_report again"


def test_a_page_that_was_changed_fails(store):
    store_report(store)
    report_path(store.location, DAY).write_bytes(PAGE.replace(b"R", b"r"))
    assert "is not what was rendered" in rendered(store).detail


@pytest.mark.parametrize(("size", "passes"), [(MAX_BYTES - 1, True), (MAX_BYTES, False)])
def test_a_page_of_a_megabyte_is_too_large(store, size, passes):
    store_report(store, b"x" * size)
    assert rendered(store).passed is passes


def test_a_store_without_failed_partitions_passes_the_standing_check(store):
    store_report(store)
    assert numbers(standing(store)) == (True, 0, 0)


def test_the_standing_check_counts_all_and_names_some_with_their_recovery(store):
    store_report(store)
    days = range(NAMED + 3)
    fill(store, [replace(BROKEN, date=DAY + dt.timedelta(days=day)) for day in days])
    found = standing(store)
    assert numbers(found) == (False, NAMED + 3, 0)
    assert found.metrics == {"failed_records": NAMED + 3}
    lines = found.detail.split("\n")
    assert len(lines) == NAMED + 1
    assert "webdata run --source broken" in lines[0]
    assert lines[-1] == "and 3 more; see `webdata status`"
