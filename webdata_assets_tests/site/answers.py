"""Answers: the kinds of good and bad behaviour that a path of the fault server can have.

What belongs here: one small function per behaviour, each giving an answer. What does not: routing
(server.py).
"""

import asyncio
import gzip
import zlib
from collections.abc import Mapping, Sequence

from aiohttp import web

from webdata_assets_tests.site.server import Answer

_MEGABYTE = bytes(1_000_000)


def page(
    body: str | bytes,
    *,
    content_type: str = "text/html",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Always this."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(
            body=raw, status=status, headers={"Content-Type": content_type, **(headers or {})}
        )

    return answer


def links(*hrefs: str, title: str = "links") -> Answer:
    """An HTML page with these links."""
    items = "".join(f'<li><a href="{href}">{href}</a></li>' for href in hrefs)
    return page(f"<!doctype html><title>{title}</title><ul>{items}</ul>")


def status(code: int, **headers: str) -> Answer:
    """Always this status; header names with `_` for `-`."""
    return page(
        f"status {code}", status=code, headers={name.replace("_", "-"): headers[name] for name in headers}
    )


def in_turn(*answers: Answer) -> Answer:
    """The first answer to the first request, and so on; the last one for ever."""
    waiting = list(answers)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return await chosen(request)

    return answer


def redirect(location: str, code: int = 302) -> Answer:
    return page("", status=code, headers={"Location": location})


def with_validators(body: str | bytes, *, etag: str, content_type: str = "text/html") -> Answer:
    """200 with an ETag, or 304 when that very ETag is sent back."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return await page(body, content_type=content_type, headers={"ETag": etag})(request)

    return answer


def slow(seconds: float, then: Answer) -> Answer:
    """Nothing for a while."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return answer


def drip(body: bytes, *, every_seconds: float = 0.05) -> Answer:
    """A whole answer, byte by byte; to wait for each of them is to wait for ever."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": str(len(body))})
        await response.prepare(request)
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(every_seconds)
        return response

    return answer


def drop() -> Answer:
    """A connection that ends without an answer."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return answer


def raw(head: bytes) -> Answer:
    """These very bytes in place of an HTTP answer, and the end of the connection."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(head)
        request.transport.close()
        return web.Response()

    return answer


def raw_drip(head: bytes, *, every_seconds: float = 0.05) -> Answer:
    """These very bytes, one after the other, and then nothing more."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        for byte in head:
            request.transport.write(bytes([byte]))
            await asyncio.sleep(every_seconds)
        await asyncio.sleep(3_600)
        return web.Response()

    return answer


def endless_headers() -> Answer:
    """A head without an end."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            if transport.is_closing():
                break
            transport.write(b"X-Header-%d: %s\r\n" % (number, b"x" * 1_000))
            await asyncio.sleep(0)
        return web.Response()

    return answer


def drop_mid_body(promised: int = 10_000, sent: int = 100) -> Answer:
    """Fewer bytes than Content-Length says."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": str(promised)})
        await response.prepare(request)
        await response.write(b"x" * sent)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def endless() -> Answer:
    """A body without an end."""
    return _stream([_MEGABYTE] * 10_000, {})


def bomb(encoding: str, megabytes: int = 200) -> Answer:
    """A small body that says it unpacks to very much more: gzip, deflate, or the raw stream of `deflate`."""
    bits = {"gzip": 31, "deflate": 15, "raw": -15}[encoding]
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    packed = b"".join([*(packer.compress(_MEGABYTE) for _ in range(megabytes)), packer.flush()])
    return _stream([packed], {"Content-Encoding": "deflate" if encoding == "raw" else encoding})


def gzipped(body: bytes, *, content_type: str = "text/html", cut: int = 0) -> Answer:
    """A compressed answer, less its last `cut` bytes, all of it announced as whole."""
    packed = gzip.compress(body)
    return page(packed[: len(packed) - cut], content_type=content_type, headers={"Content-Encoding": "gzip"})


def _stream(chunks: Sequence[bytes], headers: Mapping[str, str]) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html", **headers})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response

    return answer
