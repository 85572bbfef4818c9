"""Bright Data's Web Unlocker by our way and by brightdata-sdk, against the same loopback service."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from brightdata import BrightDataClient
from brightdata.core.engine import AsyncEngine
from brightdata.exceptions import AuthenticationError

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.brightdata import BrightDataTransport
from webdata_assets_tests.crawl.vendors.fake_brightdata import KEY, ZONE, FakeBrightData, SitePage
from webdata_assets_tests.crawl.vendors.loopback import source_at

SITE = "https://site.test/a?b=1"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBrightData]:
    with FakeBrightData() as fake:
        # the SDK takes no address; it is a constant of its engine
        monkeypatch.setattr(AsyncEngine, "BASE_URL", fake.url)
        yield fake


@pytest.fixture
async def sdk(service: FakeBrightData) -> AsyncIterator[BrightDataClient]:
    async with BrightDataClient(token=KEY, web_unlocker_zone=ZONE, auto_create_zones=False) as client:
        yield client


def way_by(service: FakeBrightData, http: Transport, **values: Any) -> BrightDataTransport:
    environ = {"BRIGHTDATA_API_TOKEN": values.pop("key", KEY)}
    options = {"zone": ZONE} | values.pop("options", {})
    source = source_at("brightdata", service.url, options=options, **values)
    return BrightDataTransport(source, http=http, environ=environ)


async def fetch(way: BrightDataTransport, **values: Any) -> Response:
    return await way.fetch(Request(SITE, allow_private=True, **values))


async def test_both_see_the_same_page(
    service: FakeBrightData, sdk: BrightDataClient, http: Transport
) -> None:
    service.site[SITE] = SitePage(
        "<p>Grüße</p>".encode("windows-1252"),
        headers={"Content-Type": "text/html; charset=windows-1252", "ETag": '"7"'},
    )
    theirs = await sdk.scrape_url(SITE)
    assert theirs.success
    ours = await fetch(way_by(service, http))
    assert ours.body.decode("windows-1252") == theirs.data == "<p>Grüße</p>"
    assert (ours.status, ours.url) == (200, SITE)
    assert ours.headers["content-type"] == "text/html; charset=windows-1252"
    assert ours.headers["etag"] == '"7"'
    assert not any(name.startswith("x-brd-") for name in ours.headers)
    their_call, our_call = service.calls
    their_call.body.pop("sdk_function", None)
    assert (our_call.line, our_call.body) == (their_call.line, their_call.body)
    for name in ("authorization", "content-type"):
        assert our_call.headers[name] == their_call.headers[name]


async def test_bytes_are_handed_over_as_they_are(service: FakeBrightData, http: Transport) -> None:
    service.site[SITE] = SitePage(bytes(range(256)), headers={"Content-Type": "image/png"})
    assert (await fetch(way_by(service, http))).body == bytes(range(256))


async def test_the_same_options_are_sent(
    service: FakeBrightData, sdk: BrightDataClient, http: Transport
) -> None:
    service.site[SITE] = SitePage(b"<p>")
    await sdk.scrape_url(SITE, country="de")
    options = {"country": "DE", "trigger": {"type": "discover_new"}}
    await fetch(way_by(service, http, options=options))
    their_call, our_call = service.calls
    their_call.body.pop("sdk_function", None)
    assert our_call.body == their_call.body


async def test_declared_headers_and_selectors_are_sent(service: FakeBrightData, http: Transport) -> None:
    service.site[SITE] = SitePage(b"<p>")
    way = way_by(service, http, headers={"X-Shop": "7"}, wait_for=".content")
    await fetch(way, headers={"X-Shop": "7", "if-none-match": '"7"'})
    (call,) = service.calls
    assert call.body["headers"] == {"x-shop": "7"}
    assert call.headers["x-unblock-expect"] == '{"element":".content"}'


@pytest.mark.parametrize("status", [301, 404, 410, 429, 503])
async def test_a_status_of_the_site_stays_the_site_s(
    service: FakeBrightData, http: Transport, status: int
) -> None:
    service.site[SITE] = SitePage(b"", status=status)
    assert (await fetch(way_by(service, http))).status == status


@pytest.mark.parametrize(
    ("status", "code", "ours", "domain"),
    [
        (400, "feature_not_active", PermanentError, FailureDomain.CONFIGURATION),
        (400, "ub_bad_endpoint_robots", PermanentError, FailureDomain.ACCESS),
        (403, "policy_20000", PermanentError, FailureDomain.ACCESS),
        (407, "client_10000", PermanentError, FailureDomain.ACCESS),
        (429, "sr_rate_limit", TransientError, FailureDomain.TARGET),
        (502, "reject_block", TransientError, FailureDomain.ACCESS),
        (502, "resolve_failed_captcha", TransientError, FailureDomain.ACCESS),
        (502, "net_err_cert_date_invalid", PermanentError, FailureDomain.TARGET),
        (502, "", TransientError, FailureDomain.ACCESS),
    ],
)
async def test_a_failure_of_the_unlocker_is_no_page(
    service: FakeBrightData, sdk: BrightDataClient, http: Transport,
    status: int, code: str, ours: type[Exception], domain: FailureDomain,
) -> None:  # fmt: skip
    service.problems[SITE] = (status, code, "it did not work")
    # the SDK takes the empty answer for a page
    assert (await sdk.scrape_url(SITE)).data == ""
    with pytest.raises(ours, match=f"{code} ?it did not work") as error:
        await fetch(way_by(service, http))
    assert error.value.failure_domain == domain


async def test_an_unknown_zone_is_the_source_file_s(
    service: FakeBrightData, sdk: BrightDataClient, http: Transport
) -> None:
    theirs = await sdk.scrape_url(SITE, zone="other_zone")
    assert "400" in theirs.error
    assert "not found" in theirs.error
    with pytest.raises(PermanentError, match="not found") as error:
        await fetch(way_by(service, http, options={"zone": "other_zone"}))
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


async def test_a_refused_key_is_named_and_not_shown(service: FakeBrightData, http: Transport) -> None:
    async with BrightDataClient(token="wrong-key-0123", auto_create_zones=False) as client:
        with pytest.raises(AuthenticationError):
            await client.engine.post("/request", json_data={}).__aenter__()
    way = way_by(service, http, key="wrong-key-0123")
    with pytest.raises(PermanentError, match="BRIGHTDATA_API_TOKEN") as error:
        await fetch(way)
    assert error.value.failure_domain == FailureDomain.ACCESS
    for text in (str(error.value), repr(way), repr(vars(way))):
        assert "wrong-key" not in text


async def test_a_limit_of_the_account_is_waited_for_by_the_crawl(
    service: FakeBrightData, http: Transport
) -> None:
    service.refuse(429, "slow", headers={"Retry-After": "17"})
    with pytest.raises(TransientError) as error:
        await fetch(way_by(service, http))
    assert error.value.retry_after_seconds == 17


@pytest.mark.parametrize("written", ["abc", "99", "²00", "2000", ""])
async def test_a_status_against_the_documentation_is_a_parse_failure(
    service: FakeBrightData, http: Transport, written: str
) -> None:
    service.refuse(200, "<p>", headers={"x-brd-status-code": written})
    with pytest.raises(PermanentError) as error:
        await fetch(way_by(service, http))
    assert error.value.failure_domain == FailureDomain.PARSE


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"key": ""}, "BRIGHTDATA_API_TOKEN"),
        ({"options": {"zone": None}}, "needs a zone"),
        ({"options": {"format": "json"}}, "may not hold `format`"),
    ],
)
async def test_a_mistake_in_the_source_is_named(
    service: FakeBrightData, http: Transport, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(PermanentError, match=says) as error:
        way_by(service, http, **values)
    assert error.value.failure_domain == FailureDomain.CONFIGURATION
