"""What is libcurl's alone: its environment, its own retries, its handles and its names."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import TransientError
from webdata_assets.stages.crawl.http import curl_pins
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.http.curl_pins import Pins
from webdata_assets.stages.crawl.transport import Response, Transport
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.transports import fetch, inside, using


def test_the_environment_does_not_say_which_proxy_or_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with RawServer(always(ok())) as server:
        assert fetch(CurlTransport, inside(server.origin)).status == 200
    assert b"authorization" not in server.heads[0].lower()


def test_an_alternative_service_is_not_followed() -> None:
    async def two(transport: Transport) -> None:
        for _ in range(2):
            await transport.fetch(inside(server.origin))

    with RawServer(always(ok())) as elsewhere:
        field = b'Alt-Svc: h2="127.0.0.1:%d"; ma=3600' % elsewhere.port
        with RawServer(always(ok(b"ok", field), keep=True)) as server:
            using(CurlTransport, two)
    assert (len(server.heads), elsewhere.connections) == (2, 0)


def test_a_connection_that_drops_the_first_request_is_not_tried_again() -> None:
    with RawServer(always(b"")) as server, pytest.raises(TransientError):
        fetch(CurlTransport, inside(server.origin))
    assert (server.connections, len(server.heads)) == (1, 1)


def test_handles_and_sockets_do_not_pile_up() -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    async def rounds(transport: Transport) -> None:
        for _ in range(5):
            tasks = [asyncio.create_task(transport.fetch(inside(server.origin))) for _ in range(20)]
            await asyncio.sleep(0.002)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with RawServer(always(ok(), keep=True)) as server:
        before = open_files()
        using(CurlTransport, rounds)
        # those of the server's ends are closed in its own thread
        for _ in range(100):
            if open_files() <= before:
                break
            asyncio.run(asyncio.sleep(0.02))
        assert open_files() <= before


def test_closing_ends_what_is_under_way() -> None:
    async def silent(*_: object) -> bool:
        await asyncio.sleep(60)
        return False

    async def close_early(transport: Transport) -> None:
        task = asyncio.create_task(transport.fetch(inside(server.origin)))
        await asyncio.sleep(0.1)
        await transport.close()
        with pytest.raises(asyncio.CancelledError):
            await task

    with RawServer(silent) as server:
        using(CurlTransport, close_early)


def test_a_handle_forgets_the_request_before() -> None:
    async def three(transport: Transport) -> list[Response]:
        requests = [
            inside(f"{server.origin}/a", headers={"Authorization": "Bearer s3cret"}, max_body_bytes=10),
            inside(f"{server.origin}/b", method="POST", content=b"text"),
            inside(f"{server.origin}/c"),
        ]
        return [await transport.fetch(request) for request in requests]

    class Attentive(RawServer):
        async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                if head.startswith(b"POST"):
                    assert await reader.readexactly(4) == b"text"
                writer.write(ok())

    with Attentive(always(b"")) as server:
        using(CurlTransport, three)
    assert server.connections == 1
    assert [b"s3cret" in head for head in server.heads] == [True, False, False]
    assert [head.split()[0] for head in server.heads] == [b"GET", b"POST", b"GET"]


def test_names_are_looked_up_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{len(asked)}", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    now = [0.0]

    async def go() -> None:
        pins = Pins({}, allow_private=True, monotonic=lambda: now[0])
        assert pins.known("site.test", 80) is None
        first = await pins.find("site.test", 80)
        assert first.resolve == ["+site.test:80:127.0.0.1"]
        now[0] = 299.0
        assert pins.known("site.test", 80) is first
        now[0] = 301.0
        assert pins.known("site.test", 80) is None
        assert (await pins.find("site.test", 80)).resolve == ["+site.test:80:127.0.0.2"]
        assert pins.known("site.test", 443) is None

    asyncio.run(go())


def test_the_pins_of_very_many_hosts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(host: str, port: int, **_: object) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    monkeypatch.setattr(curl_pins, "resolve", found)
    monkeypatch.setattr(curl_pins, "_MAX_PINS", 3)

    async def go() -> None:
        pins = Pins({}, allow_private=True)
        for number in range(5):
            await pins.find(f"{number}.test", 80)
            await asyncio.sleep(0)
        assert [pins.known(f"{number}.test", 80) is not None for number in range(5)] == [
            False, False, True, True, True,
        ]  # fmt: skip

    asyncio.run(go())
