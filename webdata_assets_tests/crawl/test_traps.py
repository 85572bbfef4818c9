"""Traps: sites that would keep a crawl busy for ever, and pages that stand in a page's place."""

from typing import Any

import pytest

from webdata_assets_tests.crawl.harness import DATE, START, Crawling, outcomes, source_of, starting, urls
from webdata_assets_tests.site.answers import links, page, redirect
from webdata_assets_tests.site.server import Answer
from webdata_assets_tests.site.stand_ins import ARTICLE, CAPTCHA, CONSENT, LOGIN, NOT_FOUND, SHELL
from webdata_assets_tests.site.traps import (
    calendar,
    changing_page,
    cookie_maze,
    cookie_wall,
    session_links,
)


def visit(crawling: Crawling, answer: Answer, **fetch: Any) -> dict[str, Any]:
    crawling.site.add("/page", answer)
    return crawling.page(crawling.run(source_of(urls("page"), **fetch)), "page")


def test_a_page_that_wants_its_cookie_back_ends_after_ten_redirects(crawling: Crawling) -> None:
    row = visit(crawling, cookie_wall(page("behind")))
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert crawling.site.count("/page") == 11
    assert all("cookie" not in seen.headers for seen in crawling.site.log)


def test_a_cookie_that_the_source_sends_opens_it(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_COOKIE", "seen=1")
    row = visit(crawling, cookie_wall(page("behind")), headers={"Cookie": "${SITE_COOKIE}"})
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, b"behind")


def test_redirects_to_ever_new_urls_end_after_ten(crawling: Crawling) -> None:
    row = visit(crawling, cookie_maze())
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert crawling.site.targets() == ["/page", *(f"/page?step={step}" for step in range(1, 11))]


def test_sessions_in_urls_end_at_the_cap(crawling: Crawling) -> None:
    trap = session_links("/", "/a", "/b")
    for path in ("/", "/a", "/b"):
        crawling.site.add(path, trap)
    result = crawling.run(source_of(starting("links"), max_pages=40, concurrency=1))
    assert result.finish_reason == "capped"
    assert len(crawling.site.targets()) == 40
    assert result.counts["fetched"] == 40
    skipped = [row["reason"] for row in result.pages.iter_rows(named=True) if row["outcome"] == "skipped"]
    assert set(skipped) == {"the cap of 40 pages (fetch.max_pages) is reached"}


def test_sessions_in_urls_are_kept_out_by_a_pattern(crawling: Crawling) -> None:
    crawling.site.add("/", session_links("/", "/a"))
    result = crawling.run(source_of(starting("links", deny=[r"[?&]sid="])))
    assert outcomes(result) == {"/": "fetched"}
    assert crawling.site.targets() == ["/"]


def test_a_calendar_ends_at_the_depth(crawling: Crawling) -> None:
    crawling.site.add("/", links("/calendar"))
    crawling.site.add("/calendar", calendar())
    result = crawling.run(source_of(starting("links", max_depth=5)))
    assert set(outcomes(result).values()) == {"fetched"}
    assert crawling.site.targets() == ["/", "/calendar", *(f"/calendar?page={page}" for page in range(1, 5))]


def test_a_page_that_always_differs_is_fetched_once_a_day(crawling: Crawling) -> None:
    crawling.site.add("/page", changing_page())
    source = source_of(urls("page"))
    first = crawling.run(source)
    second = crawling.run(source, date=DATE.replace(day=3), after=first.pages)
    assert (outcomes(first), outcomes(second)) == ({"/page": "fetched"}, {"/page": "fetched"})
    assert crawling.site.count("/page") == 2


@pytest.mark.parametrize(
    ("kind", "content"),
    [("login", LOGIN), ("consent", CONSENT), ("captcha", CAPTCHA)],
)
def test_a_page_in_the_pages_place_is_a_matter_of_access_and_asked_for_once(
    crawling: Crawling, kind: str, content: str
) -> None:
    row = visit(crawling, page(content))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "access")
    assert row["reason"].startswith(f"{kind} page")
    assert row["payload"] is None
    assert crawling.site.count("/page") == 1


def test_a_redirect_to_the_login_is_a_matter_of_access(crawling: Crawling) -> None:
    crawling.site.add("/login", page(LOGIN))
    row = visit(crawling, redirect("/login?next=/page"))
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "access")
    assert crawling.site.targets() == ["/page", "/login?next=/page"]


def test_a_page_that_says_it_is_not_there_is_gone(crawling: Crawling) -> None:
    row = visit(crawling, page(NOT_FOUND))
    assert (row["outcome"], row["attempts"], row["http_status"]) == ("gone", 1, 200)
    assert row["reason"].startswith("soft 404")
    assert crawling.site.count("/page") == 1


def test_a_redirect_to_the_front_page_is_gone(crawling: Crawling) -> None:
    crawling.site.add("/", page(ARTICLE))
    row = visit(crawling, redirect("/"))
    assert (row["outcome"], row["attempts"]) == ("gone", 1)
    assert crawling.site.targets() == ["/page", "/"]


def test_an_empty_frame_is_what_there_is_where_no_other_way_is_left(crawling: Crawling) -> None:
    row = visit(crawling, page(SHELL))
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, SHELL.encode())


def test_an_article_about_barriers_is_none(crawling: Crawling) -> None:
    row = visit(crawling, page(ARTICLE))
    assert (row["outcome"], row["payload"]) == ("fetched", ARTICLE.encode())


def test_a_login_that_was_asked_for_is_a_page(crawling: Crawling) -> None:
    crawling.site.add("/login", page(LOGIN))
    result = crawling.run(source_of(urls("login")))
    assert result.pages.row(0, named=True)["url"] == f"{START}login"
    assert outcomes(result) == {"/login": "fetched"}
