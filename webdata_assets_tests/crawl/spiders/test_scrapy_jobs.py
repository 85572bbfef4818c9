"""Real Scrapy spiders on a site on loopback: what they are given, what they hand over, and how they end."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets_tests.crawl.spiders.harness import (
    DATE,
    HERE,
    USER_AGENT,
    Shelf,
    batches_of,
    job_rule,
    jobs_of,
    run,
    source_of,
)


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with Shelf().serving() as serving:
        yield serving


async def test_a_projects_spider_hands_over_its_items_as_pages(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule(
        "shop_project:books",
        shelf.url,
        input={"shelf": "novels, new", "tags": ["a", 1]},
        item_body="html",
    )
    pages = await run(jobs_of(source_of(), tmp_path), rule)
    assert sorted((page.url, page.body, page.content_type) for page in pages) == [
        (
            f"{shelf.url}book/{number}",
            f"<p>/book/{number}</p>".encode()
            + b"".join(b"<a href='/book/%d'>%d</a>" % (n, n) for n in range(4)),
            "text/html; charset=utf-8",
        )
        for number in range(3)
    ]
    assert shelf.paths == {"/robots.txt": 1, "/": 1, "/book/0": 1, "/book/1": 1, "/book/2": 1}
    assert shelf.agents == {USER_AGENT}


async def test_a_projects_own_state_and_feeds_stay_out_of_a_run(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("shop_project:books", shelf.url, input={"shelf": "novels", "tags": []})
    jobs = jobs_of(source_of(), tmp_path)
    before = {path.name for path in (HERE / "shop_project").iterdir()}
    first, second = await run(jobs, rule), await run(jobs, rule)
    assert {page.url for page in first} == {page.url for page in second}
    assert json.loads(first[0].body)["date"] == DATE.isoformat()
    assert {path.name for path in (HERE / "shop_project").iterdir()} == before


async def test_batches_go_on_where_their_cursor_says(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("files/counting.py", shelf.url, input={"count": 1_200})
    jobs = jobs_of(source_of(), tmp_path)
    job = await jobs.start(rule, shelf.url, DATE)
    batches = [batch async for batch in jobs.results(rule, job, None)]
    assert [len(batch.pages) for batch in batches] == [500, 500, 200]
    assert batches[-1].cursor is None
    urls = [page.url for batch in batches for page in batch.pages]
    assert urls == [f"{shelf.url}item/{number}" for number in range(1_200)]
    assert json.loads(batches[0].pages[0].body)["name"] == "Größe \u2028 📖 \ufffd"
    requests = shelf.paths.total()
    rest = [batch async for batch in jobs_of(source_of(), tmp_path).results(rule, job, batches[0].cursor)]
    assert rest == batches[1:]
    assert shelf.paths.total() == requests


async def test_a_spider_without_items_gives_one_empty_batch(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("files/counting.py", shelf.url, input={"count": 0})
    (batch,) = await batches_of(jobs_of(source_of(), tmp_path), rule)
    assert (batch.pages, batch.cursor) == ([], None)


async def test_exceptions_in_callbacks_fail_the_job_unless_they_are_let_pass(
    shelf: Shelf, tmp_path: Path
) -> None:
    rule = job_rule("files/crashing.py", shelf.url)
    environ = {"SHOP_TOKEN": "hunter2", "PATH": "/usr/bin"}
    strict = jobs_of(source_of({"env": ["SHOP_TOKEN"]}, robots="ignore"), tmp_path, environ=environ)
    job = await strict.start(rule, shelf.url, DATE)
    with pytest.raises(
        PermanentError, match=r"2, where 0 are let pass; first ValueError: no price"
    ) as raised:
        await anext(strict.results(rule, job, None))
    assert raised.value.failure_domain is FailureDomain.TARGET
    assert "hunter2" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    lenient = jobs_of(source_of({"max_errors": 2}, robots="ignore"), tmp_path)
    batch = await anext(lenient.results(rule, job, None))
    assert {page.url for page in batch.pages} == {f"{shelf.url}book/0", f"{shelf.url}book/2"}


async def test_items_that_cannot_be_written_are_not_lost_in_silence(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("files/counting.py", shelf.url, input={"count": 2, "odd": True})
    with pytest.raises(PermanentError, match="cannot be written as JSON: 1"):
        await run(jobs_of(source_of(), tmp_path), rule)


async def test_a_spider_that_the_project_lacks_is_a_mistake_in_the_configuration(
    shelf: Shelf, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match="Spider not found: novels") as raised:
        await run(jobs_of(source_of(), tmp_path), job_rule("shop_project:novels", shelf.url))
    assert raised.value.failure_domain is FailureDomain.CONFIGURATION


async def test_a_spider_that_raises_before_its_first_request_fails_with_its_reason(
    shelf: Shelf, tmp_path: Path
) -> None:
    source = source_of({"start_argument": "other"})
    with pytest.raises(PermanentError, match=r"start_error \(AttributeError: .*start_url"):
        await run(jobs_of(source, tmp_path), job_rule("files/counting.py", shelf.url, input={"count": 1}))


async def test_a_site_that_is_down_is_worth_another_try(tmp_path: Path) -> None:
    rule = job_rule("files/walking.py", "http://127.0.0.1:9/")
    with pytest.raises(TransientError, match="reached no page") as raised:
        await run(jobs_of(source_of(), tmp_path), rule)
    assert raised.value.failure_domain is FailureDomain.TARGET


async def test_a_spider_sees_only_the_environment_that_the_source_names(shelf: Shelf, tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin", "LANG": "C.UTF-8", "SHOP_TOKEN": "t", "AWS_SECRET_ACCESS_KEY": "s"}
    source = source_of(
        {
            "env": ["SHOP_TOKEN"],
            "start_argument": "url",
            "settings": {"CONCURRENT_REQUESTS_PER_DOMAIN": None, "DOWNLOAD_DELAY": 0.25},
        },
        robots="ignore",
    )
    (page,) = await run(
        jobs_of(source, tmp_path, environ=environ), job_rule("files/naming.py", f"{shelf.url}?a=b&c=d")
    )
    seen = json.loads(page.body)
    assert seen["url"] == f"{shelf.url}?a=b&c=d"
    assert set(seen["environment"]) - {"LC_CTYPE"} == {"PATH", "LANG", "SHOP_TOKEN"}
    assert seen["settings"] == {
        "CONCURRENT_REQUESTS_PER_DOMAIN": "7",
        "DOWNLOAD_DELAY": "0.25",
        "DOWNLOAD_TIMEOUT": "5.0",
        "ROBOTSTXT_OBEY": "False",
    }


async def test_a_feed_that_lost_its_end_is_made_anew(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("files/walking.py", f"{shelf.url}chain/7")
    jobs = jobs_of(source_of(), tmp_path)
    job = await jobs.start(rule, rule.start[0], DATE)
    (whole,) = [batch async for batch in jobs.results(rule, job, None)]
    feed = tmp_path / job / "items.jsonl"
    feed.write_bytes(feed.read_bytes()[:-10])
    (again,) = [batch async for batch in jobs.results(rule, job, None)]
    assert again == whole
    assert shelf.paths["/chain/7"] == 2
