"""The http way in: one GET by aiohttp, connected only to addresses that were checked.

What belongs here: the client, its resolver and socket check, and the meaning of its errors. What does not:
redirects, rate, robots and retries (visit.py).
"""

import logging
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.addresses import check_address, resolve
from webdata_assets.stages.crawl.bodies import ACCEPT_ENCODING, BodyReader
from webdata_assets.stages.crawl.transport import Request, Response

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 15.0
_SILENCE_SECONDS = 20.0
"""Longest wait for the next byte."""
_DNS_SECONDS = 300
_CHUNK_BYTES = 65_536
_MAX_HEADER_BYTES = 65_536
"""Of one header line; real policies exceed aiohttp's 8 KB."""


class HttpTransport:
    """aiohttp with checked addresses, verified TLS, capped bodies, no cookies and no redirects."""

    name = "http"

    def __init__(self, *, connect_to: Mapping[str, str] | None = None) -> None:
        """Take where to connect in place of a host: host, or host:port, → `address:port`."""
        self._connect_to = dict(connect_to or {})
        # two pools, so that a connection that one request may open is never lent to one that may not
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def fetch(self, request: Request) -> Response:
        """Make one request; see Transport.fetch for what is raised."""
        timeout = aiohttp.ClientTimeout(
            total=request.timeout_seconds,
            sock_connect=min(_CONNECT_SECONDS, request.timeout_seconds),
            sock_read=min(_SILENCE_SECONDS, request.timeout_seconds),
        )
        headers = {"accept": "*/*"} | {name.lower(): value for name, value in request.headers.items()}
        headers["accept-encoding"] = ACCEPT_ENCODING
        started = time.perf_counter()
        try:
            async with self._session(request.allow_private).get(
                URL(request.url, encoded=True), headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                body = await _read(response, request.max_body_bytes)
                return Response(
                    url=request.url,
                    status=response.status,
                    headers=_plain_headers(response),
                    body=body,
                    elapsed_ms=round((time.perf_counter() - started) * 1000),
                )
        except TimeoutError as error:
            raise TransientError(
                f"no whole answer within {request.timeout_seconds:g} s", failure_domain=FailureDomain.TARGET
            ) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise _typed(error) from error

    async def close(self) -> None:
        """Close all connections."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        if allow_private not in self._sessions:
            connector = aiohttp.TCPConnector(
                resolver=_CheckedResolver(self._connect_to, allow_private),
                socket_factory=_checked_sockets(allow_private),
                ssl=ssl.create_default_context(cafile=certifi.where()),
                ttl_dns_cache=_DNS_SECONDS,
                limit=0,  # politeness bounds the requests in flight
            )
            self._sessions[allow_private] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                middlewares=(_send_once,),
                max_line_size=_MAX_HEADER_BYTES,
                max_field_size=_MAX_HEADER_BYTES,
            )
        return self._sessions[allow_private]


class _CheckedResolver(AbstractResolver):
    """Resolves a name once, checks every address, and hands the same addresses to the connector."""

    def __init__(self, connect_to: Mapping[str, str], allow_private: bool) -> None:
        self._connect_to = connect_to
        self._allow_private = allow_private

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002
    ) -> list[ResolveResult]:
        addresses = await resolve(host, port, connect_to=self._connect_to, allow_private=self._allow_private)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=target_port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address, target_port in addresses
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def _checked_sockets(allow_private: bool) -> Any:
    """Return a socket factory that checks the very address that is connected to, literals included."""

    def create(address_info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = address_info
        check_address(address[0], allow_private=allow_private)
        return socket.socket(family=family, type=kind, proto=protocol)

    return create


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    reader = BodyReader(response.headers.get("Content-Encoding", ""), max_bytes)
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        reader.feed(chunk)
    return reader.finish()


def _plain_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        # aiohttp keeps undecodable bytes as surrogates, which no table can store
        text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        key = name.lower()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a failed GET again by itself: it knows nothing of attempts and rates."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _typed(error) from error


def _typed(error: Exception) -> TransientError | PermanentError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = f"the certificate does not verify: {error.certificate_error}"
        return PermanentError(why, failure_domain=FailureDomain.TARGET)
    if isinstance(error, aiohttp.InvalidURL):
        return PermanentError("the URL cannot be requested over http", failure_domain=FailureDomain.ACCESS)
    # some of aiohttp's errors have no text
    why = f"{type(error).__name__}: {error}"[:300].rstrip(": ")
    return TransientError(f"the connection failed: {why}", failure_domain=FailureDomain.TARGET)
