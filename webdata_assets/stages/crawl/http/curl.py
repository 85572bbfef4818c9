"""The http way in: one request by libcurl, connected only to addresses that were checked.

What belongs here: handles and connections, and their lending. What does not: options (curl_handle.py), errors
(curl_errors.py), and redirects, rate, robots and retries (visit.py).
"""

import asyncio
import time
from collections.abc import Mapping

import certifi
import pycurl

from webdata_assets.errors import TransientError
from webdata_assets.stages.crawl.http.addresses import NameNotFoundError, check_host, endpoint_of
from webdata_assets.stages.crawl.http.curl_errors import error_of, timed_out
from webdata_assets.stages.crawl.http.curl_handle import CurlHandle
from webdata_assets.stages.crawl.http.curl_pins import Pin, Pins
from webdata_assets.stages.crawl.http.curl_sockets import Sockets
from webdata_assets.stages.crawl.http.proxy_urls import Proxy, read_proxy
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response

_MAX_KEPT_CONNECTIONS = 256
_PROXY_AUTHENTICATION_REQUIRED = 407


class CurlTransport:
    """libcurl with checked addresses, verified TLS, HTTP/2, capped bodies, no cookies and no redirects."""

    name = "http"

    def __init__(self, *, connect_to: Mapping[str, str] | None = None, cafile: str | None = None) -> None:
        """Take how this deployment reaches the network.

        Args:
            connect_to: host, or host:port, → `address:port` to connect to in its place.
            cafile: certificates of the authorities to trust, in PEM; certifi's if not given.
        """
        self._connect_to = dict(connect_to or {})
        self._cafile = cafile or certifi.where()
        # two pools, so that a connection that one request may open is never lent to one that may not
        self._pools: dict[bool, _Pool] = {}

    async def fetch(self, request: Request) -> Response:
        """Make one request; see Transport.fetch for what is raised."""
        started = time.perf_counter()
        endpoint = endpoint_of(request.url)
        proxy = None
        host, port = endpoint.host, endpoint.port
        if request.proxy is not None:
            proxy = read_proxy(request.proxy)
            check_host(endpoint.host, allow_private=request.allow_private)
            host, port = proxy.host, proxy.port
        pool = self._pools.get(request.allow_private) or self._open_pool(request.allow_private)
        seconds = request.timeout_seconds
        pin = pool.pins.known(host, port)
        if pin is None:
            pin = await _find(pool.pins, host, port, request, proxy)
            seconds -= time.perf_counter() - started
        handle = pool.handles.pop() if pool.handles else CurlHandle(pool.sockets, cafile=self._cafile)
        try:
            handle.prepare(request, endpoint, pin, proxy, seconds)
            await pool.multi.perform(handle.curl)
            response = handle.response(request.url, round((time.perf_counter() - started) * 1000))
        except pycurl.error as error:
            raise error_of(error, endpoint, request, proxy, handle) from error
        except asyncio.CancelledError:
            handle.close()
            raise
        finally:
            if not handle.curl.closed:
                handle.clear()
                pool.handles.append(handle)
        if (
            proxy is not None
            and proxy.forwards(endpoint.scheme)
            and response.status == _PROXY_AUTHENTICATION_REQUIRED
        ):
            raise ProxyFailedError(f"the proxy {proxy.label} wants other credentials: status 407")
        return response

    async def close(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.close()

    def _open_pool(self, allow_private: bool) -> "_Pool":
        pool = self._pools[allow_private] = _Pool(self._connect_to, allow_private=allow_private)
        return pool


class _Pool:
    """Connections, idle handles and pins that may be shared."""

    def __init__(self, connect_to: Mapping[str, str], *, allow_private: bool) -> None:
        self.pins = Pins(connect_to, allow_private=allow_private)
        self.sockets = Sockets(allow_private=allow_private)
        self.handles: list[CurlHandle] = []
        self.multi = pycurl.AsyncCurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, _MAX_KEPT_CONNECTIONS)

    async def close(self) -> None:
        self.pins.close()
        await self.multi.aclose()
        while self.handles:
            self.handles.pop().close()


async def _find(pins: Pins, host: str, port: int, request: Request, proxy: Proxy | None) -> Pin:
    try:
        async with asyncio.timeout(request.timeout_seconds):
            return await pins.find(host, port)
    except TimeoutError:
        failed: TransientError = timed_out(request)
    except NameNotFoundError as error:
        failed = error
    if proxy is None:
        raise failed
    raise ProxyFailedError(f"the proxy {proxy.label} failed: {failed}")
