"""Both http ways under one roof: the same test, once by libcurl and once by aiohttp."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import pytest

from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.transport import Request, Response, Transport

T = TypeVar("T")
HttpWay = type[CurlTransport] | type[HttpTransport]

both_ways = pytest.mark.parametrize("way", [CurlTransport, HttpTransport], ids=["curl", "aiohttp"])


def using(
    way: HttpWay,
    work: Callable[[Transport], Awaitable[T]],
    *,
    connect_to: Mapping[str, str] | None = None,
    cafile: str | None = None,
) -> T:
    """Run this with a transport, in an event loop of its own, and close the transport."""

    async def go() -> T:
        transport = way(connect_to=connect_to, cafile=cafile)
        try:
            return await work(transport)
        finally:
            await transport.close()

    return asyncio.run(go())


def fetch(
    way: HttpWay,
    request: Request,
    *,
    connect_to: Mapping[str, str] | None = None,
    cafile: str | None = None,
) -> Response:
    """Make one request."""
    return using(way, lambda transport: transport.fetch(request), connect_to=connect_to, cafile=cafile)


def inside(url: str, **values: object) -> Request:
    """A request that may go to loopback."""
    return Request(url, **{"allow_private": True, "timeout_seconds": 5.0, **values})
