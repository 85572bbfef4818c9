"""Apify by our way and by apify-client, against the same loopback service: both see the same."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from apify_client import ApifyClient
from apify_client import errors as sdk_errors

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Batch
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.apify import ApifyJobs
from webdata_assets_tests.crawl.harness import DATE, FastClock
from webdata_assets_tests.crawl.vendors.fake_apify import ACTOR, KEY, FakeApify
from webdata_assets_tests.crawl.vendors.loopback import job_rule, source_at

SITE = "https://site.test/"
RULE = DiscoverJob.model_validate(job_rule(ACTOR, item_body="html"))
INPUT = {"maxDepth": 1}


@pytest.fixture
def service() -> Iterator[FakeApify]:
    with FakeApify() as fake:
        fake.items = [
            {"url": f"{SITE}{number}", "html": f"<p>{number} ü</p>", "#debug": {"n": number}}
            for number in range(620)
        ]
        fake.items[3] = {"#error": True, "#debug": {"url": f"{SITE}3"}}
        yield fake


@pytest.fixture
def sdk(service: FakeApify) -> ApifyClient:
    return ApifyClient(KEY, api_url=service.url, min_delay_between_retries=dt.timedelta(milliseconds=1))


def jobs_by(service: FakeApify, http: Transport, clock: FastClock, **values: Any) -> ApifyJobs:
    environ = {"APIFY_TOKEN": values.pop("key", KEY)}
    source = source_at("apify", service.url, discover=RULE.model_dump(), **values)
    return ApifyJobs(source, http=http, environ=environ, clock=clock)


async def collect(
    jobs: ApifyJobs, job: str, cursor: str | None = None, rule: DiscoverJob = RULE
) -> list[Batch]:
    return [batch async for batch in jobs.results(rule, job, cursor)]


def seen(batches: list[Batch]) -> list[tuple[str | None, str]]:
    return [(page.url, page.body.decode()) for batch in batches for page in batch.pages]


async def test_both_see_the_same_items(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    run = sdk.actor(ACTOR).start(run_input=INPUT)
    finished = sdk.run(run.id).wait_for_finish()
    assert finished is not None
    assert finished.status == "SUCCEEDED"
    items = sdk.dataset(finished.default_dataset_id).iterate_items(clean=True, chunk_size=250)
    theirs = [(item["url"], item["html"]) for item in items]
    their_lines = service.lines()
    jobs = jobs_by(service, http, clock)
    batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert seen(batches) == theirs
    assert len(theirs) == 619
    assert batches[-1].cursor is None
    assert [line.replace("run2", "run1") for line in service.lines()] == their_lines


async def test_the_same_run_is_asked_for(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    run_input = {**INPUT, "startUrls": [{"url": SITE}]}
    sdk.actor(ACTOR).start(run_input=run_input, run_timeout=dt.timedelta(hours=1), memory_mbytes=512)
    rule = RULE.model_copy(update={"input": INPUT})
    await jobs_by(service, http, clock, options={"memory": 512}).start(rule, SITE, DATE)
    their_call, our_call = service.calls
    assert our_call.line == their_call.line == "POST /v2/actors/janedoe~news-scraper/runs"
    assert our_call.query == their_call.query == {"timeout": "3600", "memory": "512"}
    assert our_call.body == their_call.body == run_input
    assert our_call.headers["authorization"] == their_call.headers["authorization"]
    assert their_call.headers["content-type"].startswith(our_call.headers["content-type"])


async def test_the_key_is_never_in_a_query(service: FakeApify, http: Transport, clock: FastClock) -> None:
    jobs = jobs_by(service, http, clock)
    await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert not any(KEY in value for call in service.calls for value in call.query.values())


async def test_a_restart_asks_for_the_rest_and_nothing_twice(
    service: FakeApify, http: Transport, clock: FastClock
) -> None:
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    first = await anext(jobs.results(RULE, job, None))
    assert (len(first.pages), first.cursor) == (249, "250")
    service.lines()
    rest = await collect(jobs_by(service, http, clock), job, first.cursor)
    assert seen(rest)[0][0] == f"{SITE}250"
    assert len(seen(rest)) == 370
    asked = [call.query["offset"] for call in service.calls if call.path.endswith("/items")]
    assert asked == ["250", "500", "620"]
    assert not any(call.method == "POST" for call in service.calls)


@pytest.mark.parametrize("status", ["FAILED", "TIMED-OUT", "ABORTED"])
async def test_a_run_that_fails_gives_its_items_and_then_its_failure(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock, status: str
) -> None:
    service.states, service.items = ["RUNNING", status], service.items[:2]
    service.status_message = "it ran\nout of memory"
    theirs = sdk.run(sdk.actor(ACTOR).start().id).wait_for_finish()
    assert theirs is not None
    assert theirs.status == status
    jobs = jobs_by(service, http, clock)
    results = jobs.results(RULE, await jobs.start(RULE, SITE, DATE), None)
    batch = await anext(results)
    assert (len(batch.pages), batch.cursor) == (2, "2")
    with pytest.raises(PermanentError, match=f"{status}: it ran out of memory") as error:
        await anext(results)
    assert error.value.failure_domain == FailureDomain.TARGET


async def test_a_run_has_until_its_deadline(service: FakeApify, http: Transport, clock: FastClock) -> None:
    service.states = ["RUNNING"]
    rule = RULE.model_copy(update={"timeout_seconds": 90.0})
    jobs = jobs_by(service, http, clock)
    with pytest.raises(PermanentError, match="has not ended within 90 s") as error:
        await collect(jobs, await jobs.start(rule, SITE, DATE), rule=rule)
    assert error.value.failure_domain == FailureDomain.TARGET
    assert sum(clock.slept) == pytest.approx(90)


async def test_both_wait_for_a_run_that_is_not_known_everywhere_yet(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    missing = {"error": {"type": "record-not-found", "message": "Actor run was not found"}}
    run = sdk.actor(ACTOR).start()
    service.refuse(404, missing)
    theirs = sdk.run(run.id).wait_for_finish()
    assert theirs is not None
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    service.refuse(404, missing)
    assert len(seen(await collect(jobs, job))) == 619


async def test_both_give_up_on_a_run_that_does_not_exist(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    assert sdk.run("run99").get() is None
    with pytest.raises(PermanentError, match="Actor run was not found") as error:
        await collect(jobs_by(service, http, clock), "run99")
    assert error.value.failure_domain == FailureDomain.TARGET


async def test_an_unknown_actor_is_the_source_file_s(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    with pytest.raises(sdk_errors.NotFoundError, match="Actor was not found"):
        sdk.actor("nobody/nothing").start()
    with pytest.raises(PermanentError, match="Actor was not found") as error:
        await jobs_by(service, http, clock).start(
            RULE.model_copy(update={"name": "nobody/nothing"}), SITE, DATE
        )
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


async def test_a_refused_key_is_named_and_not_shown(
    service: FakeApify, http: Transport, clock: FastClock
) -> None:
    with pytest.raises(sdk_errors.UnauthorizedError):
        ApifyClient("apify-wrong", api_url=service.url).actor(ACTOR).start()
    with pytest.raises(PermanentError, match="APIFY_TOKEN") as error:
        await jobs_by(service, http, clock, key="apify-wrong").start(RULE, SITE, DATE)
    assert error.value.failure_domain == FailureDomain.ACCESS
    assert "apify-wrong" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "ours", "domain"),
    [
        ("not-enough-usage-to-run-paid-actor", PermanentError, FailureDomain.ACCESS),
        ("actor-memory-limit-exceeded", TransientError, FailureDomain.TARGET),
        ("concurrent-runs-limit-exceeded", TransientError, FailureDomain.TARGET),
    ],
)
async def test_a_spent_quota_stays_and_a_busy_account_passes(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock,
    kind: str, ours: type[Exception], domain: FailureDomain,
) -> None:  # fmt: skip
    body = {"error": {"type": kind, "message": "no more of that"}}
    service.refuse(402, body, times=2)
    with pytest.raises(sdk_errors.ApifyApiError, match="no more of that") as theirs:
        sdk.actor(ACTOR).start()
    assert (theirs.value.status_code, theirs.value.type) == (402, kind)
    with pytest.raises(ours, match="no more of that") as error:
        await jobs_by(service, http, clock).start(RULE, SITE, DATE)
    assert error.value.failure_domain == domain


async def test_both_look_again_after_a_rate_limit_and_a_server_error(
    service: FakeApify, sdk: ApifyClient, http: Transport, clock: FastClock
) -> None:
    run = sdk.actor(ACTOR).start()
    service.refuse(429, {"error": {"type": "rate-limit-exceeded", "message": "slow"}})
    service.refuse(503)
    assert sdk.run(run.id).get() is not None
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    service.refuse(429, headers={"Retry-After": "9"})
    service.refuse(503)
    assert len(seen(await collect(jobs, job))) == 619
    assert clock.slept[0] == 9


async def test_answers_over_the_cap_are_asked_for_in_smaller_pages(
    service: FakeApify, http: Transport, clock: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.items = [{"url": f"{SITE}{number}", "html": "x" * 40_000} for number in range(40)]
    monkeypatch.setattr("webdata_assets.stages.crawl.vendors.apify._ANSWER_BYTES", 0)
    jobs = jobs_by(service, http, clock, max_body_bytes=50_000)
    batches = await collect(jobs, await jobs.start(RULE, SITE, DATE))
    assert [url for url, _ in seen(batches)] == [f"{SITE}{number}" for number in range(40)]
    limits = [int(call.query["limit"]) for call in service.calls if call.path.endswith("/items")]
    assert limits[:7] == [250, 125, 62, 31, 15, 7, 3]


async def test_without_item_body_an_item_is_its_json(
    service: FakeApify, http: Transport, clock: FastClock
) -> None:
    service.items = [{"url": SITE, "b": 1, "a": "ü"}]
    rule = RULE.model_copy(update={"item_body": None})
    jobs = jobs_by(service, http, clock)
    batches = await collect(jobs, await jobs.start(rule, SITE, DATE), rule=rule)
    [page] = batches[0].pages
    assert (page.url, page.content_type) == (SITE, "application/json")
    assert page.body == '{"a":"ü","b":1,"url":"https://site.test/"}'.encode()
    assert orjson.loads(page.body) == service.items[0]


@pytest.mark.parametrize("answer", ["<html>", {}, {"data": []}, {"data": {"status": 7}}])
async def test_an_answer_against_the_documentation_is_a_parse_failure(
    service: FakeApify, http: Transport, clock: FastClock, answer: object
) -> None:
    jobs = jobs_by(service, http, clock)
    job = await jobs.start(RULE, SITE, DATE)
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await collect(jobs, job)
    assert error.value.failure_domain == FailureDomain.PARSE


async def test_a_cursor_of_somebody_else_is_refused(
    service: FakeApify, http: Transport, clock: FastClock
) -> None:
    with pytest.raises(PermanentError, match="no cursor of Apify"):
        await collect(jobs_by(service, http, clock), "run1", "skip=2")
