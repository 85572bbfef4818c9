"""The http way in by aiohttp: the same as curl.py, in Python, without HTTP/2 and SOCKS.

What belongs here: the client, and the meaning of its errors. What does not: addresses (aiohttp_addresses.py),
and redirects, rate, robots and retries (visit.py).
"""

import base64
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import certifi
from yarl import URL

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http.addresses import check_host, endpoint_of
from webdata_assets.stages.crawl.http.aiohttp_addresses import CheckedResolver, checked_sockets
from webdata_assets.stages.crawl.http.bodies import BodyReader, body_too_large, transfer_limit
from webdata_assets.stages.crawl.http.headers import (
    MAX_HEADER_LINE_BYTES,
    MAX_HEADERS,
    headers_too_large,
    plain_headers,
    request_headers,
)
from webdata_assets.stages.crawl.http.proxy_urls import Proxy, read_proxy
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response

_CONNECT_SECONDS = 15.0
_DNS_SECONDS = 300
_CHUNK_BYTES = 65_536
_NOT_MODIFIED = 304
_PROXY_AUTHENTICATION_REQUIRED = 407
_TOO_LARGE = ("Too many headers", "Got more than")
"""How aiohttp's messages on headers begin."""


class HttpTransport:
    """aiohttp with checked addresses, verified TLS, capped bodies, no cookies and no redirects."""

    name = "http"

    def __init__(self, *, connect_to: Mapping[str, str] | None = None, cafile: str | None = None) -> None:
        """Take how this deployment reaches the network.

        Args:
            connect_to: host, or host:port, → `address:port` to connect to in its place.
            cafile: certificates of the authorities to trust, in PEM; certifi's if not given.
        """
        self._connect_to = dict(connect_to or {})
        self._cafile = cafile or certifi.where()
        # by `allow_private`, so that a connection that one request may open is never lent to one that may
        # not; and by whether there is a proxy, for only then is an exchange traced, which costs
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}

    async def fetch(self, request: Request) -> Response:
        """Make one request; see Transport.fetch for what is raised."""
        endpoint = endpoint_of(request.url)
        if request.proxy is None:
            return await self._send(request, None, _Progress())
        proxy = read_proxy(request.proxy)
        if proxy.scheme == "socks5h":
            raise PermanentError(
                f"the proxy {proxy.label} speaks SOCKS, which aiohttp does not; CurlTransport does",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        check_host(endpoint.host, allow_private=request.allow_private)
        progress = _Progress()
        try:
            response = await self._send(request, proxy, progress)
        except TransientError as error:
            if progress.is_connected or isinstance(error, ProxyFailedError):
                raise
            raise ProxyFailedError(f"the proxy {proxy.label} failed: {error}") from None
        if proxy.forwards(endpoint.scheme) and response.status == _PROXY_AUTHENTICATION_REQUIRED:
            raise ProxyFailedError(f"the proxy {proxy.label} wants other credentials: status 407")
        return response

    async def close(self) -> None:
        """Close all connections."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def _send(self, request: Request, proxy: Proxy | None, progress: "_Progress") -> Response:
        timeout = aiohttp.ClientTimeout(
            total=request.timeout_seconds,
            sock_connect=min(_CONNECT_SECONDS, request.timeout_seconds),
            sock_read=min(request.silence_seconds, request.timeout_seconds),
        )
        headers = request_headers(request)
        proxy_headers: dict[str, str] = {}
        if proxy is not None and proxy.username is not None:
            # what is forwarded has but one head; a tunnel's is for the proxy alone
            shown = proxy_headers if request.url.startswith("https:") else headers
            shown["proxy-authorization"] = _basic(proxy.username, proxy.password or "")
        proxy_url = None if proxy is None else URL(proxy.label)
        started = time.perf_counter()
        try:
            async with self._session(request.allow_private, proxy is not None).request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers,
                skip_auto_headers=("Content-Type", "User-Agent"),
                data=request.content or b"" if request.method == "POST" else None,
                allow_redirects=False,
                timeout=timeout,
                proxy=proxy_url,
                proxy_headers=proxy_headers,
                trace_request_ctx=progress,
            ) as response:
                body = await _read(response, request.max_body_bytes)
                return Response(
                    url=request.url,
                    status=response.status,
                    headers=_headers(response),
                    body=body,
                    elapsed_ms=round((time.perf_counter() - started) * 1000),
                )
        except TimeoutError as error:
            raise TransientError(
                f"no whole answer within {request.timeout_seconds:g} s", failure_domain=FailureDomain.TARGET
            ) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            # an error of aiohttp's holds the request, and that the proxy's credentials
            raise _typed(error, proxy_url) from (error if proxy is None else None)

    def _session(self, allow_private: bool, is_proxied: bool) -> aiohttp.ClientSession:
        key = (allow_private, is_proxied)
        if key not in self._sessions:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_connected)
            trace.on_connection_reuseconn.append(_connected)
            connector = aiohttp.TCPConnector(
                resolver=CheckedResolver(self._connect_to, allow_private),
                socket_factory=checked_sockets(allow_private),
                ssl=ssl.create_default_context(cafile=self._cafile),
                ttl_dns_cache=_DNS_SECONDS,
                limit=0,  # politeness bounds the requests in flight
            )
            self._sessions[key] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                middlewares=(_send_once,),
                trace_configs=[trace] if is_proxied else None,
                max_line_size=MAX_HEADER_LINE_BYTES,
                max_field_size=MAX_HEADER_LINE_BYTES,
                max_headers=MAX_HEADERS,
            )
        return self._sessions[key]


@dataclass(slots=True)
class _Progress:
    """How far a request has come: whether it had a connection, through a proxy to the site itself."""

    is_connected: bool = False


async def _connected(_: aiohttp.ClientSession, context: Any, __: object) -> None:
    context.trace_request_ctx.is_connected = True


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > transfer_limit(max_bytes) and response.status != _NOT_MODIFIED:
        raise body_too_large(max_bytes)
    reader = BodyReader(response.headers.get("Content-Encoding", ""), max_bytes)
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        reader.feed(chunk)
    return reader.finish()


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return plain_headers(b"\r\n".join(name + b": " + value for name, value in response.raw_headers))


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a failed GET again by itself: it knows nothing of attempts and rates."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.proxy is not None and not request.is_ssl():
            # what is forwarded has no other connection than the proxy's
            raise ProxyFailedError(f"the proxy {request.proxy} failed: {_text(error)}") from None
        raise _typed(error, request.proxy) from (error if request.proxy is None else None)


def _typed(error: Exception, proxy: URL | None) -> TransientError | PermanentError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        if proxy is not None and proxy.scheme == "https" and error.host == proxy.host:
            return ProxyFailedError(f"the proxy {proxy} failed: its certificate does not verify")
        why = f"the certificate does not verify: {error.certificate_error}"
        return PermanentError(why, failure_domain=FailureDomain.TARGET)
    if isinstance(error, aiohttp.InvalidURL):
        return PermanentError("the URL cannot be requested over http", failure_domain=FailureDomain.ACCESS)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return TransientError(f"CONNECT got status {error.status}", failure_domain=FailureDomain.TARGET)
    if isinstance(error, aiohttp.ClientResponseError) and error.message.startswith(_TOO_LARGE):
        return headers_too_large()
    if isinstance(error, aiohttp.ClientPayloadError) and any(said in str(error) for said in _TOO_LARGE):
        # of trailers
        return headers_too_large()
    return TransientError(f"the connection failed: {_text(error)}", failure_domain=FailureDomain.TARGET)


def _text(error: Exception) -> str:
    # some of aiohttp's errors have no text, and some repeat the URL
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return f"{type(error).__name__}: {text}"[:300].rstrip(": ")
