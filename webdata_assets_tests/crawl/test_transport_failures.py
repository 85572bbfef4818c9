"""What both http ways make of servers that fail: which error, and at what cost."""

import asyncio
import gzip
import resource
import time
import zlib

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch, inside
from webdata_assets_tests.site.answers import bomb, drop, drop_mid_body, endless
from webdata_assets_tests.site.server import FaultServer

pytestmark = both_ways

PAGE = b"<p>a page</p>" * 100
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def failure_of(way: HttpWay, raw: bytes, **values: object) -> WebdataError:
    """The error of a fetch that gets these bytes."""
    with RawServer(always(raw)) as server, pytest.raises(WebdataError) as caught:
        fetch(way, inside(server.origin, **values))
    return caught.value


def test_a_server_that_is_not_there_is_transient(way: HttpWay) -> None:
    with RawServer(always(b"")) as server:
        origin = server.origin
    with pytest.raises(TransientError, match="the connection failed") as caught:
        fetch(way, inside(origin))
    assert caught.value.failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour",
        CHUNKED + b"ZZ\r\nx",
        CHUNKED + b"4\r\nfour\r\n",
        CHUNKED + b"ffffffffffffffffffffff\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 1\r\n\r\nx",
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=[
        "nothing", "no HTTP", "half a head", "half a body", "no chunk", "no last chunk", "huge chunk",
        "negative length", "two lengths", "NUL in a header", "CR in a header", "TLS",
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_http_is_transient(way: HttpWay, raw: bytes) -> None:
    error = failure_of(way, raw)
    assert isinstance(error, TransientError)
    assert error.failure_domain is FailureDomain.TARGET
    assert "connection failed" in str(error)


def test_dropped_connections_are_transient(way: HttpWay, site: FaultServer) -> None:
    for answer in (drop(), drop_mid_body()):
        site.add("/", answer)
        with pytest.raises(TransientError, match="the connection failed"):
            fetch(way, inside(site.origin))


def test_silence_ends_with_the_time(way: HttpWay) -> None:
    async def silent(*_: object) -> bool:
        await asyncio.sleep(60)
        return False

    with RawServer(silent) as server:
        started = time.perf_counter()
        with pytest.raises(TransientError, match=r"(?m)^no whole answer within 0\.2 s$") as caught:
            fetch(way, inside(server.origin, timeout_seconds=0.2))
    assert caught.value.failure_domain is FailureDomain.TARGET
    assert time.perf_counter() - started < 2


def test_silence_within_a_body_ends_before_the_time(way: HttpWay) -> None:
    async def half(_: bytes, writer: asyncio.StreamWriter, __: int) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew")
        await writer.drain()
        await asyncio.sleep(60)
        return False

    started = time.perf_counter()
    with RawServer(half) as server, pytest.raises(TransientError, match="no whole answer"):
        fetch(way, inside(server.origin, timeout_seconds=20.0, silence_seconds=1.0))
    assert time.perf_counter() - started < 5


def test_a_slow_drip_ends_with_the_time(way: HttpWay) -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter, __: int) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await asyncio.sleep(0.02)
        return False

    with (
        RawServer(drip) as server,
        pytest.raises(TransientError, match=r"(?m)^no whole answer within 0\.3 s$"),
    ):
        fetch(way, inside(server.origin, timeout_seconds=0.3))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw"])
def test_compressed_bodies_are_unpacked_whole_or_not_at_all(way: HttpWay, encoding: str) -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, {"gzip": 31, "deflate": 15, "raw": -15}[encoding])
    packed = packer.compress(PAGE) + packer.flush()
    field = b"Content-Encoding: " + (b"gzip" if encoding == "gzip" else b"deflate")
    with RawServer(always(ok(packed, field))) as server:
        assert fetch(way, inside(server.origin)).body == PAGE
    error = failure_of(way, ok(packed[:-4], field))
    assert isinstance(error, TransientError)
    assert "which its headers promise" in str(error)


def test_gzip_in_several_members_is_one_body(way: HttpWay) -> None:
    packed = gzip.compress(PAGE) + gzip.compress(PAGE)
    with RawServer(always(ok(packed, b"Content-Encoding: x-gzip"))) as server:
        assert fetch(way, inside(server.origin)).body == PAGE * 2


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"compress", b"nonsense"])
def test_an_encoding_that_was_not_asked_for_is_refused(way: HttpWay, encoding: bytes) -> None:
    error = failure_of(way, ok(gzip.compress(gzip.compress(PAGE)), b"Content-Encoding: " + encoding))
    assert isinstance(error, PermanentError)
    assert error.failure_domain is FailureDomain.TARGET
    assert "was not asked for" in str(error)


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw"])
def test_a_bomb_costs_no_more_memory_than_the_cap(way: HttpWay, site: FaultServer, kind: str) -> None:
    site.add("/bomb", bomb(kind))
    before = peak_kilobytes()
    with pytest.raises(PermanentError, match="larger than 3000000 bytes") as caught:
        fetch(way, inside(f"{site.origin}/bomb", max_body_bytes=3_000_000))
    assert caught.value.failure_domain is FailureDomain.RESOURCE
    assert peak_kilobytes() - before < 30_000


def test_a_brotli_bomb_is_not_lit(way: HttpWay) -> None:
    brotli = pytest.importorskip("brotli")
    packer = brotli.Compressor(quality=5, lgwin=24)
    zeros = bytes(16_000_000)
    packed = b"".join([*(packer.process(zeros) for _ in range(16)), packer.finish()])
    assert len(packed) < 5_000
    before = peak_kilobytes()
    error = failure_of(way, ok(packed, b"Content-Encoding: br"), max_body_bytes=3_000_000)
    assert isinstance(error, PermanentError)
    assert peak_kilobytes() - before < 30_000


def test_an_endless_body_is_cut_at_the_cap(way: HttpWay, site: FaultServer) -> None:
    site.add("/", endless())
    before = peak_kilobytes()
    with pytest.raises(PermanentError, match="larger than 2000000 bytes") as caught:
        fetch(way, inside(site.origin, max_body_bytes=2_000_000))
    assert caught.value.failure_domain is FailureDomain.RESOURCE
    assert peak_kilobytes() - before < 30_000


def test_a_body_that_says_it_is_too_large_is_not_read(way: HttpWay) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\nContent-Encoding: gzip\r\n\r\n"
    error = failure_of(way, head, max_body_bytes=1_000_000)
    assert isinstance(error, PermanentError)
    assert str(error) == "the body is larger than 1000000 bytes (fetch.max_body_bytes)"


@pytest.mark.parametrize(
    "fields",
    [
        b"".join(b"X-%d: y\r\n" % number for number in range(100_000)),
        b"".join(b"X: y\r\n" for _ in range(1_000)),
        b"X: " + b"y" * 400_000 + b"\r\n",
        b"".join(b"X-%d: " % number + b"y" * 50_000 + b"\r\n" for number in range(20)),
    ],
    ids=["very many", "many", "one large", "several large"],
)
def test_headers_over_the_cap_are_refused(way: HttpWay, fields: bytes) -> None:
    before = peak_kilobytes()
    error = failure_of(way, b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 1\r\n\r\nx")
    assert isinstance(error, PermanentError)
    assert error.failure_domain is FailureDomain.RESOURCE
    assert "headers" in str(error)
    assert peak_kilobytes() - before < 60_000


def test_a_long_header_is_no_fault(way: HttpWay) -> None:
    with RawServer(always(ok(b"x", b"Content-Security-Policy: " + b"y" * 60_000))) as server:
        assert len(fetch(way, inside(server.origin)).headers["content-security-policy"]) == 60_000


def test_informational_answers_without_end_end_with_the_time(way: HttpWay) -> None:
    async def flood(_: bytes, writer: asyncio.StreamWriter, __: int) -> bool:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 100)
            await writer.drain()

    before = peak_kilobytes()
    with RawServer(flood) as server, pytest.raises(WebdataError):
        fetch(way, inside(server.origin, timeout_seconds=0.5))
    assert peak_kilobytes() - before < 60_000
