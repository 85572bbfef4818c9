"""Which dates may be crawled, and what a crawl starts from."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.frontier import Retried, check_date, plan_frontier
from webdata_assets_tests.crawl.harness import DATE, START, source_of, starting, urls

DAY = dt.timedelta(days=1)
BEGIN = dt.datetime.combine(DATE, dt.time(), dt.UTC)
HASH = "ab" * 32


def live(**values: Any) -> Source:
    return source_of(starting("links"), **values)


def dated() -> Source:
    return source_of(starting("links"), as_of={"param": "on"})


@pytest.mark.parametrize(
    "now", [BEGIN, BEGIN + dt.timedelta(hours=23), BEGIN + dt.timedelta(hours=35, minutes=59)]
)
def test_a_live_source_is_crawled_while_its_date_is_fresh(now: dt.datetime) -> None:
    check_date(live(), DATE, now)


def test_a_past_date_of_a_live_source_is_refused_with_the_remedy() -> None:
    with pytest.raises(PermanentError, match=r"replay.*as_of") as caught:
        check_date(live(), DATE, BEGIN + dt.timedelta(hours=36))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_past_date_is_crawled_where_the_site_can_be_asked_for_it() -> None:
    check_date(dated(), DATE, BEGIN + 400 * DAY)


@pytest.mark.parametrize("source", [live(), dated()], ids=["live", "as_of"])
@pytest.mark.parametrize(
    ("date", "reason"), [(dt.date(2026, 5, 31), "begins on 2026-06-01"), (DATE + 30 * DAY, "in the future")]
)
def test_dates_outside_a_sources_life_are_refused(source: Source, date: dt.date, reason: str) -> None:
    with pytest.raises(PermanentError, match=reason):
        check_date(source, date, BEGIN + dt.timedelta(hours=12))


def visits(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = TABLES["pages"].polars_schema
    base = {
        "date": DATE - DAY, "source": "faulty", "role": "content", "discovery": 0, "why": "link", "depth": 2,
        "outcome": "fetched", "attempts": 1, "etag": '"1"', "payload_hash": HASH, "payload_date": DATE - DAY,
    }  # fmt: skip
    return pl.DataFrame([base | row for row in rows], schema=schema)


def planned(source: Source, *rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    frontier = plan_frontier(source, DATE, visits(*rows))
    TABLES["frontier"].schema.validate(frontier)
    assert frontier["url"].is_sorted()
    return {row["url"].removeprefix(START): row for row in frontier.iter_rows(named=True)}


def test_start_urls_come_with_the_validators_of_their_last_visit() -> None:
    row = planned(source_of(urls("a", "b")), {"url": START + "a"})["a"]
    assert (row["why"], row["depth"], row["etag"], row["payload_hash"]) == ("start", 0, '"1"', HASH)


def test_earlier_pages_are_visited_again_unless_they_are_gone() -> None:
    rows = planned(
        source_of(starting("links")),
        {"url": START + "a"},
        {"url": START + "b", "outcome": "gone", "reason": "404"},
    )
    assert list(rows) == ["", "a"]
    assert (rows["a"]["why"], rows["a"]["role"], rows["a"]["depth"]) == ("revisit", "both", 2)


def test_a_source_may_do_without_revisits() -> None:
    assert list(planned(source_of(starting("feed"), revisit=False), {"url": START + "a"})) == [""]


def test_the_newest_visit_before_the_date_counts() -> None:
    rows = planned(
        source_of(starting("feed")),
        {"url": START + "a", "etag": '"old"', "date": DATE - 2 * DAY},
        {"url": START + "a", "etag": '"new"'},
        {"url": START + "a", "etag": '"later"', "date": DATE + DAY},
        {"url": START + "b", "date": DATE},
    )
    assert rows["a"]["etag"] == '"new"'
    assert "b" not in rows


def test_validators_without_a_payload_are_not_kept() -> None:
    skipped = {"url": START + "a", "outcome": "skipped", "payload_hash": None, "payload_date": None}
    assert planned(source_of(starting("feed")), skipped)["a"]["etag"] is None


def test_a_page_that_was_never_reached_is_asked_again_only_as_a_dead_letter() -> None:
    source = source_of(starting("feed"))
    failed = {"url": START + "a", "outcome": "failed", "payload_hash": None, "payload_date": None}
    assert "a" not in planned(source, failed)
    again = Retried(START + "a", "content", 0, 1)
    frontier = plan_frontier(source, DATE, visits(failed), retried=[again, Retried(START, "content", 0, 0)])
    assert dict(frontier.select("url", "why").iter_rows()) == {START: "start", START + "a": "retry"}


def test_a_page_that_was_reached_before_it_failed_is_visited_again() -> None:
    rows = planned(source_of(starting("feed")), {"url": START + "a", "outcome": "failed"})
    assert rows["a"]["why"] == "revisit"


def test_what_a_person_dropped_is_not_planned() -> None:
    source = source_of(urls("a", "b"))
    frontier = plan_frontier(source, DATE, visits({"url": START + "c"}), dropped={START + "a", START + "c"})
    assert frontier["url"].to_list() == [START + "b"]


def test_an_archive_is_asked_for_what_it_holds_on_the_date_and_nothing_else() -> None:
    source = source_of({"by": "warc", "path": "/archives"}, via="warc")
    frontier = plan_frontier(source, DATE, visits({"url": START + "old"}), listed={0: [START + "a"]})
    assert frontier.select("url", "why", "role").rows() == [(START + "a", "start", "content")]


def test_revisits_keep_to_todays_scope_and_patterns() -> None:
    rule = starting("sitemap", deny=["/private"])
    assert list(planned(source_of(rule), {"url": "http://old.test/"}, {"url": START + "private"})) == [""]


def test_a_url_that_two_rules_start_from_is_one_row_for_both() -> None:
    rows = planned(source_of(urls("a"), starting("listing", "a", items="a")))
    assert (rows["a"]["role"], rows["a"]["discovery"]) == ("both", 1)
