"""Scrapy Cloud by our way and by scrapinghub, against the same loopback service: both see the same."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from scrapinghub import ScrapinghubClient
from scrapinghub.client import exceptions as sdk_errors

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Batch
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.scrapy_cloud import ScrapyCloudJobs
from webdata_assets_tests.crawl.harness import DATE, FastClock
from webdata_assets_tests.crawl.vendors.fake_scrapy_cloud import (
    DUPLICATE,
    KEY,
    PROJECT,
    SPIDER,
    FakeScrapyCloud,
)
from webdata_assets_tests.crawl.vendors.loopback import job_rule, source_at

SITE = "https://site.test/"
RULE = DiscoverJob.model_validate(job_rule(f"{PROJECT}/{SPIDER}", item_body="html"))


@pytest.fixture
def service() -> Iterator[FakeScrapyCloud]:
    with FakeScrapyCloud() as fake:
        fake.items = [{"url": f"{SITE}{n}", "html": f"<p>{n} ü\u2028\u0085</p>"} for n in range(1_200)]
        yield fake


@pytest.fixture
def sdk(service: FakeScrapyCloud) -> ScrapinghubClient:
    return sdk_at(service, KEY)


def sdk_at(service: FakeScrapyCloud, key: str) -> ScrapinghubClient:
    return ScrapinghubClient(
        key,
        dash_endpoint=f"{service.url}/api/",
        endpoint=f"{service.url}/",
        use_msgpack=False,
        max_retries=2,
        max_retry_time=2,
    )


def jobs_by(service: FakeScrapyCloud, http: Transport, clock: FastClock, **values: Any) -> ScrapyCloudJobs:
    environ = {"SHUB_APIKEY": values.pop("key", KEY)}
    source = source_at("scrapy_cloud", service.url, discover=RULE.model_dump(), **values)
    return ScrapyCloudJobs(source, http=http, environ=environ, clock=clock)


async def collect(
    jobs: ScrapyCloudJobs, job: str, cursor: str | None = None, rule: DiscoverJob = RULE
) -> list[Batch]:
    return [batch async for batch in jobs.results(rule, job, cursor)]


def seen(batches: list[Batch]) -> list[tuple[str | None, str]]:
    return [(page.url, page.body.decode()) for batch in batches for page in batch.pages]


def form(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = dict(parse_qsl(body))
    if "job_settings" in fields:
        fields["job_settings"] = json.loads(fields["job_settings"])
    return fields


async def test_both_see_the_same_items(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    job = sdk.get_project(PROJECT).jobs.run(SPIDER)
    states = [job.metadata.get("state") for _ in range(3)]
    assert states == ["pending", "running", "finished"]
    assert job.metadata.get("close_reason") == "finished"
    theirs = [(item["url"], item["html"]) for items in job.items.list_iter(500) for item in items]
    jobs = jobs_by(service, http, clock)
    batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert seen(batches) == theirs
    assert [len(batch.pages) for batch in batches] == [500, 500, 200, 0]
    assert [batch.cursor for batch in batches] == ["500", "1000", "1200", None]


async def test_the_same_job_is_asked_for(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    sdk.get_project(PROJECT).jobs.run(
        SPIDER,
        job_args={"start_url": SITE, "date": "2026-06-02", "shelf": "novels", "deep": "true"},
        job_settings={"DOWNLOAD_DELAY": 1},
        units=2,
    )
    service.jobs.clear()
    rule = RULE.model_copy(update={"input": {"shelf": "novels", "deep": True}})
    options = {"job_settings": {"DOWNLOAD_DELAY": 1}, "units": 2}
    await jobs_by(service, http, clock, options=options).start(rule, SITE, DATE)
    their_call, our_call = service.calls
    assert our_call.line == their_call.line == "POST /api/run.json"
    assert form(our_call.body) == form(their_call.body)
    for name in ("authorization", "content-type"):
        assert our_call.headers[name] == their_call.headers[name]


async def test_items_are_asked_for_as_the_sdk_does(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    service.states = ["finished"]
    job = sdk.get_project(PROJECT).jobs.run(SPIDER)
    list(job.items.list_iter(500, start=1_000))
    await collect(jobs_by(service, http, clock), job.key, "1000")
    theirs, *_, ours, _ = (call for call in service.calls if call.path.startswith("/items/"))
    assert ours.path == theirs.path
    assert ours.query == {"start": theirs.query["start"], "count": theirs.query["count"], "format": "jl"}


async def test_a_restart_asks_for_the_rest_and_nothing_twice(
    service: FakeScrapyCloud, http: Transport, clock: FastClock
) -> None:
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    first = await anext(jobs.results(RULE, job, None))
    service.lines()
    rest = await collect(jobs_by(service, http, clock), job, first.cursor)
    assert seen([first, *rest]) == [(item["url"], item["html"]) for item in service.items]
    starts = [call.query["start"] for call in service.calls if call.path.startswith("/items/")]
    assert starts == [f"{job}/500", f"{job}/1000", f"{job}/1200"]


@pytest.mark.parametrize("reason", ["cancelled", "failed", "memusage_exceeded", "shutdown", "no\nreason\x1b"])
async def test_a_job_that_ended_badly_gives_its_items_and_then_its_failure(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock, reason: str
) -> None:
    service.states, service.items, service.close_reason = ["finished"], service.items[:2], reason
    assert sdk.get_project(PROJECT).jobs.run(SPIDER).metadata.get("close_reason") == reason
    jobs = jobs_by(service, http, clock)
    results = jobs.results(RULE, await jobs.start(RULE, SITE, DATE), None)
    batch = await anext(results)
    assert (len(batch.pages), batch.cursor) == (2, "2")
    with pytest.raises(PermanentError, match="has ended as") as error:
        await anext(results)
    assert error.value.failure_domain == FailureDomain.TARGET
    assert str(error.value).isprintable()


async def test_a_job_that_is_deleted_or_unknown_has_failed(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    with pytest.raises(sdk_errors.NotFound):
        sdk.get_job("123/1/99").metadata.get("state")
    jobs = jobs_by(service, http, clock)
    with pytest.raises(PermanentError, match="Not found") as error:
        await collect(jobs, "123/1/99")
    assert error.value.failure_domain == FailureDomain.TARGET
    service.states = ["deleted"]
    with pytest.raises(PermanentError, match="is deleted"):
        await collect(jobs, await jobs.start(RULE, SITE, DATE))


async def test_a_job_over_its_deadline_is_stopped(
    service: FakeScrapyCloud, http: Transport, clock: FastClock
) -> None:
    service.states = ["running"]
    rule = RULE.model_copy(update={"timeout_seconds": 90.0})
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(rule, SITE, DATE)
    with pytest.raises(PermanentError, match="has not ended within 90 s") as error:
        await collect(jobs, job, rule=rule)
    assert error.value.failure_domain == FailureDomain.TARGET
    assert sum(clock.slept) == pytest.approx(90)
    assert (service.jobs[job].state, service.jobs[job].close_reason) == ("finished", "cancelled")
    stop = next(call for call in service.calls if call.path == "/api/jobs/stop.json")
    assert form(stop.body) == {"project": PROJECT, "job": job}


async def test_a_job_that_is_at_work_already_is_worth_another_try(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    service.states = ["running"]
    project = sdk.get_project(PROJECT)
    project.jobs.run(SPIDER)
    with pytest.raises(sdk_errors.DuplicateJobError):
        project.jobs.run(SPIDER)
    jobs = jobs_by(service, http, clock)
    await jobs.start(RULE, SITE, DATE)
    with pytest.raises(TransientError, match=DUPLICATE) as error:
        await jobs.start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.TARGET


@pytest.mark.parametrize("status", [200, 400])
async def test_an_unknown_spider_is_the_source_file_s(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock, status: int
) -> None:
    refusal = {"status": "badrequest", "message": "spider novels does not exist"}
    service.refuse(status, refusal, times=2)
    with pytest.raises(sdk_errors.BadRequest, match="does not exist"):
        sdk.get_project(PROJECT).jobs.run("novels")
    with pytest.raises(PermanentError, match="does not exist") as error:
        await jobs_by(service, http, clock).start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


@pytest.mark.parametrize("status", [200, 401])
async def test_a_refused_key_is_named_and_shown_in_no_spelling(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, status: int
) -> None:
    refusal = {"status": "error", "message": "Authentication failed"}
    service.refuse(status, refusal, times=2)
    with pytest.raises(sdk_errors.Unauthorized):
        sdk_at(service, "wrong-key").get_project(PROJECT).jobs.run(SPIDER)
    jobs = jobs_by(service, http, clock, key="wrong-key")
    with pytest.raises(PermanentError, match="SHUB_APIKEY") as at_start:
        await jobs.start(RULE, SITE, DATE)
    with pytest.raises(sdk_errors.Unauthorized):
        sdk_at(service, "wrong-key").get_job("123/1/1").metadata.get("state")
    with pytest.raises(PermanentError, match="SHUB_APIKEY") as at_look:
        await collect(jobs, "123/1/1")
    encoded = base64.b64encode(b"wrong-key:").decode()
    for error in (at_start, at_look):
        assert error.value.failure_domain == FailureDomain.ACCESS
        assert "wrong-key" not in str(error.value)
        assert encoded not in str(error.value)


async def test_both_look_again_after_a_rate_limit_and_a_server_error(
    service: FakeScrapyCloud, sdk: ScrapinghubClient, http: Transport, clock: FastClock
) -> None:
    job = sdk.get_project(PROJECT).jobs.run(SPIDER)
    service.refuse(429)
    assert job.metadata.get("state") == "pending"
    jobs = jobs_by(service, http, clock)
    ours = await jobs.start(RULE, SITE, DATE)
    service.refuse(429, headers={"Retry-After": "9"})
    service.refuse(503)
    assert len(seen(await collect(jobs, ours))) == 1_200
    assert clock.slept[0] == 9


async def test_answers_over_the_cap_are_asked_for_in_smaller_pages(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.items = [{"url": f"{SITE}{number}", "html": "x" * 40_000} for number in range(40)]
    monkeypatch.setattr("webdata_assets.stages.crawl.vendors.scrapy_cloud._ANSWER_BYTES", 0)
    jobs = jobs_by(service, http, clock, max_body_bytes=50_000)
    batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert [url for url, _ in seen(batches)] == [f"{SITE}{number}" for number in range(40)]


@pytest.mark.parametrize(
    "answer",
    ["<html>", [], {}, {"status": "ok"}, {"status": "ok", "jobid": "../../etc"}, {"status": 7}],
)
async def test_a_start_against_the_documentation_is_a_parse_failure(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, answer: object
) -> None:
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await jobs_by(service, http, clock).start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.PARSE


@pytest.mark.parametrize("answer", ["<html>", [], {}, {"state": ["finished"]}])
async def test_a_state_against_the_documentation_is_a_parse_failure(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, answer: object
) -> None:
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await collect(jobs_by(service, http, clock), "123/1/1")
    assert error.value.failure_domain == FailureDomain.PARSE


@pytest.mark.parametrize("cursor", ["-1", "x", "1/2", "²"])
async def test_a_cursor_of_something_else_is_refused(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, cursor: str
) -> None:
    with pytest.raises(PermanentError, match="is no cursor"):
        await collect(jobs_by(service, http, clock), "123/1/1", cursor)
    assert service.calls == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"name": "books"}, "write `project/spider`"),
        ({"name": "123/books/../x"}, "write `project/spider`"),
        ({"input": {"project": "7"}}, "may not hold `project`"),
        ({"input": {"job_settings": {}}}, "may not hold `job_settings`"),
    ],
)
async def test_a_mistake_in_the_rule_is_named(
    service: FakeScrapyCloud, http: Transport, clock: FastClock, rule: dict[str, Any], says: str
) -> None:
    with pytest.raises(PermanentError, match=says) as error:
        await jobs_by(service, http, clock).start(RULE.model_copy(update=rule), SITE, DATE)
    assert error.value.failure_domain == FailureDomain.CONFIGURATION
    assert service.calls == []


async def test_a_missing_key_is_named(service: FakeScrapyCloud, http: Transport, clock: FastClock) -> None:
    with pytest.raises(PermanentError, match="SHUB_APIKEY") as error:
        jobs_by(service, http, clock, key="")
    assert error.value.failure_domain == FailureDomain.CONFIGURATION
