"""robots.txt: obeyed, read once, and its absence told from its failure."""

import pytest

from webdata_assets_tests.crawl.harness import Crawling, outcomes, source_of, urls
from webdata_assets_tests.site.answers import drop, in_turn, page, redirect, status


def with_robots(crawling: Crawling, answer: object, **fetch: object) -> dict[str, str]:
    crawling.site.add("/robots.txt", answer)
    for path in ("/open", "/closed"):
        crawling.site.add(path, page(path))
    return outcomes(crawling.run(source_of(urls("open", "closed"), **fetch)))


def text(rules: str) -> object:
    return page(rules, content_type="text/plain")


def test_a_disallowed_page_is_skipped_and_never_requested(crawling: Crawling) -> None:
    rules = text("User-agent: webdata-assets\nDisallow: /closed\n")
    assert with_robots(crawling, rules) == {"/closed": "skipped", "/open": "fetched"}
    assert crawling.site.targets() == ["/open"]
    assert crawling.site.count("/robots.txt") == 1


def test_rules_for_everyone_and_for_others_are_told_apart(crawling: Crawling) -> None:
    rules = text("User-agent: otherbot\nDisallow: /\n\nUser-agent: *\nDisallow: /closed\n")
    assert with_robots(crawling, rules) == {"/closed": "skipped", "/open": "fetched"}


def test_robots_can_be_ignored_by_a_source_that_says_so(crawling: Crawling) -> None:
    rules = text("User-agent: *\nDisallow: /\n")
    assert set(with_robots(crawling, rules, robots="ignore").values()) == {"fetched"}
    assert crawling.site.count("/robots.txt") == 0


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_robots_txt_that_is_not_there_allows_everything(crawling: Crawling, code: int) -> None:
    assert set(with_robots(crawling, status(code)).values()) == {"fetched"}


@pytest.mark.parametrize("answer", [status(500), status(429), drop()], ids=["500", "429", "drop"])
def test_a_robots_txt_that_cannot_be_read_leaves_the_host_to_the_next_run(
    crawling: Crawling, answer: object
) -> None:
    crawling.site.add("/robots.txt", answer)
    crawling.site.add("/open", page("open"))
    result = crawling.run(source_of(urls("open")))
    row = crawling.page(result, "open")
    assert (result.finish_reason, row["outcome"]) == ("paused", "deferred")
    assert "robots.txt" in row["reason"]
    assert crawling.site.targets() == []
    # tried again ever more rarely, for two minutes
    assert 4 <= crawling.site.count("/robots.txt") <= 7


def test_a_robots_txt_that_recovers_is_obeyed(crawling: Crawling) -> None:
    answer = in_turn(status(503), text("User-agent: *\nDisallow: /closed"))
    assert with_robots(crawling, answer) == {"/closed": "skipped", "/open": "fetched"}


def test_a_redirected_robots_txt_is_obeyed(crawling: Crawling) -> None:
    crawling.site.add("/elsewhere", text("User-agent: *\nDisallow: /closed"))
    assert with_robots(crawling, redirect("/elsewhere"))["/closed"] == "skipped"


def test_a_robots_txt_that_leads_out_of_scope_counts_as_none(crawling: Crawling) -> None:
    assert set(with_robots(crawling, redirect("http://elsewhere.test/robots.txt")).values()) == {"fetched"}


def test_crawl_delay_spaces_the_requests_and_is_capped(crawling: Crawling) -> None:
    with_robots(crawling, text("User-agent: *\nCrawl-delay: 86400\n"))
    assert 30 <= sum(crawling.clock.slept) <= 95


def test_a_redirect_to_a_disallowed_page_is_skipped(crawling: Crawling) -> None:
    crawling.site.add("/robots.txt", text("User-agent: *\nDisallow: /closed"))
    crawling.site.add("/open", redirect("/closed"))
    row = crawling.page(crawling.run(source_of(urls("open"))), "open")
    assert (row["outcome"], row["reason"]) == ("skipped", "robots.txt forbids it")
    assert crawling.site.targets() == ["/open"]
