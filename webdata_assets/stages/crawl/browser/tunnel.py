"""Tunnels through proxies, for the browser's gateway: HTTP CONNECT (RFC 9110) and SOCKS5 (RFC 1928, 1929).

What belongs here: reaching a proxy, and asking it for a connection. What does not: what goes through it
(gateway.py).
"""

import asyncio
import base64
import ssl
from collections.abc import Mapping

import certifi

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.http.addresses import resolve
from webdata_assets.stages.crawl.http.proxy_urls import Proxy
from webdata_assets.stages.crawl.transport import ProxyFailedError

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_SOCKS, _CONNECT, _NAME = 5, 1, 3
_NO_AUTHENTICATION, _PASSWORD = 0, 2
_ADDRESS_BYTES = {1: 4, 4: 16}
_OK = 200


async def dial(proxy: Proxy, *, connect_to: Mapping[str, str], allow_private: bool) -> Stream:
    """Return a connection to a proxy, its own address checked as any other is.

    Raises:
        ProxyFailedError: when it is not reached, or its certificate does not verify.
        PermanentError: ACCESS, when its address is refused.
    """
    addresses = await resolve(proxy.host, proxy.port, connect_to=connect_to, allow_private=allow_private)
    address, port = addresses[0]
    is_tls = proxy.scheme == "https"
    try:
        return await asyncio.open_connection(
            address,
            port,
            ssl=ssl.create_default_context(cafile=certifi.where()) if is_tls else None,
            server_hostname=proxy.host if is_tls else None,
        )
    except OSError as error:
        raise ProxyFailedError(f"the proxy {proxy.label} failed: {error}") from None


async def open_tunnel(proxy: Proxy, stream: Stream, host: str, port: int) -> None:
    """Ask a proxy for a connection; what the stream carries from then on is between the two ends.

    Raises:
        ProxyFailedError: when it refuses, or does not speak its protocol.
    """
    try:
        if proxy.scheme == "socks5h":
            await _ask_socks(proxy, stream, host, port)
        else:
            await _ask_http(proxy, stream, host, port)
    except (OSError, EOFError, asyncio.LimitOverrunError, ValueError):
        raise ProxyFailedError(f"the proxy {proxy.label} failed: it does not answer as proxies do") from None


def authorization_of(proxy: Proxy) -> str | None:
    """Return the value of Proxy-Authorization, None without credentials."""
    if proxy.username is None:
        return None
    credentials = f"{proxy.username}:{proxy.password or ''}".encode()
    return f"Basic {base64.b64encode(credentials).decode()}"


async def _ask_http(proxy: Proxy, stream: Stream, host: str, port: int) -> None:
    reader, writer = stream
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    authorization = authorization_of(proxy)
    if authorization is not None:
        lines.append(f"Proxy-Authorization: {authorization}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    status = int((await reader.readuntil(b"\r\n\r\n")).split(None, 2)[1])
    if status != _OK:
        raise ProxyFailedError(f"the proxy {proxy.label} opens no tunnel: status {status}")


async def _ask_socks(proxy: Proxy, stream: Stream, host: str, port: int) -> None:
    reader, writer = stream
    methods = [_NO_AUTHENTICATION, *([] if proxy.username is None else [_PASSWORD])]
    writer.write(bytes([_SOCKS, len(methods), *methods]))
    _, chosen = await reader.readexactly(2)
    if chosen not in methods:
        raise ProxyFailedError(f"the proxy {proxy.label} wants credentials of another kind")
    if chosen == _PASSWORD:
        user, password = (proxy.username or "").encode(), (proxy.password or "").encode()
        if max(len(user), len(password)) > 255:
            raise PermanentError(
                f"user or password of the proxy {proxy.label} is too long for SOCKS",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        writer.write(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        _, result = await reader.readexactly(2)
        if result != 0:
            raise ProxyFailedError(f"the proxy {proxy.label} wants other credentials")
    name = host.encode("ascii")
    writer.write(bytes([_SOCKS, _CONNECT, 0, _NAME, len(name)]) + name + port.to_bytes(2, "big"))
    _, result, _, kind = await reader.readexactly(4)
    if result != 0:
        raise ProxyFailedError(f"the proxy {proxy.label} opens no tunnel: SOCKS reply {result}")
    length = (await reader.readexactly(1))[0] if kind == _NAME else _ADDRESS_BYTES.get(kind, 0)
    await reader.readexactly(length + 2)
