"""The client of vendors' services: retries, refusals, and what it never shows."""

import random
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from aiohttp import web

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.retry import Backoff
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.answers import RefusedError
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.keys import Key, require_key
from webdata_assets_tests.crawl.harness import FastClock
from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = Key("Acme", "ACME_KEY", "s3cret/key")


class Echo(Loopback):
    """Says what it was asked."""

    async def answer(self, call: Call) -> web.Response:
        return web.json_response({"query": call.query, "body": call.body})


@pytest.fixture
def service() -> Iterator[Echo]:
    with Echo() as fake:
        yield fake


def client_of(service: Loopback, http: Transport, clock: FastClock, **values: Any) -> VendorClient:
    settings: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {KEY.value}"},
        "allow_private": True,
        "max_body_bytes": 10_000,
        "backoff": Backoff(jitter=random.Random(7)),
    }
    return VendorClient(http, service.url, KEY, clock=clock, **settings | values)


async def test_a_call_sends_its_parameters_and_json(service: Echo, http: Transport, clock: FastClock) -> None:
    client = client_of(service, http, clock)
    answer = await client.call_json("POST", "/v1/jobs", params={"a": "1 & 2", "ü": "+"}, json={"b": ["ü"]})
    assert answer == {"query": {"a": "1 & 2", "ü": "+"}, "body": {"b": ["ü"]}}
    [call] = service.calls
    assert call.line == "POST /v1/jobs"
    assert call.headers["authorization"] == f"Bearer {KEY.value}"
    assert call.headers["content-type"] == "application/json"


async def test_a_form_is_sent_as_a_form(service: Echo, http: Transport, clock: FastClock) -> None:
    await client_of(service, http, clock).call("POST", "/", form={"a": "1 & 2"})
    [call] = service.calls
    assert call.body == "a=1+%26+2"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_get_is_sent_again_after_what_may_pass(
    service: Echo, http: Transport, clock: FastClock, status: int
) -> None:
    service.refuse(status, times=3)
    assert await client_of(service, http, clock).call_json("GET", "/") == {"query": {}, "body": None}
    assert len(service.calls) == 4
    assert len(clock.slept) == 3


async def test_tries_are_bounded(service: Echo, http: Transport, clock: FastClock) -> None:
    service.refuse(500, "<h1>Bad\x00 day</h1>", times=9)
    with pytest.raises(
        TransientError, match=r"(?m)^Acme answers 500 Internal Server Error: <h1>Bad day</h1>$"
    ) as e:
        await client_of(service, http, clock, attempts=3).call("GET", "/")
    assert e.value.failure_domain == FailureDomain.TARGET
    assert len(service.calls) == 3


async def test_retry_after_is_waited_for(service: Echo, http: Transport, clock: FastClock) -> None:
    service.refuse(429, headers={"Retry-After": "17"})
    await client_of(service, http, clock).call("GET", "/")
    assert clock.slept == [17]


async def test_a_retry_after_over_the_cap_is_left_to_the_caller(
    service: Echo, http: Transport, clock: FastClock
) -> None:
    service.refuse(429, headers={"Retry-After": "31536000"})
    with pytest.raises(TransientError) as error:
        await client_of(service, http, clock).call("GET", "/")
    assert error.value.retry_after_seconds == 31_536_000
    assert clock.slept == []


@pytest.mark.parametrize(("status", "tries"), [(429, 2), (503, 2), (408, 1), (500, 1), (502, 1), (504, 1)])
async def test_a_post_is_sent_again_only_where_nothing_was_done(
    service: Echo, http: Transport, clock: FastClock, status: int, tries: int
) -> None:
    service.refuse(status)
    if tries == 1:
        with pytest.raises(TransientError):
            await client_of(service, http, clock).call("POST", "/", json={})
    else:
        await client_of(service, http, clock).call("POST", "/", json={})
    assert len(service.calls) == tries


class CutOff:
    """An http way whose every connection fails."""

    name = "http"

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        raise TransientError("the connection failed", failure_domain=FailureDomain.TARGET)

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("method", "tries"), [("GET", 4), ("POST", 1)])
async def test_only_a_get_is_sent_again_after_a_lost_connection(
    service: Echo, clock: FastClock, method: Literal["GET", "POST"], tries: int
) -> None:
    http = CutOff()
    with pytest.raises(TransientError):
        await client_of(service, http, clock).call(method, "/")
    assert len(http.requests) == tries


@pytest.mark.parametrize(
    ("status", "domain"),
    [
        (301, FailureDomain.CONFIGURATION),
        (400, FailureDomain.CONFIGURATION),
        (401, FailureDomain.ACCESS),
        (402, FailureDomain.ACCESS),
        (403, FailureDomain.ACCESS),
        (404, FailureDomain.CONFIGURATION),
        (409, FailureDomain.CONFIGURATION),
        (422, FailureDomain.CONFIGURATION),
    ],
)
async def test_a_refusal_is_final_and_quotes_the_vendor(
    service: Echo, http: Transport, clock: FastClock, status: int, domain: FailureDomain
) -> None:
    service.refuse(status, {"error": {"type": "bad-thing", "message": "so\nsorry\u202e " + "x" * 500}})
    with pytest.raises(RefusedError, match="so sorry xxx") as error:
        await client_of(service, http, clock).call("GET", "/")
    assert (error.value.status, error.value.code) == (status, "bad-thing")
    assert error.value.failure_domain == domain
    assert ("ACME_KEY" in str(error.value)) == (status in (401, 403))
    assert len(str(error.value)) < 450
    assert len(service.calls) == 1


async def test_a_redirect_is_not_followed_with_the_key(
    service: Echo, http: Transport, clock: FastClock
) -> None:
    with Echo() as elsewhere:
        service.refuse(307, headers={"Location": elsewhere.url})
        with pytest.raises(PermanentError, match="final URL"):
            await client_of(service, http, clock).call("GET", "/")
        assert elsewhere.calls == []


async def test_a_key_that_a_refusal_repeats_is_masked(
    service: Echo, http: Transport, clock: FastClock
) -> None:
    service.refuse(401, {"error": f"no such key {KEY.value} (s3cret%2Fkey)", "code": KEY.value})
    with pytest.raises(RefusedError) as error:
        await client_of(service, http, clock).call("GET", "/")
    assert "s3cret" not in f"{error.value} {error.value.code}"


async def test_a_key_in_the_query_is_in_no_response(service: Echo, http: Transport, clock: FastClock) -> None:
    response = await client_of(service, http, clock).call("GET", "/v1", params={"apikey": KEY.value})
    assert response.url == f"{service.url}/v1"


async def test_a_body_that_is_no_json_is_a_parse_failure(
    service: Echo, http: Transport, clock: FastClock
) -> None:
    service.refuse(200, "<html>")
    with pytest.raises(PermanentError, match="no JSON") as error:
        await client_of(service, http, clock).call_json("GET", "/")
    assert error.value.failure_domain == FailureDomain.PARSE


async def test_an_answer_over_the_cap_is_refused(service: Echo, http: Transport, clock: FastClock) -> None:
    service.refuse(200, "x" * 10_001)
    with pytest.raises(PermanentError) as error:
        await client_of(service, http, clock).call("GET", "/")
    assert error.value.failure_domain == FailureDomain.RESOURCE


async def test_a_private_address_needs_leave(service: Echo, http: Transport, clock: FastClock) -> None:
    keyless = Key("Acme", "ACME_KEY", "")
    client = VendorClient(
        http, service.url, keyless, headers={}, allow_private=False, clock=clock, max_body_bytes=1_000
    )
    with pytest.raises(PermanentError, match="allow_private"):
        await client.call("GET", "/")


def test_a_key_does_not_travel_in_clear_text(service: Echo, http: Transport, clock: FastClock) -> None:
    with pytest.raises(PermanentError, match="plain http") as error:
        client_of(service, http, clock, allow_private=False)
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


@pytest.mark.parametrize("environ", [{}, {"ACME_KEY": ""}, {"ACME_KEY": "  "}, {"ACME_KEY": "a\nb"}])
def test_a_key_that_cannot_be_used_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="ACME_KEY") as error:
        require_key(environ, "ACME_KEY", "Acme")
    assert error.value.failure_domain == FailureDomain.CONFIGURATION


def test_a_key_is_shown_by_nothing(service: Echo, http: Transport, clock: FastClock) -> None:
    assert "s3cret" not in repr(KEY) + repr(client_of(service, http, clock))
