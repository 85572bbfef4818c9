"""Zyte API by our way and by zyte-api, against the same loopback services: both see the same."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from zyte_api import AsyncZyteAPI, RequestError

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.zyte import ZyteTransport
from webdata_assets_tests.crawl.vendors.fake_zyte import KEY, FakeZyte, Problem, SitePage
from webdata_assets_tests.crawl.vendors.loopback import source_at
from webdata_assets_tests.crawl.vendors.zyte_mockserver import (
    mock_server_of,
)
from webdata_assets_tests.source_distributions import NotReachableError, fetch_source

SITE = "https://site.test/a?b=1"
PAGE = {"url": SITE, "httpResponseBody": True, "httpResponseHeaders": True, "followRedirect": False}


@pytest.fixture
def service() -> Iterator[FakeZyte]:
    with FakeZyte() as fake:
        yield fake


@pytest.fixture(scope="module")
def mock_server() -> Iterator[str]:
    try:
        source = fetch_source("zyte-api", holds="tests/mockserver.py")
    except NotReachableError as error:
        pytest.skip(f"the source distribution of zyte-api could not be fetched: {error}")
    with mock_server_of(source) as origin:
        yield origin


def sdk_at(url: str, key: str = KEY) -> AsyncZyteAPI:
    return AsyncZyteAPI(api_key=key, api_url=f"{url}/")


def way_at(url: str, http: Transport, **values: Any) -> ZyteTransport:
    environ = {"ZYTE_API_KEY": values.pop("key", KEY)}
    return ZyteTransport(source_at("zyte", url, **values), http=http, environ=environ)


async def fetch(way: ZyteTransport, url: str = SITE, **values: Any) -> Response:
    return await way.fetch(Request(url, allow_private=True, **values))


async def test_both_see_the_same_bytes_and_headers(service: FakeZyte, http: Transport) -> None:
    body = "<p>Grüße \x00</p>".encode("windows-1252") + bytes(range(256))
    service.site[SITE] = SitePage(
        body,
        headers=(
            ("Content-Type", "text/html; charset=windows-1252"),
            ("ETag", '"7"'),
            ("Link", "<a>"),
            ("link", "<b>"),
            ("Content-Encoding", "br"),
            ("Content-Length", "3"),
        ),
    )
    theirs = await sdk_at(f"{service.url}/v1").get(PAGE, handle_retries=False)
    ours = await fetch(way_at(f"{service.url}/v1", http))
    assert ours.body == base64.b64decode(theirs["httpResponseBody"]) == body
    assert ours.status == theirs["statusCode"] == 200
    assert ours.url == theirs["url"] == SITE
    assert ours.headers == {
        "content-type": "text/html; charset=windows-1252",
        "etag": '"7"',
        "link": "<a>, <b>",
    }
    their_call, our_call = service.calls
    assert (our_call.line, our_call.body) == (their_call.line, their_call.body)
    assert our_call.headers["authorization"] == their_call.headers["authorization"]


async def test_both_see_the_same_page_of_a_browser(service: FakeZyte, http: Transport) -> None:
    service.site[SITE] = SitePage(
        browser_html="<p>Grüße</p>",
        headers=(("Content-Type", "text/html; charset=windows-1252"),),
        final_url="https://site.test/home",
    )
    actions = [{"action": "waitForSelector", "selector": {"type": "css", "value": ".content"}}]
    query = {"url": SITE, "browserHtml": True, "httpResponseHeaders": True, "actions": actions}
    theirs = await sdk_at(f"{service.url}/v1").get(
        query | {"geolocation": "DE", "requestHeaders": {"referer": "https://site.test/"}},
        handle_retries=False,
    )
    way = way_at(
        f"{service.url}/v1",
        http,
        wait_for=".content",
        options={"geolocation": "DE"},
        headers={"Referer": "https://site.test/"},
    )
    ours = await fetch(way, headers={"referer": "https://site.test/", "if-none-match": '"7"'})
    assert ours.body.decode() == theirs["browserHtml"]
    assert ours.url == theirs["url"] == "https://site.test/home"
    assert ours.headers == {"content-type": "text/html; charset=utf-8"}
    their_call, our_call = service.calls
    assert our_call.body == their_call.body


async def test_redirects_are_left_to_the_crawl(service: FakeZyte, http: Transport) -> None:
    service.site[SITE] = SitePage(status=301, headers=(("Location", "https://elsewhere.test/"),))
    service.site["https://elsewhere.test/"] = SitePage(b"elsewhere")
    followed = await sdk_at(f"{service.url}/v1").get(
        {"url": SITE, "httpResponseBody": True}, handle_retries=False
    )
    assert followed["url"] == "https://elsewhere.test/"
    ours = await fetch(way_at(f"{service.url}/v1", http))
    assert (ours.status, ours.url, ours.body) == (301, SITE, b"")
    assert ours.headers == {"location": "https://elsewhere.test/"}


@pytest.mark.parametrize("status", [404, 410, 429, 503])
async def test_a_status_of_the_site_stays_the_site_s(service: FakeZyte, http: Transport, status: int) -> None:
    service.site[SITE] = SitePage(b"", status=status)
    theirs = await sdk_at(f"{service.url}/v1").get(PAGE, handle_retries=False)
    ours = await fetch(way_at(f"{service.url}/v1", http))
    assert ours.status == theirs["statusCode"] == status


async def test_headers_that_the_source_declares_are_sent(service: FakeZyte, http: Transport) -> None:
    service.site[SITE] = SitePage(b"<p>")
    await sdk_at(f"{service.url}/v1").get(
        {**PAGE, "customHttpRequestHeaders": [{"name": "x-shop", "value": "7"}]}, handle_retries=False
    )
    way = way_at(f"{service.url}/v1", http, headers={"X-Shop": "7"})
    await fetch(way, headers={"X-Shop": "7", "user-agent": "us"})
    their_call, our_call = service.calls
    assert our_call.body == their_call.body


@pytest.mark.parametrize(
    ("problem", "ours", "domain"),
    [
        (Problem(400, "/request/invalid"), PermanentError, FailureDomain.CONFIGURATION),
        (Problem(403, "/auth/account-suspended"), PermanentError, FailureDomain.ACCESS),
        (Problem(421, "/website/domain-unreachable"), PermanentError, FailureDomain.TARGET),
        (Problem(422, "/request/unprocessable"), PermanentError, FailureDomain.CONFIGURATION),
        (Problem(429, "/limits/over-user-limit"), TransientError, FailureDomain.TARGET),
        (Problem(451, "/download/domain-forbidden"), PermanentError, FailureDomain.ACCESS),
        (Problem(500, "/server/timed-out"), TransientError, FailureDomain.TARGET),
        (Problem(503, "/limits/over-global-limit"), TransientError, FailureDomain.TARGET),
        (Problem(520, "/download/temporary-error"), TransientError, FailureDomain.ACCESS),
        (Problem(521, "/download/internal-error"), TransientError, FailureDomain.TARGET),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Problem) else "",
)
async def test_both_see_the_same_problem(
    service: FakeZyte, http: Transport, problem: Problem, ours: type[Exception], domain: FailureDomain
) -> None:
    service.problems[SITE] = problem
    with pytest.raises(RequestError) as theirs:
        await sdk_at(f"{service.url}/v1").get(PAGE, handle_retries=False)
    assert (theirs.value.status, theirs.value.parsed.type) == (problem.status, problem.type)
    with pytest.raises(ours, match="A problem") as error:
        await fetch(way_at(f"{service.url}/v1", http))
    assert error.value.failure_domain == domain


async def test_a_limit_says_when_to_come_again(service: FakeZyte, http: Transport) -> None:
    service.problems[SITE] = Problem(429, "/limits/over-domain-limit", headers={"Retry-After": "17"})
    with pytest.raises(TransientError) as error:
        await fetch(way_at(f"{service.url}/v1", http))
    assert error.value.retry_after_seconds == 17
    assert len(service.calls) == 1


async def test_a_refused_key_is_named_and_shown_in_no_spelling(service: FakeZyte, http: Transport) -> None:
    with pytest.raises(RequestError) as theirs:
        await sdk_at(f"{service.url}/v1", "wrong-key").get(PAGE, handle_retries=False)
    assert theirs.value.parsed.type == "/auth/key-not-found"
    way = way_at(f"{service.url}/v1", http, key="wrong-key")
    with pytest.raises(PermanentError, match="ZYTE_API_KEY") as error:
        await fetch(way)
    assert error.value.failure_domain == FailureDomain.ACCESS
    encoded = base64.b64encode(b"wrong-key:").decode()
    assert "Basic ***" in str(error.value)
    for text in (str(error.value), repr(way), repr(vars(way))):
        assert "wrong-key" not in text
        assert encoded not in text


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        [],
        {},
        {"url": SITE, "httpResponseBody": 7},
        {"url": SITE, "httpResponseBody": "no base64!"},
    ],
)
async def test_an_answer_against_the_documentation_is_a_parse_failure(
    service: FakeZyte, http: Transport, answer: object
) -> None:
    service.refuse(200, answer)
    with pytest.raises(PermanentError) as error:
        await fetch(way_at(f"{service.url}/v1", http))
    assert error.value.failure_domain == FailureDomain.PARSE


async def test_hostile_fields_beside_the_page_are_left_out(service: FakeZyte, http: Transport) -> None:
    body = base64.b64encode(b"<p>").decode()
    headers = [None, 7, {"name": 1, "value": "x"}, {"name": "ETag"}, {"name": "ETag", "value": "1"}]
    hostile = {"url": 7, "statusCode": True, "httpResponseBody": body, "httpResponseHeaders": headers}
    service.refuse(200, hostile)
    ours = await fetch(way_at(f"{service.url}/v1", http))
    assert (ours.url, ours.status, ours.body, ours.headers) == (SITE, 200, b"<p>", {"etag": "1"})


async def test_a_body_over_the_cap_is_refused(service: FakeZyte, http: Transport) -> None:
    service.site[SITE] = SitePage(b"x" * 3_000)
    with pytest.raises(PermanentError) as error:
        await fetch(way_at(f"{service.url}/v1", http), max_body_bytes=2_000)
    assert error.value.failure_domain == FailureDomain.RESOURCE
    assert len((await fetch(way_at(f"{service.url}/v1", http), max_body_bytes=3_000)).body) == 3_000


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"key": " "}, "ZYTE_API_KEY"),
        ({"options": {"url": "https://other.test/"}}, "may not hold `url`"),
        ({"options": {"browserHtml": True}, "headers": {"X-Shop": "7"}}, "no header of ours but Referer"),
    ],
)
async def test_a_mistake_in_the_source_is_named(
    service: FakeZyte, http: Transport, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(PermanentError, match=says) as error:
        way_at(f"{service.url}/v1", http, **values)
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


async def test_both_see_the_same_page_on_zytes_own_mock_server(mock_server: str, http: Transport) -> None:
    theirs = await sdk_at(mock_server).get(PAGE, handle_retries=False)
    ours = await fetch(way_at(mock_server, http))
    assert ours.body == base64.b64decode(theirs["httpResponseBody"])
    assert ours.url == theirs["url"]
    browser = {"url": SITE, "browserHtml": True}
    their_html = (await sdk_at(mock_server).get(browser, handle_retries=False))["browserHtml"]
    our_html = (await fetch(way_at(mock_server, http, options={"browserHtml": True}))).body
    assert our_html.decode() == their_html


@pytest.mark.parametrize(
    ("host", "status", "ours", "domain"),
    [
        ("e429", 429, TransientError, FailureDomain.TARGET),
        ("e500", 500, TransientError, FailureDomain.TARGET),
        ("e520", 520, TransientError, FailureDomain.ACCESS),
        ("e521", 521, TransientError, FailureDomain.TARGET),
        ("exception", 401, PermanentError, FailureDomain.ACCESS),
        ("empty-body-exception", 500, TransientError, FailureDomain.TARGET),
        ("nonjson-exception", 500, TransientError, FailureDomain.TARGET),
        ("array-exception", 500, TransientError, FailureDomain.TARGET),
    ],
)
async def test_both_see_the_same_problem_on_zytes_own_mock_server(
    mock_server: str, http: Transport,
    host: str, status: int, ours: type[Exception], domain: FailureDomain,
) -> None:  # fmt: skip
    url = f"https://{host}.example/"
    with pytest.raises(RequestError) as theirs:
        await sdk_at(mock_server).get({**PAGE, "url": url}, handle_retries=False)
    assert theirs.value.status == status
    with pytest.raises(ours) as error:
        await fetch(way_at(mock_server, http), url)
    assert error.value.failure_domain == domain


async def test_neither_takes_text_for_a_page_on_zytes_own_mock_server(
    mock_server: str, http: Transport
) -> None:
    url = "https://nonjson.example/"
    with pytest.raises(ValueError, match="Expecting value"):
        await sdk_at(mock_server).get({**PAGE, "url": url}, handle_retries=False)
    with pytest.raises(PermanentError, match="is no JSON"):
        await fetch(way_at(mock_server, http), url)
