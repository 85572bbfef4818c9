"""ZenRows by our way and by its own client, against the same loopback service: both see the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from zenrows import ZenRowsClient

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.zenrows import ZenRowsTransport
from webdata_assets_tests.crawl.vendors.fake_zenrows import KEY, FakeZenRows, SitePage
from webdata_assets_tests.crawl.vendors.loopback import source_at

ENVIRON = {"ZENROWS_API_KEY": KEY}
SITE = "https://site.test/a?b=1&c=ü"
ASKED = {"original_status": "true"}


@pytest.fixture
def service() -> Iterator[FakeZenRows]:
    with FakeZenRows() as fake:
        yield fake


@pytest.fixture
def sdk(service: FakeZenRows) -> Iterator[ZenRowsClient]:
    with ZenRowsClient(KEY, base_url=f"{service.url}/v1/") as client:
        yield client


def way_by(service: FakeZenRows, http: Transport, **values: Any) -> ZenRowsTransport:
    environ = values.pop("environ", ENVIRON)
    return ZenRowsTransport(source_at("zenrows", f"{service.url}/v1/", **values), http=http, environ=environ)


async def fetch(way: ZenRowsTransport, **values: Any) -> Response:
    return await way.fetch(Request(SITE, allow_private=True, **values))


async def test_both_see_the_same_page(service: FakeZenRows, sdk: ZenRowsClient, http: Transport) -> None:
    body = "<p>Grüße</p>".encode("windows-1252")
    service.site[SITE] = SitePage(
        body,
        content_type="text/html; charset=windows-1252",
        headers={"ETag": '"7"', "Content-Type": "text/html", "Content-Length": "99"},
        final_url="https://site.test/home",
    )
    theirs = sdk.fetch(SITE, params=ASKED)
    ours = await fetch(way_by(service, http))
    assert ours.body == theirs.content == body
    assert ours.status == theirs.status_code == 200
    assert ours.url == theirs.headers["Zr-Final-Url"] == "https://site.test/home"
    assert ours.headers == {"etag": '"7"', "content-type": "text/html; charset=windows-1252"}
    their_call, our_call = service.calls
    assert (our_call.line, our_call.query) == (their_call.line, their_call.query)
    assert our_call.query == {"url": SITE, "apikey": KEY, "original_status": "true"}


async def test_the_same_options_and_headers_are_sent(
    service: FakeZenRows, sdk: ZenRowsClient, http: Transport
) -> None:
    service.site[SITE] = SitePage(b"<p>")
    params = {"js_render": "true", "wait": 500, "proxy_country": "us", "wait_for": ".content"}
    sdk.fetch(SITE, params=ASKED | params, headers={"Referer": "https://site.test/"})
    way = way_by(
        service,
        http,
        options={"js_render": True, "wait": 500, "proxy_country": "us"},
        wait_for=".content",
        headers={"referer": "https://site.test/"},
    )
    await fetch(way, headers={"referer": "https://site.test/", "if-none-match": '"7"', "user-agent": "us"})
    their_call, our_call = service.calls
    assert our_call.query == their_call.query | {"custom_headers": "true"}
    assert their_call.query["custom_headers"].lower() == "true"
    assert our_call.headers["referer"] == their_call.headers["referer"]
    assert "if-none-match" not in our_call.headers


@pytest.mark.parametrize("status", [403, 410, 429, 503])
async def test_a_status_of_the_site_stays_the_site_s(
    service: FakeZenRows, sdk: ZenRowsClient, http: Transport, status: int
) -> None:
    service.site[SITE] = SitePage(b"", status=status)
    theirs = sdk.fetch(SITE, params=ASKED)
    ours = await fetch(way_by(service, http))
    assert ours.status == theirs.status_code == status
    assert ours.body == b""


async def test_a_page_that_is_not_there_is_a_404(
    service: FakeZenRows, sdk: ZenRowsClient, http: Transport
) -> None:
    theirs = sdk.fetch(SITE, params=ASKED)
    ours = await fetch(way_by(service, http))
    assert ours.status == theirs.status_code == 404
    assert theirs.json()["code"] == "RESP002"


async def test_a_json_error_of_the_site_is_a_page(service: FakeZenRows, http: Transport) -> None:
    service.refuse(418, {"code": "teapot"})
    ours = await fetch(way_by(service, http))
    assert (ours.status, ours.body) == (418, b'{"code": "teapot"}')


@pytest.mark.parametrize(
    ("status", "code", "ours", "domain"),
    [
        (401, "AUTH002", PermanentError, FailureDomain.ACCESS),
        (402, "AUTH004", PermanentError, FailureDomain.ACCESS),
        (403, "BLK0001", PermanentError, FailureDomain.ACCESS),
        (429, "AUTH006", TransientError, FailureDomain.TARGET),
        (400, "REQS004", PermanentError, FailureDomain.CONFIGURATION),
        (400, "REQS001", PermanentError, FailureDomain.ACCESS),
        (422, "RESP001", TransientError, FailureDomain.ACCESS),
        (404, "RESP007", TransientError, FailureDomain.TARGET),
        (413, "RESP005", PermanentError, FailureDomain.RESOURCE),
        (504, "CTX0002", TransientError, FailureDomain.TARGET),
    ],
)
async def test_both_see_the_same_problem(
    service: FakeZenRows, sdk: ZenRowsClient, http: Transport,
    status: int, code: str, ours: type[Exception], domain: FailureDomain,
) -> None:  # fmt: skip
    service.problems[SITE] = (status, code, "A problem")
    theirs = sdk.fetch(SITE, params=ASKED)
    assert (theirs.status_code, theirs.json()["code"]) == (status, code)
    with pytest.raises(ours, match="A problem") as error:
        await fetch(way_by(service, http))
    assert error.value.failure_domain == domain


async def test_a_rejected_key_is_named_and_shown_nowhere(service: FakeZenRows, http: Transport) -> None:
    key = "wrong+key/12345678"
    way = way_by(service, http, environ={"ZENROWS_API_KEY": key})
    with pytest.raises(PermanentError, match="ZENROWS_API_KEY") as error:
        await fetch(way)
    assert "***" in str(error.value)
    assert key not in str(error.value)
    assert key not in repr(vars(way))


class Telltale:
    """An http way whose errors show the URL that they were about."""

    name = "http"

    async def fetch(self, request: Request) -> Response:
        raise TransientError(f"cannot get {request.url}", failure_domain=FailureDomain.TARGET)

    async def close(self) -> None:
        pass


async def test_no_error_of_the_way_shows_the_key(service: FakeZenRows) -> None:
    with pytest.raises(TransientError) as error:
        await fetch(way_by(service, Telltale()))
    assert str(error.value) == f"cannot get {service.url}/v1/"
    assert error.value.__suppress_context__


async def test_a_page_over_the_cap_is_refused(service: FakeZenRows, http: Transport) -> None:
    service.site[SITE] = SitePage(b"x" * 5_000)
    with pytest.raises(PermanentError, match="larger than 4000 bytes") as error:
        await fetch(way_by(service, http), max_body_bytes=4_000)
    assert error.value.failure_domain == FailureDomain.RESOURCE


def test_only_we_give_the_key(service: FakeZenRows, http: Transport) -> None:
    with pytest.raises(PermanentError, match="apikey"):
        way_by(service, http, options={"apikey": "mine"})


def test_a_missing_key_is_named(service: FakeZenRows, http: Transport) -> None:
    with pytest.raises(PermanentError, match="ZENROWS_API_KEY") as error:
        way_by(service, http, environ={})
    assert error.value.failure_domain == FailureDomain.CONFIGURATION
