"""Real proxies on loopback: HTTP that forwards and tunnels, and SOCKS5 that resolves names itself.

What belongs here: the two protocols, with and without a password, and what was asked. What does not: the
thread and the counts (loopback.py).
"""

import asyncio
import base64
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from webdata_assets_tests.crawl.loopback import LoopbackServer

_SOCKS = 5
_NO_AUTHENTICATION, _PASSWORD, _NONE_FITS = 0, 2, 255
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SUCCEEDED, _HOST_UNREACHABLE = 0, 4


@dataclass(frozen=True)
class Asked:
    """One request to a proxy: `CONNECT`, `SOCKS` or a forwarded method; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)


class ProxyServer(LoopbackServer):
    """Connects to `names` only: `host:port` → `address:port`."""

    def __init__(
        self,
        names: Mapping[str, str],
        *,
        user: str | None = None,
        password: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.asked: list[Asked] = []
        self._names = names
        self._credentials = None if user is None else (user, password)

    async def _connect(self, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, _, port = self._names[target].rpartition(":")
        return await asyncio.open_connection(address, int(port))


class HttpProxy(ProxyServer):
    """Forwards `http://` requests and opens tunnels for CONNECT; 407 without the right password."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            fields = [line.partition(": ") for line in lines[1:] if line]
            headers = {name.lower(): value for name, _, value in fields}
            self.asked.append(Asked(method, target, headers))
            if not self._knows(headers.get("proxy-authorization", "")):
                challenge = b'Proxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n'
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n" + challenge)
                return
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
                return
            await self._forward(method, target, headers, writer)

    def _knows(self, authorization: str) -> bool:
        if self._credentials is None:
            return True
        expected = base64.b64encode(":".join(self._credentials).encode()).decode()
        return authorization == f"Basic {expected}"

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if target not in self._names:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        there = await self._connect(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\nX-Proxy: tunnel\r\n\r\n")
        await _relay(reader, writer, *there)

    async def _forward(
        self, method: str, target: str, headers: Mapping[str, str], writer: asyncio.StreamWriter
    ) -> None:
        authority, _, path = target.removeprefix("http://").partition("/")
        reader, onward = await self._connect(authority)
        kept = {name: value for name, value in headers.items() if not name.startswith("proxy-")}
        lines = [f"{method} /{path} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        onward.write(("\r\n".join(lines) + "\r\nconnection: close\r\n\r\n").encode("latin-1"))
        while chunk := await reader.read(65_536):
            writer.write(chunk)
        onward.close()


class SocksProxy(ProxyServer):
    """SOCKS version 5 (RFC 1928), with a password where one is set (RFC 1929)."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        wanted = _NO_AUTHENTICATION if self._credentials is None else _PASSWORD
        if wanted not in offered:
            writer.write(bytes([_SOCKS, _NONE_FITS]))
            return
        writer.write(bytes([_SOCKS, wanted]))
        if wanted == _PASSWORD:
            await reader.readexactly(1)
            given = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
            knows = tuple(given) == self._credentials
            writer.write(bytes([1, 0 if knows else 1]))
            if not knows:
                return
        target = await self._read_target(reader)
        self.asked.append(Asked("SOCKS", target))
        there = await self._connect(target) if target in self._names else None
        result = _HOST_UNREACHABLE if there is None else _SUCCEEDED
        writer.write(bytes([_SOCKS, result, 0, _IPV4]) + bytes(6))
        if there is not None:
            await _relay(reader, writer, *there)

    async def _read_target(self, reader: asyncio.StreamReader) -> str:
        *_, kind = await reader.readexactly(4)
        if kind == _NAME:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            raw = await reader.readexactly(4 if kind == _IPV4 else 16)
            host = str(ipaddress.ip_address(raw))
        return f"{host}:{int.from_bytes(await reader.readexactly(2))}"


async def _relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there_reader: asyncio.StreamReader,
    there_writer: asyncio.StreamWriter,
) -> None:
    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65_536):
            sink.write(chunk)
            await sink.drain()
        sink.close()

    try:
        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))
    finally:
        there_writer.close()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
