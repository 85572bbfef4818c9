"""Bright Data's datasets by our way and by brightdata-sdk, against the same loopback service."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from brightdata.core.engine import AsyncEngine
from brightdata.exceptions import APIError, AuthenticationError, DataNotReadyError
from brightdata.scrapers.api_client import DatasetAPIClient

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Batch
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.brightdata_jobs import BrightDataJobs
from webdata_assets_tests.crawl.harness import DATE, FastClock
from webdata_assets_tests.crawl.vendors.fake_brightdata import DATASET, KEY, FakeBrightData
from webdata_assets_tests.crawl.vendors.loopback import job_rule, source_at

SITE = "https://site.test/"
RULE = DiscoverJob.model_validate(job_rule(DATASET, item_body="html"))
DEAD = {"input": {"url": SITE}, "error": "The page does not exist", "error_code": "dead_page"}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBrightData]:
    with FakeBrightData() as fake:
        fake.records = [{"url": f"{SITE}{n}", "html": f"<p>{n} ü</p>", "input": {}} for n in range(2_300)]
        # the SDK takes no address; it has constants
        for name, path in (("TRIGGER", "trigger"), ("STATUS", "progress"), ("RESULT", "snapshot")):
            monkeypatch.setattr(DatasetAPIClient, f"{name}_URL", f"{fake.url}/datasets/v3/{path}")
        yield fake


@pytest.fixture
async def sdk(service: FakeBrightData) -> AsyncIterator[DatasetAPIClient]:
    async with AsyncEngine(KEY, rate_limit=1_000) as engine:
        yield DatasetAPIClient(engine)


def jobs_by(service: FakeBrightData, http: Transport, clock: FastClock, **values: Any) -> BrightDataJobs:
    environ = {"BRIGHTDATA_API_TOKEN": values.pop("key", KEY)}
    source = source_at("brightdata", service.url, discover=RULE.model_dump(), **values)
    return BrightDataJobs(source, http=http, environ=environ, clock=clock)


async def collect(
    jobs: BrightDataJobs, job: str, cursor: str | None = None, rule: DiscoverJob = RULE
) -> list[Batch]:
    return [batch async for batch in jobs.results(rule, job, cursor)]


def seen(batches: list[Batch]) -> list[tuple[str | None, str]]:
    return [(page.url, page.body.decode()) for batch in batches for page in batch.pages]


async def test_both_see_the_same_records(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock
) -> None:
    snapshot = await sdk.trigger([{"url": SITE}], DATASET)
    assert snapshot is not None
    assert [await sdk.get_status(snapshot) for _ in range(3)] == ["starting", "running", "ready"]
    theirs = [(record["url"], record["html"]) for record in await sdk.fetch_result(snapshot)]
    jobs = jobs_by(service, http, clock)
    batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert seen(batches) == theirs
    assert [len(batch.pages) for batch in batches] == [1_000, 1_000, 300]
    assert [batch.cursor for batch in batches] == ["2", "3", None]


async def test_the_same_collection_is_asked_for(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock
) -> None:
    extra = {"type": "discover_new", "discover_by": "category_url"}
    await sdk.trigger([{"sort": "new", "url": SITE}], DATASET, extra_params=extra)
    rule = RULE.model_copy(update={"input": {"sort": "new"}})
    await jobs_by(service, http, clock, options={"zone": "z", "trigger": extra}).start(rule, SITE, DATE)
    their_call, our_call = service.calls
    assert our_call.line == their_call.line == "POST /datasets/v3/trigger"
    assert our_call.query == their_call.query
    assert our_call.body == their_call.body
    for name in ("authorization", "content-type"):
        assert our_call.headers[name] == their_call.headers[name]


async def test_a_restart_asks_for_the_rest_and_nothing_twice(
    service: FakeBrightData, http: Transport, clock: FastClock
) -> None:
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    first = await anext(jobs.results(RULE, job, None))
    service.lines()
    rest = await collect(jobs_by(service, http, clock), job, first.cursor)
    assert seen([first, *rest]) == [(record["url"], record["html"]) for record in service.records]
    asked = [call.query["part"] for call in service.calls if "part" in call.query]
    assert asked == ["2", "3"]
    assert not any(call.method == "POST" for call in service.calls)


async def test_a_snapshot_that_is_still_built_is_waited_for(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock
) -> None:
    service.states, service.builds = ["ready"], 2
    snapshot = await sdk.trigger([{"url": SITE}], DATASET)
    assert snapshot is not None
    with pytest.raises(DataNotReadyError, match="building"):
        await sdk.fetch_result(snapshot)
    jobs = jobs_by(service, http, clock)
    assert len(seen(await collect(jobs, await jobs.start(RULE, SITE, DATE)))) == 2_300
    assert len(clock.slept) == 2


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_collection_that_ended_badly_has_failed(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock, status: str
) -> None:
    service.states = ["running", status]
    snapshot = await sdk.trigger([{"url": SITE}], DATASET)
    assert snapshot is not None
    assert [await sdk.get_status(snapshot) for _ in range(2)] == ["running", status]
    jobs = jobs_by(service, http, clock)
    with pytest.raises(PermanentError, match=f"has ended as {status}: ") as error:
        await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert error.value.failure_domain == FailureDomain.TARGET
    assert str(error.value).isprintable()


async def test_a_collection_over_its_deadline_is_cancelled(
    service: FakeBrightData, http: Transport, clock: FastClock
) -> None:
    service.states = ["running"]
    rule = RULE.model_copy(update={"timeout_seconds": 90.0})
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(rule, SITE, DATE)
    with pytest.raises(PermanentError, match="has not ended within 90 s") as error:
        await collect(jobs, job, rule=rule)
    assert error.value.failure_domain == FailureDomain.TARGET
    assert sum(clock.slept) == pytest.approx(90)
    assert service.snapshots[job].states == ["canceled"]


async def test_an_empty_snapshot_has_no_pages(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock
) -> None:
    service.records = []
    snapshot = await sdk.trigger([{"url": SITE}], DATASET)
    assert snapshot is not None
    with pytest.raises(APIError, match="Snapshot is empty"):
        await sdk.fetch_result(snapshot)
    jobs = jobs_by(service, http, clock)
    assert await collect(jobs, await jobs.start(RULE, SITE, DATE)) == [Batch([], None)]


async def test_inputs_that_failed_are_told_and_are_no_pages(
    service: FakeBrightData, http: Transport, clock: FastClock, caplog: pytest.LogCaptureFixture
) -> None:
    service.records = [*service.records[:2], DEAD]
    jobs = jobs_by(service, http, clock)
    with caplog.at_level(logging.WARNING):
        batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert [url for url, _ in seen(batches)] == [f"{SITE}0", f"{SITE}1"]
    assert "1 inputs failed, such as by dead_page: The page does not exist" in caplog.text


async def test_a_collection_of_failures_alone_has_failed(
    service: FakeBrightData, http: Transport, clock: FastClock
) -> None:
    service.records = [DEAD]
    jobs = jobs_by(service, http, clock)
    with pytest.raises(PermanentError, match="dead_page") as error:
        await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert error.value.failure_domain == FailureDomain.TARGET


@pytest.mark.parametrize(
    ("status", "body", "ours", "domain"),
    [
        (400, {"validation_errors": ["url: Required field"]}, PermanentError, FailureDomain.CONFIGURATION),
        (402, "Account is suspended", PermanentError, FailureDomain.ACCESS),
        (404, "dataset does not exist", PermanentError, FailureDomain.CONFIGURATION),
        (429, "You have too many running jobs", TransientError, FailureDomain.TARGET),
        (500, "Internal server error", TransientError, FailureDomain.TARGET),
    ],
)
async def test_both_see_the_same_refusal(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock,
    status: int, body: object, ours: type[Exception], domain: FailureDomain,
) -> None:  # fmt: skip
    service.refuse(status, body, times=10)
    with pytest.raises(APIError) as theirs:
        await sdk.trigger([{"url": SITE}], DATASET)
    assert theirs.value.status_code == status
    with pytest.raises(ours) as error:
        await jobs_by(service, http, clock).start(RULE, SITE, DATE)
    assert error.value.failure_domain == domain
    assert len(service.calls) == (1 + 4 if status == 429 else 1 + 1)


async def test_both_give_up_on_a_snapshot_that_does_not_exist(
    service: FakeBrightData, sdk: DatasetAPIClient, http: Transport, clock: FastClock
) -> None:
    assert await sdk.get_status("s_missing") == "error"
    with pytest.raises(PermanentError, match="Snapshot does not exist") as error:
        await collect(jobs_by(service, http, clock), "s_missing")
    assert error.value.failure_domain == FailureDomain.TARGET


async def test_a_refused_key_is_named_and_not_shown(
    service: FakeBrightData, http: Transport, clock: FastClock
) -> None:
    async with AsyncEngine("wrong-key") as engine:
        with pytest.raises(AuthenticationError):
            await DatasetAPIClient(engine).trigger([{"url": SITE}], DATASET)
    with pytest.raises(PermanentError, match="BRIGHTDATA_API_TOKEN") as error:
        await jobs_by(service, http, clock, key="wrong-key").start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.ACCESS
    assert "wrong-key" not in str(error.value)


async def test_a_look_is_tried_again_after_a_rate_limit_and_a_server_error(
    service: FakeBrightData, http: Transport, clock: FastClock
) -> None:
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    service.refuse(429, headers={"Retry-After": "9"})
    service.refuse(503)
    assert len(seen(await collect(jobs, job))) == 2_300
    assert clock.slept[0] == 9


@pytest.mark.parametrize("answer", ["<html>", [], {}, {"snapshot_id": 7}, {"snapshot_id": "../x"}])
async def test_a_start_against_the_documentation_is_a_parse_failure(
    service: FakeBrightData, http: Transport, clock: FastClock, answer: object
) -> None:
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await jobs_by(service, http, clock).start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.PARSE


@pytest.mark.parametrize("answer", ["<html>", {}, {"status": "ready"}, "7"])
async def test_records_against_the_documentation_are_a_parse_failure(
    service: FakeBrightData, http: Transport, clock: FastClock, answer: object
) -> None:
    service.states = ["ready"]
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    service.refuse(200, {"status": "ready"})
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await collect(jobs, job)
    assert error.value.failure_domain == FailureDomain.PARSE


@pytest.mark.parametrize("cursor", ["0", "-1", "x", "²"])
async def test_a_cursor_of_something_else_is_refused(
    service: FakeBrightData, http: Transport, clock: FastClock, cursor: str
) -> None:
    with pytest.raises(PermanentError, match="is no cursor"):
        await collect(jobs_by(service, http, clock), "s_1", cursor)
    assert service.calls == []


@pytest.mark.parametrize("name", ["dataset_id", "format", "include_errors"])
async def test_parameters_that_are_ours_are_refused(
    service: FakeBrightData, http: Transport, clock: FastClock, name: str
) -> None:
    with pytest.raises(PermanentError, match=f"may not hold `{name}`") as error:
        jobs_by(service, http, clock, options={"trigger": {name: "x"}})
    assert error.value.failure_domain == FailureDomain.CONFIGURATION
