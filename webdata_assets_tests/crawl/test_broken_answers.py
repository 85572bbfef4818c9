"""Answers that break at every stage: the outcome, the attempts, and what the server saw."""

import gzip
from typing import Any

import pytest

from webdata_assets_tests.crawl.harness import HOST, Crawling, source_of, urls
from webdata_assets_tests.crawl.transports import HttpWay, both_ways
from webdata_assets_tests.site.answers import (
    bomb,
    drip,
    drop,
    drop_mid_body,
    endless,
    endless_headers,
    gzipped,
    in_turn,
    page,
    raw,
    raw_drip,
)
from webdata_assets_tests.site.server import Answer

pytestmark = both_ways

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"


def visit(crawling: Crawling, way: HttpWay, answer: Answer, **fetch: Any) -> dict[str, Any]:
    crawling.site.add("/page", answer)
    transport = way(connect_to={HOST: crawling.site.address})
    result = crawling.run(source_of(urls("page"), **fetch), transport=transport)
    return crawling.page(result, "page")


DROPS = {
    "reset before the answer": drop(),
    "closed before the answer": raw(b""),
    "in the status line": raw(b"HTTP/1.1 20"),
    "after the status line": raw(OK),
    "in a header": raw(OK + b"Content-Ty"),
    "after a header": raw(OK + b"Content-Type: text/html\r\n"),
    "before the body": raw(OK + b"Content-Length: 5\r\n\r\n"),
    "in the body": drop_mid_body(),
}


@pytest.mark.parametrize("stage", DROPS)
def test_a_connection_dropped_at_any_stage_is_tried_three_times(
    way: HttpWay, crawling: Crawling, stage: str
) -> None:
    row = visit(crawling, way, DROPS[stage])
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert row["payload"] is None
    assert crawling.site.count("/page") == 3


@pytest.mark.parametrize("stage", DROPS)
def test_a_page_that_comes_after_a_drop_is_whole(way: HttpWay, crawling: Crawling, stage: str) -> None:
    row = visit(crawling, way, in_turn(DROPS[stage], page("whole")))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 2, b"whole")
    assert crawling.site.count("/page") == 2


BROKEN_CHUNKS = {
    "no size": b"ZZ\r\nx\r\n0\r\n\r\n",
    "negative size": b"-1\r\nx\r\n0\r\n\r\n",
    "enormous size": b"FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",
    "too little data": b"A\r\nabc",
    "too much data": b"3\r\nabcdef\r\n0\r\n\r\n",
    "no last chunk": b"3\r\nabc\r\n",
}


@pytest.mark.parametrize("fault", BROKEN_CHUNKS)
def test_broken_chunks_are_tried_three_times(way: HttpWay, crawling: Crawling, fault: str) -> None:
    row = visit(crawling, way, raw(CHUNKED + BROKEN_CHUNKS[fault]))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert crawling.site.count("/page") == 3


def test_chunks_that_are_whole_arrive(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, raw(CHUNKED + b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, b"abcde")


BAD_GZIP = {
    "no gzip at all": page(b"plain text", headers={"Content-Encoding": "gzip"}),
    "cut off": gzipped(b"a long page" * 1000, cut=8),
    "wrong checksum": page(gzip.compress(b"a page")[:-8] + bytes(8), headers={"Content-Encoding": "gzip"}),
    "only a head": page(gzip.compress(b"a page")[:10], headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("fault", BAD_GZIP)
def test_bad_gzip_is_tried_three_times(way: HttpWay, crawling: Crawling, fault: str) -> None:
    row = visit(crawling, way, BAD_GZIP[fault])
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    assert "not whole gzip" in row["reason"]
    assert crawling.site.count("/page") == 3


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw"])
def test_a_bomb_is_refused_at_the_cap(way: HttpWay, crawling: Crawling, kind: str) -> None:
    row = visit(crawling, way, bomb(kind, megabytes=50), max_body_bytes=1_000_000)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "resource")
    assert crawling.site.count("/page") == 1


def test_an_endless_body_is_refused_at_the_cap(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, endless(), max_body_bytes=1_000_000)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "resource")
    assert crawling.site.count("/page") == 1


def test_an_endless_head_is_refused_at_its_cap(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, endless_headers())
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "resource")
    assert crawling.site.count("/page") == 1


def test_a_body_that_drips_times_out(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, drip(b"x" * 1_000), timeout_seconds=0.4, max_attempts=2)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 2, "target")
    assert row["reason"] == "no whole answer within 0.4 s"
    assert crawling.site.count("/page") == 2


def test_a_head_that_drips_times_out(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, raw_drip(OK + b"X: y\r\n" * 100), timeout_seconds=0.4, max_attempts=2)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 2, "target")
    assert row["reason"] == "no whole answer within 0.4 s"
    assert crawling.site.count("/page") == 2


def test_a_body_that_drips_in_time_arrives(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, drip(b"slowly", every_seconds=0.02))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, b"slowly")


LENGTHS = {
    "two that differ": b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!",
    "no number": b"Content-Length: five\r\n\r\nhello",
    "a negative one": b"Content-Length: -1\r\n\r\nhello",
    "a longer one": b"Content-Length: 500\r\n\r\nhello",
}


@pytest.mark.parametrize("fault", LENGTHS)
def test_a_wrong_length_fails(way: HttpWay, crawling: Crawling, fault: str) -> None:
    row = visit(crawling, way, raw(OK + LENGTHS[fault]))
    assert (row["outcome"], row["failure_domain"]) == ("failed", "target")
    assert crawling.site.count("/page") == row["attempts"]


def test_a_body_without_a_length_ends_with_its_connection(way: HttpWay, crawling: Crawling) -> None:
    row = visit(crawling, way, raw(OK + b"Content-Type: text/plain\r\n\r\nto the end"))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, b"to the end")
