"""robots.txt: obeyed, read once, and its absence told from its failure."""

import pytest

from webdata_assets.stages.crawl.robots import parse_robots, product_token
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
def test_a_robots_txt_that_cannot_be_read_stops_the_host(crawling: Crawling, answer: object) -> None:
    crawling.site.add("/robots.txt", answer)
    crawling.site.add("/open", page("open"))
    row = crawling.page(crawling.run(source_of(urls("open"))), "open")
    assert (row["outcome"], row["failure_domain"]) == ("failed", "access")
    assert "robots.txt" in row["reason"]
    assert crawling.site.targets() == []
    assert crawling.site.count("/robots.txt") == 3


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


def test_agent_lines_end_at_their_first_space() -> None:
    rules = parse_robots(b"User-agent: webdata-assets the crawler # ours\nDisallow: /x\n")
    assert not rules.can_fetch("https://a.test/x", "webdata-assets")
    assert rules.can_fetch("https://a.test/x", "other")


def test_long_lines_are_cut() -> None:
    rules = parse_robots(b"User-agent: *\nDisallow: /" + b"*a" * 1_000_000 + b"\nDisallow: /z\n")
    assert rules.can_fetch("https://a.test/b", "webdata-assets")


@pytest.mark.parametrize("agent", ["name", "name/1.0", "name/1.0 (+https://a.test)", "name (x)"])
def test_the_product_token_is_the_name_alone(agent: str) -> None:
    assert product_token(agent) == "name"
