"""Firecrawl by our way and by firecrawl-py, against the same loopback service: both see the same."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from firecrawl import Firecrawl
from firecrawl.v2.utils import error_handler as sdk_errors

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.jobs import Batch
from webdata_assets.stages.crawl.transport import Request, Transport
from webdata_assets.stages.crawl.vendors.firecrawl import FirecrawlTransport
from webdata_assets.stages.crawl.vendors.firecrawl_jobs import FirecrawlJobs
from webdata_assets_tests.crawl.harness import DATE, FastClock
from webdata_assets_tests.crawl.vendors.fake_firecrawl import KEY, Crawl, FakeFirecrawl, document
from webdata_assets_tests.crawl.vendors.loopback import job_rule, source_at

ENVIRON = {"FIRECRAWL_API_KEY": KEY}
SITE = "https://site.test/"


@pytest.fixture
def service() -> Iterator[FakeFirecrawl]:
    with FakeFirecrawl() as fake:
        yield fake


@pytest.fixture
def sdk(service: FakeFirecrawl) -> Firecrawl:
    return Firecrawl(api_key=KEY, api_url=service.url, max_retries=1)


def pages_by(service: FakeFirecrawl, http: Transport, **values: Any) -> FirecrawlTransport:
    environ = values.pop("environ", ENVIRON)
    return FirecrawlTransport(source_at("firecrawl", service.url, **values), http=http, environ=environ)


def rule_of(**values: Any) -> DiscoverJob:
    return DiscoverJob.model_validate(job_rule("crawl", **values))


def jobs_by(
    service: FakeFirecrawl, http: Transport, clock: FastClock, rule: DiscoverJob, **values: Any
) -> FirecrawlJobs:
    source = source_at("firecrawl", service.url, discover=rule.model_dump(), **values)
    return FirecrawlJobs(source, http=http, environ=ENVIRON, clock=clock)


async def collect(jobs: FirecrawlJobs, rule: DiscoverJob, job: str, cursor: str | None = None) -> list[Batch]:
    return [batch async for batch in jobs.results(rule, job, cursor)]


def seen(batches: list[Batch]) -> list[tuple[str | None, str, int | None]]:
    return [(page.url, page.body.decode(), page.status) for batch in batches for page in batch.pages]


class TestPages:
    async def test_both_see_the_same_page(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport
    ) -> None:
        html = "<!doctype html>\n<meta charset='windows-1252'><p>Grüße, \"welt\" 🌍</p>"
        service.documents[SITE] = document(SITE, html, url=f"{SITE}home")
        theirs = sdk.scrape(SITE, formats=["rawHtml"])
        [their_line] = service.lines()
        ours = await pages_by(service, http).fetch(Request(SITE, allow_private=True))
        assert ours.body.decode() == theirs.raw_html == html
        assert (ours.status, ours.url) == (theirs.metadata.status_code, theirs.metadata.url)
        assert ours.headers == {"content-type": "text/html; charset=utf-8"}
        assert [call.line for call in service.calls] == [their_line] == ["POST /v2/scrape"]

    async def test_the_same_key_and_options_are_sent(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport
    ) -> None:
        service.documents[SITE] = document(SITE, "<p>text</p>")
        sdk.scrape(
            SITE, formats=["rawHtml"], only_main_content=False, max_age=0, skip_tls_verification=False,
            mobile=True, timeout=3750, headers={"x-api": "1"},
        )  # fmt: skip
        source = source_at("firecrawl", service.url, options={"mobile": True}, headers={"X-Api": "1"})
        ours = FirecrawlTransport(source, http=http, environ=ENVIRON)
        headers = {"x-api": "1", "user-agent": "us", "if-none-match": '"1"'}
        await ours.fetch(Request(SITE, headers, timeout_seconds=5, allow_private=True))
        their_call, our_call = service.calls
        assert our_call.headers["authorization"] == their_call.headers["authorization"]
        assert our_call.headers["content-type"] == their_call.headers["content-type"]
        assert our_call.body.items() <= their_call.body.items()

    async def test_a_missing_page_keeps_the_status_of_the_site(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport
    ) -> None:
        theirs = sdk.scrape(f"{SITE}gone", formats=["rawHtml"])
        ours = await pages_by(service, http).fetch(Request(f"{SITE}gone", allow_private=True))
        assert ours.status == theirs.metadata.status_code == 404

    @pytest.mark.parametrize(
        ("status", "code", "theirs", "ours", "domain"),
        [
            (408, "SCRAPE_TIMEOUT", sdk_errors.RequestTimeoutError, TransientError, FailureDomain.TARGET),
            (429, "RATE", sdk_errors.RateLimitError, TransientError, FailureDomain.TARGET),
            (500, "SCRAPE_ALL_ENGINES_FAILED", sdk_errors.InternalServerError, TransientError,
             FailureDomain.TARGET),
            (200, "SCRAPE_DNS_RESOLUTION_ERROR", sdk_errors.DNSResolutionError, TransientError,
             FailureDomain.TARGET),
            (500, "SCRAPE_SSL_ERROR", sdk_errors.TLSError, PermanentError, FailureDomain.TARGET),
            (403, "UNSUPPORTED_SITE", sdk_errors.WebsiteNotSupportedError, PermanentError,
             FailureDomain.ACCESS),
            (402, "NO_CREDITS", sdk_errors.PaymentRequiredError, PermanentError, FailureDomain.ACCESS),
            (400, "BAD_REQUEST", sdk_errors.BadRequestError, PermanentError, FailureDomain.CONFIGURATION),
        ],
    )  # fmt: skip
    async def test_both_tell_a_failure_alike(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport,
        status: int, code: str, theirs: type[Exception], ours: type[Exception], domain: FailureDomain,
    ) -> None:  # fmt: skip
        service.fail(SITE, status, code, "it went wrong", **{"Retry-After": "7"})
        with pytest.raises(theirs, match="it went wrong"):
            sdk.scrape(SITE, formats=["rawHtml"])
        with pytest.raises(ours, match="it went wrong") as error:
            await pages_by(service, http).fetch(Request(SITE, allow_private=True))
        assert error.value.failure_domain == domain
        if status in (408, 429):
            assert error.value.retry_after_seconds == 7

    async def test_a_refused_key_is_named_and_not_shown(
        self, service: FakeFirecrawl, http: Transport
    ) -> None:
        with pytest.raises(sdk_errors.UnauthorizedError):
            Firecrawl(api_key="fc-wrong", api_url=service.url).scrape(SITE)
        environ = {"FIRECRAWL_API_KEY": "fc-wrong"}
        with pytest.raises(PermanentError, match="FIRECRAWL_API_KEY") as error:
            await pages_by(service, http, environ=environ).fetch(Request(SITE, allow_private=True))
        assert error.value.failure_domain == FailureDomain.ACCESS
        assert "fc-wrong" not in str(error.value)

    async def test_a_service_of_ones_own_needs_no_key(self, service: FakeFirecrawl, http: Transport) -> None:
        with pytest.raises(PermanentError, match="401"):
            await pages_by(service, http, environ={}).fetch(Request(SITE, allow_private=True))
        assert "authorization" not in service.calls[0].headers

    def test_the_vendor_s_service_needs_a_key(self, http: Transport) -> None:
        with pytest.raises(PermanentError, match="FIRECRAWL_API_KEY") as error:
            FirecrawlTransport(source_at("firecrawl", None), http=http, environ={})
        assert error.value.failure_domain == FailureDomain.CONFIGURATION

    async def test_a_page_over_the_cap_is_refused(self, service: FakeFirecrawl, http: Transport) -> None:
        service.documents[SITE] = document(SITE, "x" * 10_001)
        with pytest.raises(PermanentError, match="larger than 10000 bytes") as error:
            await pages_by(service, http).fetch(Request(SITE, max_body_bytes=10_000, allow_private=True))
        assert error.value.failure_domain == FailureDomain.RESOURCE

    async def test_a_cached_page_says_when_it_was_seen(self, service: FakeFirecrawl, http: Transport) -> None:
        service.documents[SITE] = document(SITE, "<p>", cacheState="hit", cachedAt="2026-06-01T10:00:00.000Z")
        page = await pages_by(service, http).fetch(Request(SITE, allow_private=True))
        assert page.observed_at == dt.datetime(2026, 6, 1, 10, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        "answer",
        [
            "<html>gateway</html>",
            {"success": True},
            {"success": True, "data": []},
            {"success": True, "data": {"metadata": {"statusCode": 200}}},
            {"success": True, "data": {"rawHtml": 7, "metadata": {"statusCode": 200}}},
            {"success": True, "data": {"rawHtml": "<p>", "metadata": {"statusCode": True}}},
            {"success": True, "data": {"rawHtml": "<p>", "metadata": {"statusCode": 99999}}},
        ],
    )
    async def test_an_answer_against_the_documentation_is_a_parse_failure(
        self, service: FakeFirecrawl, http: Transport, answer: object
    ) -> None:
        service.refuse(200, answer)
        with pytest.raises(PermanentError) as error:
            await pages_by(service, http).fetch(Request(SITE, allow_private=True))
        assert error.value.failure_domain == FailureDomain.PARSE

    def test_only_we_say_what_is_scraped(self, service: FakeFirecrawl, http: Transport) -> None:
        with pytest.raises(PermanentError, match="formats"):
            pages_by(service, http, options={"formats": ["markdown"]})


class TestJobs:
    def five_pages(self, **values: Any) -> Crawl:
        documents = [document(f"{SITE}{number}", f"<p>{number}</p>") for number in range(5)]
        return Crawl(documents, done=values.pop("done", [0, 2, 3, 3]), **values)

    async def test_both_see_the_same_crawl(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = self.five_pages()
        theirs = sdk.crawl(SITE, scrape_options={"formats": ["rawHtml"]}, poll_interval=0)
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        batches = await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
        assert theirs.status == "completed"
        assert seen(batches) == [
            (page.metadata.source_url, page.raw_html, page.metadata.status_code) for page in theirs.data
        ]
        assert batches[-1].cursor is None

    async def test_the_same_crawl_is_asked_for(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = self.five_pages(done=[])
        options = {"formats": ["rawHtml"], "max_age": 0, "only_main_content": False,
                   "skip_tls_verification": False}  # fmt: skip
        sdk.start_crawl(
            SITE, limit=500, include_paths=["/news/.*"], ignore_robots_txt=False, scrape_options=options
        )
        rule = rule_of(input={"includePaths": ["/news/.*"]})
        await jobs_by(service, http, clock, rule, max_pages=500).start(rule, SITE, DATE)
        their_call, our_call = service.calls
        assert our_call.line == their_call.line == "POST /v2/crawl"
        ours, theirs = dict(our_call.body), dict(their_call.body)
        assert ours.pop("scrapeOptions").items() <= theirs.pop("scrapeOptions").items()
        assert ours.items() <= {"ignoreRobotsTxt": False, **theirs}.items()

    async def test_a_restart_asks_for_the_rest_and_nothing_twice(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = self.five_pages(done=[])
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        job = await jobs.start(rule, SITE, DATE)
        before = []
        async for batch in jobs.results(rule, job, None):
            before.append(batch)
            if len(before) == 2:
                break
        service.lines()
        after = await collect(jobs_by(service, http, clock, rule), rule, job, before[-1].cursor)
        assert [url for url, *_ in seen(before) + seen(after)] == [f"{SITE}{number}" for number in range(5)]
        assert [call.query for call in service.calls] == [{"skip": "4"}, {}]
        assert service.lines()[-1] == f"GET /v2/crawl/{job}/errors"

    async def test_a_crawl_that_only_discovers_gives_nothing_twice(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = self.five_pages(done=[1, 1, 2, 2], discovering=True)
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        batches = await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
        assert [url for url, *_ in seen(batches)] == [f"{SITE}{number}" for number in range(5)]

    async def test_both_end_where_failed_pages_are_counted_and_never_given(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        error = {"id": "1", "url": f"{SITE}bad", "code": "SCRAPE_TIMEOUT", "error": "timed out"}
        service.crawls[SITE] = self.five_pages(errors=[error], robots_blocked=[f"{SITE}private"])
        theirs = sdk.crawl(SITE, scrape_options={"formats": ["rawHtml"]}, poll_interval=0)
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        batches = await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
        assert len(seen(batches)) == len(theirs.data) == 5
        assert batches[-1].cursor is None
        assert "1 pages failed, robots.txt forbids 1" in caplog.text
        assert "timed out" in caplog.text

    async def test_both_agree_on_the_errors_of_a_crawl_without_a_page(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock
    ) -> None:
        error = {"id": "1", "url": SITE, "code": "SCRAPE_ALL_ENGINES_FAILED", "error": "no engine"}
        service.crawls[SITE] = Crawl([], done=[], errors=[error])
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        job = await jobs.start(rule, SITE, DATE)
        [theirs] = sdk.get_crawl_errors(job).errors
        with pytest.raises(PermanentError, match="no engine") as raised:
            await collect(jobs, rule, job)
        assert raised.value.failure_domain == FailureDomain.TARGET
        assert theirs.error in str(raised.value)

    @pytest.mark.parametrize("status", ["failed", "cancelled"])
    async def test_a_crawl_that_fails_gives_its_pages_and_then_its_failure(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock, status: str
    ) -> None:
        service.crawls[SITE] = self.five_pages(status=status)
        theirs = sdk.crawl(SITE, scrape_options={"formats": ["rawHtml"]}, poll_interval=0)
        assert theirs.status == status
        rule = rule_of()
        jobs = jobs_by(service, http, clock, rule)
        job = await jobs.start(rule, SITE, DATE)
        batches = []
        with pytest.raises(PermanentError, match=f"is {status}") as error:
            async for batch in jobs.results(rule, job, None):
                batches.append(batch)  # noqa: PERF401
        assert error.value.failure_domain == FailureDomain.TARGET
        assert len(seen(batches)) == 5
        assert all(batch.cursor is not None for batch in batches)

    async def test_a_crawl_has_until_its_deadline(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = self.five_pages(done=[0] * 100)
        rule = rule_of(timeout_seconds=60)
        jobs = jobs_by(service, http, clock, rule)
        with pytest.raises(PermanentError, match="has not ended within 60 s") as error:
            await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
        assert error.value.failure_domain == FailureDomain.TARGET
        assert sum(clock.slept) == pytest.approx(60)

    async def test_the_key_never_leaves_for_where_an_answer_points(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock
    ) -> None:
        with FakeFirecrawl() as elsewhere:
            service.next_host = elsewhere.url
            service.crawls[SITE] = self.five_pages()
            theirs = sdk.crawl(SITE, scrape_options={"formats": ["rawHtml"]}, poll_interval=0)
            rule = rule_of()
            jobs = jobs_by(service, http, clock, rule)
            batches = await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
            assert len(seen(batches)) == len(theirs.data) == 5
            assert elsewhere.calls == []

    async def test_a_crawl_that_has_expired_is_a_failed_job(
        self, service: FakeFirecrawl, sdk: Firecrawl, http: Transport, clock: FastClock
    ) -> None:
        rule = rule_of()
        with pytest.raises(sdk_errors.FirecrawlError, match="Job not found"):
            sdk.get_crawl_status("no-such-job")
        with pytest.raises(PermanentError, match="Job not found") as error:
            await collect(jobs_by(service, http, clock, rule), rule, "no-such-job")
        assert error.value.failure_domain == FailureDomain.TARGET

    async def test_an_input_that_firecrawl_refuses_is_the_source_file_s(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        rule = rule_of(input={"limit": 0})
        with pytest.raises(PermanentError, match="must be positive") as error:
            await jobs_by(service, http, clock, rule).start(rule, SITE, DATE)
        assert error.value.failure_domain == FailureDomain.CONFIGURATION

    async def test_item_body_takes_another_format(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        service.crawls[SITE] = Crawl([document(f"{SITE}1", "<p>1</p>")], done=[])
        rule = rule_of(item_body="markdown", input={"scrapeOptions": {"formats": ["markdown"]}})
        jobs = jobs_by(service, http, clock, rule)
        [batch] = await collect(jobs, rule, await jobs.start(rule, SITE, DATE))
        [page] = batch.pages
        assert (page.url, page.body) == (f"{SITE}1", f"# {SITE}1".encode())
        assert page.content_type == "text/markdown; charset=utf-8"

    async def test_another_job_is_unknown(
        self, service: FakeFirecrawl, http: Transport, clock: FastClock
    ) -> None:
        rule = rule_of().model_copy(update={"name": "scrape"})
        with pytest.raises(PermanentError, match="name: crawl"):
            await jobs_by(service, http, clock, rule).start(rule, SITE, DATE)
