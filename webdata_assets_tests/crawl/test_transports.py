"""What both http ways do alike: what is sent, what is handed back, and how connections are kept."""

import asyncio

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.transport import Response, Transport
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch, inside, using
from webdata_assets_tests.site.answers import gzipped, page, status
from webdata_assets_tests.site.server import FaultServer

pytestmark = both_ways


def test_connect_to_keeps_the_host_that_the_server_sees(way: HttpWay, site: FaultServer) -> None:
    site.add("/", page("hello"))
    response = fetch(way, inside("http://site.test/"), connect_to={"site.test": site.address})
    assert (response.status, response.body, response.url) == (200, b"hello", "http://site.test/")
    assert site.log[0].host == "site.test"


def test_connect_to_may_name_a_port(way: HttpWay, site: FaultServer) -> None:
    site.add("/", page("hello"))
    mapping = {"site.test:8080": site.address, "site.test": "127.0.0.1:9"}
    assert fetch(way, inside("http://site.test:8080/"), connect_to=mapping).status == 200


def test_a_connect_to_that_names_a_host_is_a_configuration_error(way: HttpWay) -> None:
    with pytest.raises(PermanentError, match="numeric address") as caught:
        fetch(way, inside("http://site.test/"), connect_to={"site.test": "localhost:80"})
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_redirects_are_handed_back(way: HttpWay, site: FaultServer) -> None:
    site.add("/", status(302, Location="/next"))
    response = fetch(way, inside(f"{site.origin}/"))
    assert (response.status, response.headers["location"]) == (302, "/next")
    assert len(site.log) == 1


def test_cookies_are_not_sent_back(way: HttpWay, site: FaultServer) -> None:
    site.add("/", page("x", headers={"Set-Cookie": "id=1"}))

    async def twice(transport: Transport) -> None:
        for _ in range(2):
            await transport.fetch(inside(f"{site.origin}/"))

    using(way, twice)
    assert [seen.headers.get("cookie") for seen in site.log] == [None, None]


def test_the_url_is_sent_as_it_stands(way: HttpWay, site: FaultServer) -> None:
    targets = ["/a%2Fb%7e/../c/./?q=a+b%20c&x=%C3%A9&&;=|", "/plain", "/?q=%7e", "/../%2e%2E/"]

    async def in_turn(transport: Transport) -> None:
        for target in targets:
            await transport.fetch(inside(f"{site.origin}{target}#fragment"))

    using(way, in_turn)
    assert [seen.target for seen in site.log] == targets


def test_nothing_is_sent_that_the_request_does_not_say(way: HttpWay, site: FaultServer) -> None:
    fetch(way, inside(f"{site.origin}/", headers={"User-Agent": "me/1", "X-Empty": "", "X-Word": "Grüße"}))
    assert site.log[0].headers == {
        "host": site.address,
        "accept": "*/*",
        "user-agent": "me/1",
        "x-empty": "",
        "x-word": "Grüße",
        "accept-encoding": "gzip, deflate",
    }


def test_there_is_no_user_agent_but_the_requests_own(way: HttpWay, site: FaultServer) -> None:
    fetch(way, inside(f"{site.origin}/"))
    assert "user-agent" not in site.log[0].headers


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "s3cret\r\nX-B: c"), ("X-A", "s3cret\n"), ("X-A", "s3cret\0"), ("X-A\r\nX-B", "s3cret")],
)
def test_a_header_with_a_line_break_is_not_sent(
    way: HttpWay, site: FaultServer, name: str, value: str
) -> None:
    with pytest.raises(PermanentError, match="cannot be sent") as caught:
        fetch(way, inside(f"{site.origin}/", headers={name: value}))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert "s3cret" not in str(caught.value)
    assert site.log == []


def test_a_post_carries_its_content_and_the_next_get_none(way: HttpWay) -> None:
    content = bytes(range(256)) * 8_000

    async def all_three(transport: Transport) -> list[Response]:
        requests = [
            inside(server.origin, method="POST", content=content, headers={"Content-Type": "application/x"}),
            inside(server.origin, method="POST"),
            inside(server.origin),
        ]
        return [await transport.fetch(request) for request in requests]

    received: list[bytes] = []

    class Echo(RawServer):
        async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                self.heads.append(head)
                length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
                received.append(await reader.readexactly(int(length or 0)))
                writer.write(ok())

    with Echo(always(b"")) as server:
        using(way, all_three)
    assert received == [content, b"", b""]
    assert [head.split()[0] for head in server.heads] == [b"post", b"post", b"get"]
    assert b"content-type: application/x\r\n" in server.heads[0]
    assert b"expect:" not in server.heads[0]
    assert b"content-length: 0\r\n" in server.heads[1]
    assert b"content-length" not in server.heads[2]
    assert all(b"content-type" not in head for head in server.heads[1:])


def test_repeated_headers_are_joined_and_names_are_in_lower_case(way: HttpWay) -> None:
    with RawServer(always(ok(b"x", b"LINK: <a>", b"Link:<b>", b"X-Empty:"))) as server:
        headers = fetch(way, inside(server.origin)).headers
    assert headers == {"content-length": "1", "link": "<a>, <b>", "x-empty": ""}


def test_headers_of_informational_answers_are_left_out(way: HttpWay) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with RawServer(always(early + ok(b"x", b"ETag: e"))) as server:
        response = fetch(way, inside(server.origin))
    assert (response.status, response.body) == (200, b"x")
    assert response.headers == {"content-length": "1", "etag": "e"}


@pytest.mark.parametrize("chunks", [b"1\r\nx\r\n0\r\n", b"0\r\n"])
def test_trailers_are_left_out(way: HttpWay, chunks: bytes) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"ETag: forged\r\n\r\n"
    with RawServer(always(raw)) as server:
        headers = fetch(way, inside(server.origin)).headers
    assert headers == {"transfer-encoding": "chunked"}


def test_headers_that_no_table_can_hold_are_cleaned(way: HttpWay) -> None:
    with RawServer(always(ok(b"x", b"ETag: \xff\xfe", b"X-Good: \xc3\xa9"))) as server:
        headers = fetch(way, inside(server.origin)).headers
    assert (headers["etag"], headers["x-good"]) == ("\ufffd\ufffd", "é")


def test_an_encoding_without_a_body_does_not_matter(way: HttpWay) -> None:
    raw = b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: br\r\nETag: e\r\n\r\n"
    with RawServer(always(raw)) as server:
        response = fetch(way, inside(server.origin))
    assert (response.status, response.body, response.headers["etag"]) == (304, b"", "e")


def test_a_body_of_exactly_the_cap_is_kept(way: HttpWay, site: FaultServer) -> None:
    site.add("/", gzipped(b"x" * 5_000))
    assert len(fetch(way, inside(f"{site.origin}/", max_body_bytes=5_000)).body) == 5_000


def test_a_connection_is_kept_for_the_next_request(way: HttpWay) -> None:
    async def five(transport: Transport) -> None:
        for _ in range(5):
            await transport.fetch(inside(server.origin))

    with RawServer(always(ok(), keep=True)) as server:
        using(way, five)
    assert (server.connections, len(server.heads)) == (1, 5)


def test_a_kept_connection_that_was_closed_meanwhile_is_not_used(way: HttpWay) -> None:
    async def two(transport: Transport) -> None:
        await transport.fetch(inside(server.origin))
        await asyncio.sleep(0.3)
        await transport.fetch(inside(server.origin))

    with RawServer(always(ok())) as server:
        using(way, two)
    assert (server.connections, len(server.heads)) == (2, 2)


def test_a_request_is_sent_once_even_if_a_kept_connection_drops_it(way: HttpWay) -> None:
    async def first_only(_: bytes, writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(ok() if number == 1 else b"")
        return number == 1

    async def two(transport: Transport) -> None:
        await transport.fetch(inside(server.origin))
        with pytest.raises(TransientError):
            await transport.fetch(inside(server.origin))

    with RawServer(first_only) as server:
        using(way, two)
    assert len(server.heads) == 2


def test_many_requests_at_once_each_get_their_own_answer(way: HttpWay) -> None:
    async def echo(head: bytes, writer: asyncio.StreamWriter, _: int) -> bool:
        await asyncio.sleep(0.01)
        writer.write(ok(head.split()[1]))
        return True

    async def all_of_them(transport: Transport) -> list[Response]:
        requests = [inside(f"{server.origin}/{number}") for number in range(100)]
        return await asyncio.gather(*map(transport.fetch, requests))

    with RawServer(echo) as server:
        responses = using(way, all_of_them)
    assert [response.body for response in responses] == [b"/%d" % number for number in range(100)]


def test_a_cancelled_request_leaves_the_transport_usable(way: HttpWay) -> None:
    async def silent_at(head: bytes, writer: asyncio.StreamWriter, _: int) -> bool:
        if b"/silent" in head:
            await asyncio.sleep(60)
        writer.write(ok())
        return True

    async def cancel_some(transport: Transport) -> Response:
        await transport.fetch(inside(server.origin))
        waiting = [asyncio.create_task(transport.fetch(inside(f"{server.origin}/silent"))) for _ in range(10)]
        await asyncio.sleep(0.1)
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in ended)
        return await transport.fetch(inside(server.origin))

    with RawServer(silent_at) as server:
        assert using(way, cancel_some).status == 200


def test_transports_work_in_one_event_loop_after_another(way: HttpWay, site: FaultServer) -> None:
    site.add("/", page("hello"))
    for _ in range(2):
        assert fetch(way, inside(f"{site.origin}/")).body == b"hello"


def test_closing_twice_is_harmless(way: HttpWay, site: FaultServer) -> None:
    async def go(transport: Transport) -> None:
        await transport.fetch(inside(f"{site.origin}/"))
        await transport.close()

    using(way, go)
    asyncio.run(HttpTransport().close())


def test_both_are_the_http_way(way: HttpWay) -> None:
    assert way().name == "http"
