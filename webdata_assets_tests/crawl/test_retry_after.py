"""Retry-After in every form: how long the crawl waits, and that no value parks it."""

import datetime as dt

import pytest

from webdata_assets_tests.crawl.harness import NOW, Crawling, source_of, urls
from webdata_assets_tests.site.answers import in_turn, page, status

CAP_SECONDS = 60.0


def http_date(seconds: float) -> str:
    return (NOW + dt.timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("60", 60.0),
        (http_date(42), 42.0),
        (http_date(-3_600), 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
    ],
)
def test_a_wish_is_granted_up_to_the_cap(crawling: Crawling, code: int, value: str, seconds: float) -> None:
    crawling.site.add("/page", in_turn(status(code, Retry_After=value), page("ok")))
    result = crawling.run(source_of(urls("page"), robots="ignore", max_retry_after_seconds=CAP_SECONDS))
    row = crawling.page(result, "page")
    assert (row["outcome"], row["attempts"]) == ("fetched", 2)
    assert sum(crawling.clock.slept) == pytest.approx(seconds, abs=1)
    assert crawling.site.count("/page") == 2


@pytest.mark.parametrize(
    "value", ["61", "31536000", "9" * 400, http_date(3_600), "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_a_wish_over_the_cap_ends_the_page_and_not_the_crawl(crawling: Crawling, value: str) -> None:
    crawling.site.add("/page", status(429, Retry_After=value))
    crawling.site.add("/later", page("later"))
    source = source_of(
        urls("page", "later"), robots="ignore", concurrency=1, max_retry_after_seconds=CAP_SECONDS
    )
    result = crawling.run(source)
    assert (crawling.page(result, "page")["outcome"], crawling.page(result, "page")["attempts"]) == (
        "failed",
        1,
    )
    assert crawling.page(result, "later")["outcome"] == "fetched"
    assert sum(crawling.clock.slept) <= CAP_SECONDS + 1


@pytest.mark.parametrize(
    "value", ["-5", "1e3", "soon", "", "7.5", "٧", "Fri, 99 Foo 2026 00:00:00 GMT", "\x80\xff", "0x10"]
)
def test_a_value_that_says_nothing_leaves_the_wait_to_the_backoff(crawling: Crawling, value: str) -> None:
    crawling.site.add("/page", in_turn(status(503, Retry_After=value), page("ok")))
    row = crawling.page(crawling.run(source_of(urls("page"), robots="ignore")), "page")
    assert (row["outcome"], row["attempts"]) == ("fetched", 2)
    assert sum(crawling.clock.slept) <= 1
