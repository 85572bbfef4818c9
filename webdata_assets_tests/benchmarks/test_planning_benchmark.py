"""The planning simulation: sums that can be done by hand, and plans within their limits."""

from dataclasses import replace

import pytest

from webdata_assets_tests.benchmarks.planning import (
    LIMITS,
    Plan,
    cost_per_million_pages,
    first_breaks,
    mended,
    seconds_of,
    simulate,
)
from webdata_assets_tests.benchmarks.planning_costs import RECORDED, Costs, _Run, fitted

PLAIN = Costs(fixed_cpu=36, page_cpu=0, event_rows=10, ledger_rows=2, fixed_bytes=0, page_bytes=1_000)
SMALL = Plan(sources=200, days=3, workers=1, pages=10, crawl_delay=0)


def test_a_worker_does_as_many_partitions_an_hour_as_there_is_time():
    first, *_, last = simulate(SMALL, PLAIN)
    assert (first.queue, first.waited_hours) == (200, 2)
    assert (last.live, last.versions, last.event_rows, last.ledger_rows) == (600, 600, 6_000, 1_200)
    assert last.gigabytes == pytest.approx(600 * 10_000 / 1e9)


def test_work_that_is_not_done_by_the_next_day_piles_up():
    days = simulate(replace(SMALL, sources=3_000), PLAIN)
    assert [day.queue for day in days] == [3_000, 3_600, 4_200]
    assert [row["what"] for row in first_breaks(days) if row["first above it on day"]] == ["waited_hours"]


def test_archived_partitions_leave_grid_and_log():
    last = simulate(replace(SMALL, archive_after_days=1, locations=2), PLAIN)[-1]
    assert (last.live, last.files, last.versions) == (100, 200, 600)


def test_politeness_keeps_a_worker_waiting():
    assert seconds_of(replace(SMALL, crawl_delay=2), PLAIN) == 56


def test_the_mended_plan_meets_no_limit():
    asked = Plan()
    assert {
        row["what"] for row in first_breaks(simulate(asked, RECORDED)) if row["first above it on day"]
    } >= {
        "live",
        "files",
    }
    rows = first_breaks(simulate(mended(asked, RECORDED), RECORDED))
    assert len(rows) == len(LIMITS)
    assert [row["what"] for row in rows if row["first above it on day"]] == []


def test_a_million_pages_cost_cores_and_bytes():
    cost = cost_per_million_pages(replace(SMALL, core_hour=1, gigabyte_month=1), PLAIN)
    assert cost == {"core hours": 1_000, "GB": 1, "price": 1_012}


def test_costs_are_fitted_to_runs():
    runs = [_Run(pages, 3 + 0.5 * pages, 10, 2, 100 + 7 * pages) for pages in (1, 5, 9)]
    found = fitted(runs)
    assert (found.fixed_cpu, found.page_cpu) == pytest.approx((3, 0.5))
    assert (found.fixed_bytes, found.page_bytes) == pytest.approx((100, 7))
    assert (found.event_rows, found.ledger_rows) == (10, 2)
