"""Where both http ways connect to: never to an address that was not checked."""

import asyncio
import socket
from typing import Any

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http import aiohttp_addresses as http_addresses
from webdata_assets.stages.crawl.http import curl_pins
from webdata_assets.stages.crawl.transport import Request, Transport
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch, inside, using

pytestmark = both_ways


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "0.0.0.0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]",
    ],
)  # fmt: skip
def test_loopback_is_refused_however_it_is_written(way: HttpWay, host: str) -> None:
    with RawServer(always(ok())) as server:
        with pytest.raises(PermanentError) as caught:
            fetch(way, Request(f"http://{host}:{server.port}/"))
        assert caught.value.failure_domain is FailureDomain.ACCESS
    assert server.connections == 0


def test_connect_to_is_checked_like_any_address(way: HttpWay) -> None:
    with RawServer(always(ok())) as server, pytest.raises(PermanentError, match="allow_private"):
        fetch(way, Request("http://site.test/"), connect_to={"site.test": server.address})
    assert server.connections == 0


def test_a_connection_that_was_allowed_is_not_lent_to_a_request_that_is_not(way: HttpWay) -> None:
    async def go(transport: Transport) -> None:
        await transport.fetch(inside(server.origin))
        with pytest.raises(PermanentError, match="allow_private"):
            await transport.fetch(Request(server.origin))

    with RawServer(always(ok(), keep=True)) as server:
        using(way, go)
    assert (server.connections, len(server.heads)) == (1, 1)


class Resolver:
    """Stands in for the system's: gives one answer after another, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        address = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def test_a_name_that_flips_to_loopback_is_looked_up_once(
    way: HttpWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 192.0.2.1 would be refused; nobody answers at this one within the time
    resolver = Resolver("93.184.216.34", "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolver)

    async def twice(transport: Transport) -> None:
        for _ in range(2):
            with pytest.raises(TransientError):
                await transport.fetch(Request(f"http://flips.test:{server.port}/", timeout_seconds=0.2))

    with RawServer(always(ok())) as server:
        using(way, twice)
    assert resolver.asked == ["flips.test"]
    assert server.connections == 0


def test_a_name_with_a_public_and_a_private_address_is_refused(
    way: HttpWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(PermanentError, match=r"127\.0\.0\.1 is private"):
        fetch(way, Request("http://both.test/"))


def test_the_socket_is_checked_even_if_the_resolution_was_not(
    way: HttpWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unchecked(_: str, port: int, **__: object) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    monkeypatch.setattr(curl_pins, "resolve", unchecked)
    monkeypatch.setattr(http_addresses, "resolve", unchecked)
    with (
        RawServer(always(ok())) as server,
        pytest.raises(PermanentError, match=r"127\.0\.0\.1 is private") as caught,
    ):
        fetch(way, Request(f"http://site.test:{server.port}/"))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert server.connections == 0


def test_a_name_is_resolved_once_for_many_requests(way: HttpWay, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver("127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolver)

    async def many(transport: Transport) -> None:
        request = inside(f"http://site.test:{server.port}/")
        await asyncio.gather(*(transport.fetch(request) for _ in range(10)))
        await transport.fetch(request)

    with RawServer(always(ok(), keep=True)) as server:
        using(way, many)
    assert resolver.asked == ["site.test"]


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    way: HttpWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.2", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with RawServer(always(ok())) as server:
        assert fetch(way, inside(f"http://site.test:{server.port}/")).status == 200


def test_a_name_that_does_not_resolve_is_transient(way: HttpWay) -> None:
    with pytest.raises(TransientError, match=r"'nowhere\.invalid' does not resolve") as caught:
        fetch(way, inside("http://nowhere.invalid/"))
    assert caught.value.failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "http://user:pw@example.org/",
        "http://good.example\\@127.0.0.1/", "http://", "http://exa mple.org/", "//example.org/",
        "http://example.org:99999999/",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_http_url_is_refused(way: HttpWay, url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        fetch(way, inside(url))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert "pw" not in str(caught.value)
