"""robots.txt at fault: what becomes of the host's pages, and what the server saw."""

from typing import Any

import pytest

from webdata_assets_tests.crawl.harness import Crawling, outcomes, source_of, urls
from webdata_assets_tests.site.answers import (
    drip,
    drop,
    drop_mid_body,
    endless,
    gzipped,
    in_turn,
    page,
    raw,
    redirect,
    status,
)
from webdata_assets_tests.site.server import Answer

CLOSED = "User-agent: *\nDisallow: /closed\n"
OBEYED = {"/closed": "skipped", "/open": "fetched"}
ALLOWED = {"/closed": "fetched", "/open": "fetched"}


def text(rules: str | bytes) -> Answer:
    return page(rules, content_type="text/plain")


def crawl(crawling: Crawling, robots: Answer, **fetch: Any) -> dict[str, str]:
    crawling.site.add("/robots.txt", robots)
    for path in ("/open", "/closed"):
        crawling.site.add(path, page(path))
    return outcomes(crawling.run(source_of(urls("open", "closed"), **fetch)))


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 405, 410, 418, 451])
def test_a_refused_robots_txt_allows_everything(crawling: Crawling, code: int) -> None:
    assert crawl(crawling, status(code)) == ALLOWED
    assert crawling.site.count("/robots.txt") == 1


WAITED_FOR = {
    "500": status(500),
    "503": status(503),
    "599": status(599),
    "429": status(429),
    "drop": drop(),
    "drop in the body": drop_mid_body(),
    "no HTTP": raw(b"garbage\r\n\r\n"),
    "bad gzip": gzipped(CLOSED.encode(), cut=6),
    "drip": drip(b"x" * 1_000),
}


@pytest.mark.parametrize("fault", WAITED_FOR)
def test_no_page_is_asked_for_while_robots_txt_is_in_trouble(crawling: Crawling, fault: str) -> None:
    found = crawl(crawling, WAITED_FOR[fault], timeout_seconds=0.3, breaker={"max_wait_seconds": 30})
    assert set(found.values()) == {"deferred"}
    assert crawling.site.targets() == []
    assert crawling.site.count("/robots.txt") >= 2


@pytest.mark.parametrize("fault", WAITED_FOR)
def test_a_robots_txt_that_recovers_is_obeyed(crawling: Crawling, fault: str) -> None:
    answers = in_turn(WAITED_FOR[fault], text(CLOSED))
    assert crawl(crawling, answers, timeout_seconds=0.3) == OBEYED
    assert crawling.site.targets() == ["/open"]
    assert crawling.site.count("/robots.txt") == 2


def test_a_page_in_place_of_robots_txt_allows_everything(crawling: Crawling) -> None:
    html = page("<!doctype html><title>Not found</title><p>Disallow nothing: go home</p>")
    assert crawl(crawling, html) == ALLOWED


def test_an_empty_robots_txt_allows_everything(crawling: Crawling) -> None:
    assert crawl(crawling, text("")) == ALLOWED


def test_a_huge_robots_txt_is_obeyed_as_far_as_it_is_read(crawling: Crawling) -> None:
    filler = "# nothing\n" * 200_000
    assert crawl(crawling, text(CLOSED + filler)) == OBEYED


def test_an_endless_robots_txt_closes_the_host(crawling: Crawling) -> None:
    assert crawl(crawling, endless()) == {"/closed": "failed", "/open": "failed"}
    assert crawling.site.targets() == []
    assert crawling.site.count("/robots.txt") == 1


def test_a_robots_txt_in_another_encoding_is_read_as_well_as_can_be(crawling: Crawling) -> None:
    assert crawl(crawling, text(b"\xef\xbb\xbf# \xff\xfe\n" + CLOSED.encode())) == OBEYED


def test_a_compressed_robots_txt_is_obeyed(crawling: Crawling) -> None:
    assert crawl(crawling, gzipped(CLOSED.encode(), content_type="text/plain")) == OBEYED


def test_five_redirects_of_robots_txt_are_followed(crawling: Crawling) -> None:
    for step in range(4):
        crawling.site.add(f"/r{step}", redirect(f"/r{step + 1}"))
    crawling.site.add("/r4", text(CLOSED))
    assert crawl(crawling, redirect("/r0")) == OBEYED
    assert crawling.site.targets()[:5] == [f"/r{step}" for step in range(5)]


def test_redirects_of_robots_txt_without_end_count_as_none(crawling: Crawling) -> None:
    assert crawl(crawling, redirect("/robots.txt")) == ALLOWED


def test_a_redirect_of_robots_txt_to_the_inside_is_not_followed(crawling: Crawling) -> None:
    assert crawl(crawling, redirect("http://169.254.169.254/robots.txt")) == ALLOWED
    assert {seen.host for seen in crawling.site.log} == {"site.test"}


@pytest.mark.parametrize("delay", ["nan", "inf", "-5", "1e309", "86400", "0x10", "soon"])
def test_a_hostile_crawl_delay_parks_nobody(crawling: Crawling, delay: str) -> None:
    assert crawl(crawling, text(f"User-agent: *\nCrawl-delay: {delay}\n")) == ALLOWED
    assert sum(crawling.clock.slept) <= 100
