"""A source's headers: secrets come from the environment and go nowhere else."""

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.http.headers import response_head, source_headers
from webdata_assets_tests.crawl.harness import Crawling, source_of, urls
from webdata_assets_tests.site.answers import page, status


def test_variables_are_replaced_within_the_text() -> None:
    source = source_of(urls("a"), headers={"Authorization": "Bearer ${TOKEN}", "X-Plain": "$HOME {x}"})
    assert source_headers(source, {"TOKEN": "t0p"}) == {"Authorization": "Bearer t0p", "X-Plain": "$HOME {x}"}


def test_a_missing_variable_is_named() -> None:
    source = source_of(urls("a"), headers={"Authorization": "Bearer ${TOKEN}"})
    with pytest.raises(PermanentError, match="environment variable TOKEN, which is not set") as caught:
        source_headers(source, {})
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_value_that_would_break_the_header_is_refused_and_not_shown() -> None:
    source = source_of(urls("a"), headers={"Authorization": "${TOKEN}"})
    with pytest.raises(PermanentError, match="TOKEN") as caught:
        source_headers(source, {"TOKEN": "s3cret\r\nX-Evil: 1"})
    assert "s3cret" not in str(caught.value)


def test_a_crawl_without_its_secret_requests_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ABSENT_TOKEN", raising=False)
    with pytest.raises(PermanentError, match="ABSENT_TOKEN"):
        crawling.run(source_of(urls("a"), headers={"Authorization": "${ABSENT_TOKEN}"}))
    assert crawling.site.log == []


def test_secrets_are_sent_to_pages_and_stand_in_no_table(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_TOKEN", "s3cret")
    crawling.site.add("/good", page("x"))
    crawling.site.add("/bad", status(403))
    source = source_of(urls("good", "bad"), headers={"X-Key": "${SITE_TOKEN}", "User-Agent": "special"})
    result = crawling.run(source)
    assert crawling.site.last("/good").headers["x-key"] == "s3cret"
    assert crawling.site.last("/good").headers["user-agent"] == "special"
    assert "x-key" not in crawling.site.last("/robots.txt").headers
    assert "s3cret" not in str(result.pages.rows()) + str(result.dead_letters.rows())


def test_a_head_is_short_and_without_secrets() -> None:
    head = response_head(500, {"set-cookie": "a", "authorization": "b", "x": "1" * 9_000})
    assert head.startswith("HTTP 500\nx: 111")
    assert len(head) == 4_000
