"""One test per way to fail: each names the outcome, the attempts, and what the server saw."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets_tests.crawl.harness import NOW, Crawling, source_of, urls
from webdata_assets_tests.site.answers import (
    drop,
    drop_mid_body,
    endless,
    gzipped,
    in_turn,
    page,
    raw,
    slow,
    status,
)


def visit(crawling: Crawling, answer: object, **fetch: object) -> dict[str, object]:
    """Crawl one page with this answer and return its row, with its dead letter's head if there is one."""
    crawling.site.add("/page", answer)
    result = crawling.run(source_of(urls("page"), **fetch))
    return crawling.page(result, "page") | {"letters": result.dead_letters}


def test_503_then_ok_is_fetched_at_the_second_attempt(crawling: Crawling) -> None:
    row = visit(crawling, in_turn(status(503), page("hello")))
    assert (row["outcome"], row["attempts"], row["http_status"]) == ("fetched", 2, 200)
    assert row["payload"] == b"hello"
    assert crawling.site.count("/page") == 2


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504, 520])
def test_a_transient_status_is_tried_until_the_budget_ends(crawling: Crawling, code: int) -> None:
    row = visit(crawling, status(code))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert row["http_status"] == code
    assert crawling.site.count("/page") == 3


@pytest.mark.parametrize(
    ("code", "domain"), [(400, "target"), (401, "access"), (403, "access"), (451, "access")]
)
def test_a_refusal_is_not_repeated(crawling: Crawling, code: int, domain: str) -> None:
    row = visit(crawling, status(code))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, domain)
    assert crawling.site.count("/page") == 1


@pytest.mark.parametrize("code", [404, 410])
def test_404_and_410_are_gone_at_once(crawling: Crawling, code: int) -> None:
    row = visit(crawling, status(code))
    assert (row["outcome"], row["attempts"], row["http_status"]) == ("gone", 1, code)
    assert crawling.site.count("/page") == 1


def test_retry_after_in_seconds_delays_the_next_try(crawling: Crawling) -> None:
    row = visit(crawling, in_turn(status(429, Retry_After="7"), page("ok")))
    assert (row["outcome"], row["attempts"]) == ("fetched", 2)
    assert max(crawling.clock.slept) == pytest.approx(7, abs=0.1)


def test_retry_after_as_a_date_delays_the_next_try(crawling: Crawling) -> None:
    later = (NOW + dt.timedelta(seconds=42)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    row = visit(crawling, in_turn(status(503, Retry_After=later), page("ok")))
    assert (row["outcome"], row["attempts"]) == ("fetched", 2)
    assert max(crawling.clock.slept) == pytest.approx(42, abs=0.1)


@pytest.mark.parametrize("value", ["31536000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_hostile_retry_after_is_a_dead_letter_and_parks_nobody(crawling: Crawling, value: str) -> None:
    row = visit(crawling, status(429, Retry_After=value), max_retry_after_seconds=60)
    assert (row["outcome"], row["attempts"]) == ("failed", 1)
    assert sum(crawling.clock.slept) <= 61


def test_429_delays_the_whole_host(crawling: Crawling) -> None:
    crawling.site.add("/a", in_turn(status(429, Retry_After="30"), page("a")))
    crawling.site.add("/b", page("b"))
    crawling.run(source_of(urls("a", "b"), concurrency=1, robots="ignore"))
    assert crawling.site.targets() == ["/a", "/b", "/a"]
    assert sum(crawling.clock.slept) >= 30


def test_a_connection_dropped_in_mid_body_is_tried_again(crawling: Crawling) -> None:
    row = visit(crawling, in_turn(drop_mid_body(), page("whole")))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 2, b"whole")


def test_a_body_that_always_breaks_off_fails(crawling: Crawling) -> None:
    row = visit(crawling, drop_mid_body())
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert crawling.site.count("/page") == 3


def test_a_connection_that_always_drops_fails(crawling: Crawling) -> None:
    row = visit(crawling, drop())
    assert (row["outcome"], row["attempts"], row["http_status"]) == ("failed", 3, None)
    assert crawling.site.count("/page") == 3


def test_compressed_bytes_that_break_off_are_no_page(crawling: Crawling) -> None:
    row = visit(crawling, gzipped(b"a long page" * 1000, cut=4))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert "not whole gzip" in str(row["reason"])


def test_a_slow_page_times_out(crawling: Crawling) -> None:
    row = visit(crawling, slow(5, page("late")), timeout_seconds=0.2, max_attempts=2)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 2, "target")
    assert row["reason"] == "no whole answer within 0.2 s"
    assert crawling.site.count("/page") == 2


def test_an_endless_body_is_cut_at_the_cap_and_not_tried_again(crawling: Crawling) -> None:
    row = visit(crawling, endless(), max_body_bytes=2_000_000)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "resource")
    assert crawling.site.count("/page") == 1


def test_an_unreachable_host_fails_after_all_tries(crawling: Crawling) -> None:
    source = source_of({"by": "urls", "start": ["http://nowhere.invalid/"]}, robots="ignore")
    result = crawling.run(source)
    row = result.pages.row(0, named=True)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert "does not resolve" in row["reason"]
    assert crawling.site.log == []


def test_an_encoding_that_was_not_asked_for_is_refused(crawling: Crawling) -> None:
    row = visit(crawling, page(b"\x0b\x02\x80hello\x03", headers={"Content-Encoding": "br"}))
    assert (row["outcome"], row["attempts"]) == ("failed", 1)
    assert crawling.site.last("/page").headers["accept-encoding"] == "gzip, deflate"


def test_a_status_that_http_does_not_define_fails_and_fits_the_table(crawling: Crawling) -> None:
    row = visit(crawling, status(999))
    assert (row["outcome"], row["http_status"], row["reason"]) == ("failed", None, "status 999")


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx"],
    ids=["nothing", "no HTTP", "broken chunks"],
)
def test_an_answer_that_is_not_http_fails(crawling: Crawling, answer: bytes) -> None:
    row = visit(crawling, raw(answer))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")


def test_a_304_that_nobody_asked_for_is_no_page(crawling: Crawling) -> None:
    row = visit(crawling, status(304))
    assert (row["outcome"], row["attempts"]) == ("failed", 3)


def test_a_page_that_is_not_utf8_keeps_its_exact_bytes(crawling: Crawling) -> None:
    body = "<title>Grüße – 日本</title>".encode("utf-16") + bytes(range(256))
    row = visit(crawling, page(body, content_type="text/html; charset=utf-16"))
    assert row["payload"] == body
    assert row["content_type"] == "text/html; charset=utf-16"


def test_headers_that_are_not_utf8_fit_the_table(crawling: Crawling) -> None:
    row = visit(crawling, raw(b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nContent-Length: 1\r\n\r\nx'))
    assert row["outcome"] == "fetched"
    assert "\ufffd" in str(row["etag"])


def test_a_dead_letter_keeps_the_head_without_cookies(crawling: Crawling) -> None:
    row = visit(crawling, status(500, Set_Cookie="session=secret", X_Trace="abc"))
    letter = row["letters"].row(0, named=True)
    assert letter["attempts"] == 3
    assert letter["reason"] == "500 Internal Server Error"
    assert letter["head"].startswith("HTTP 500\n")
    assert "x-trace: abc" in letter["head"]
    assert "secret" not in letter["head"]
    assert letter["first_tried_at"] == letter["last_tried_at"] == NOW


def test_the_other_pages_of_a_failing_site_arrive(crawling: Crawling) -> None:
    crawling.site.add("/bad", drop())
    crawling.site.add("/good", page("good"))
    result = crawling.run(source_of(urls("bad", "good")))
    assert dict(result.pages.select("url", "outcome").iter_rows()) == {
        "http://site.test/bad": "failed",
        "http://site.test/good": "fetched",
    }
    assert result.pages.filter(pl.col("outcome") == "fetched")["payload"].to_list() == [b"good"]
