"""Answers that are made to exhaust whoever reads them.

What belongs here: bytes and streams. What does not: what becomes of them (test_bodies.py).
"""

import asyncio
import functools
import gzip
import itertools
import zlib
from collections.abc import Iterable

from aiohttp import web

from webdata_assets_tests.site.server import Answer

CAP = 20_000_000
"""The default of `fetch.max_body_bytes`, which no test here lowers."""


@functools.cache
def _zeros() -> bytes:
    return gzip.compress(bytes(100_000_000), 6)


def many_members() -> bytes:
    """A gzip file of 1 GB in ten members, 1 MB large."""
    return _zeros() * 10


def deflated() -> bytes:
    """100 MB as a deflate stream."""
    return zlib.compress(bytes(100_000_000), 6)


def empty_members() -> bytes:
    """A million gzip members with nothing in them, just below the cap."""
    return gzip.compress(b"") * (CAP // 20 - 1)


def nested(levels: int) -> bytes:
    """Gzip of gzip of 100 MB."""
    body = _zeros()
    for _ in range(levels - 1):
        body = gzip.compress(body)
    return body


def filled(start: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """As many units as fit below the cap."""
    return start + unit * ((CAP - len(start) - len(end)) // len(unit)) + end


def numbered(start: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """As many units, each with a number of its own, as fit below the cap."""
    size = len(unit % 10_000_000)
    units = (unit % number for number in range(10_000_000, 10_000_000 + (CAP - 200) // size))
    return start + b"".join(units) + end


def spoken(head: bytes, forever: Iterable[bytes], *, pause_seconds: float = 0.0) -> Answer:
    """A raw head, then pieces until the other side has enough."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(head)
        for piece in forever:
            if transport.is_closing():
                break
            transport.write(piece)
            while transport.get_write_buffer_size() > 1_000_000 and not transport.is_closing():
                await asyncio.sleep(0.005)
            await asyncio.sleep(pause_seconds)
        return web.Response()

    return answer


def chunked(piece: bytes, *, pause_seconds: float = 0.0) -> Answer:
    """A chunked body without an end."""
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    return spoken(_CHUNKED, itertools.repeat(chunk), pause_seconds=pause_seconds)


def chunk_extension() -> Answer:
    """A chunk whose extension never ends."""
    return spoken(_CHUNKED + b"5;x=", itertools.repeat(b"y" * 65_536))


def trailers() -> Answer:
    """A short body with trailers that never end."""
    return spoken(_CHUNKED + b"2\r\nok\r\n0\r\n", itertools.repeat(b"X-Trailer: %s\r\n" % (b"y" * 1_000)))


def interim() -> Answer:
    """1xx responses that no final one follows."""
    return spoken(b"", itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100))


def header_line() -> Answer:
    """One header that never ends."""
    return spoken(b"HTTP/1.1 200 OK\r\nX-Long: ", itertools.repeat(b"y" * 65_536))


def header_drip() -> Answer:
    """A head that comes so slowly that it never ends."""
    return spoken(b"HTTP/1.1 200 OK\r\nX-Slow: ", itertools.repeat(b"y"), pause_seconds=0.1)


def length(said: int, sent: bytes) -> Answer:
    """A Content-Length that lies, the connection kept open."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % said
    return spoken(head + sent, itertools.repeat(b""), pause_seconds=0.1)


_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
