"""Jobs of services: started once, kept page by page, and gone on with after a kill."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Batch, Delivered
from webdata_assets_tests.crawl.harness import DATE, START, Crawling, outcomes, source_of

PAGE = "text/html"


@dataclass
class Service:
    """A service with one page of two items at a time, which may fail after some of them."""

    items: list[Delivered]
    name: str = "apify"
    fails: list[Exception] = field(default_factory=list)
    started: int = 0
    asked: list[str | None] = field(default_factory=list)

    async def start(self, rule: DiscoverJob, start_url: str, date: dt.date) -> str:
        self.started += 1
        return f"job-{self.started}"

    async def results(self, rule: DiscoverJob, job: str, cursor: str | None) -> AsyncIterator[Batch]:
        position = int(cursor or 0)
        while position < len(self.items):
            self.asked.append(str(position))
            if position and self.fails:
                raise self.fails.pop()
            end = position + 2
            yield Batch(self.items[position:end], str(end) if end < len(self.items) else None)
            position = end

    async def close(self) -> None:
        """Nothing is open."""


def items(*paths: str) -> list[Delivered]:
    return [Delivered(START + path, f"<p>{path}".encode(), PAGE, 200) for path in paths]


def job(**values: Any) -> Any:
    rule = {"by": "job", "start": [START], "name": "someone/actor"}
    return source_of(rule, via="apify", **values)


def test_what_a_job_delivers_are_pages(crawling: Crawling) -> None:
    service = Service(items("a", "b", "c"))
    result = crawling.run(job(), jobs=service)
    assert outcomes(result) == {"/": "fetched", "/a": "fetched", "/b": "fetched", "/c": "fetched"}
    row = crawling.page(result, "a")
    assert (row["via"], row["why"], row["discovered_from"], row["role"]) == (
        "apify",
        "link",
        START,
        "content",
    )
    assert crawling.page(result)["role"] == "discovery"
    assert crawling.site.log == []


def test_a_job_is_started_once_and_its_pages_are_asked_for_once(crawling: Crawling) -> None:
    service = Service(items("a", "b", "c", "d"), fails=[RuntimeError("killed")])
    with pytest.raises(RuntimeError):
        crawling.run(job(), jobs=service, keep_spool=True)
    result = crawling.run(job(), jobs=service)
    assert service.started == 1
    assert service.asked == ["0", "2", "2"]
    assert result.counts == {"fetched": 5}


def test_a_job_that_falters_is_gone_on_with(crawling: Crawling) -> None:
    error = TransientError("try later", failure_domain=FailureDomain.TARGET)
    service = Service(items("a", "b", "c"), fails=[error])
    result = crawling.run(job(), jobs=service)
    assert service.started == 1
    assert result.counts == {"fetched": 4}


def test_a_job_that_fails_is_a_dead_letter_and_what_came_is_kept(crawling: Crawling) -> None:
    error = PermanentError("the run was aborted", failure_domain=FailureDomain.TARGET)
    result = crawling.run(job(), jobs=Service(items("a", "b", "c"), fails=[error]))
    assert result.counts == {"failed": 1}
    assert result.dead_letters["reason"].to_list() == ["the run was aborted"]


def test_pages_that_are_the_same_as_before_are_unchanged(crawling: Crawling) -> None:
    first = crawling.run(job(), jobs=Service(items("a", "b")))
    changed = [*items("a"), Delivered(START + "b", b"new", PAGE)]
    second = crawling.run(job(), jobs=Service(changed), after=first.pages, date=DATE.replace(day=3))
    assert outcomes(second)["/a"] == "unchanged"
    assert outcomes(second)["/b"] == "fetched"


def test_a_page_that_is_delivered_no_more_is_gone(crawling: Crawling) -> None:
    first = crawling.run(job(), jobs=Service(items("a", "b")))
    second = crawling.run(job(), jobs=Service(items("a")), after=first.pages, date=DATE.replace(day=3))
    assert outcomes(second)["/b"] == "gone"


def test_items_without_a_url_of_their_own_are_told_apart(crawling: Crawling) -> None:
    given = [Delivered(None, b"1", PAGE), Delivered(None, b"2", PAGE), Delivered(START + "a", b"3", PAGE),
             Delivered(START + "a", b"4", PAGE), Delivered("mailto:x", b"5", PAGE)]  # fmt: skip
    result = crawling.run(job(), jobs=Service(given))
    assert result.counts == {"fetched": 6}
    assert len(set(result.pages["payload"])) == 6


def test_what_the_job_saw_fail_is_no_content(crawling: Crawling) -> None:
    given = [Delivered(START + "a", b"", PAGE, 404), Delivered(START + "b", b"", PAGE, 500)]
    result = crawling.run(job(), jobs=Service(given))
    assert outcomes(result) == {"/": "fetched", "/a": "gone", "/b": "failed"}
