"""The gateway: what stands between a browser and the proxies of a crawl, so that the scope holds there too.

A browser asks its proxy for whatever a page wants; no rule of its own resolver sees it. So it knows one proxy
only, this one on loopback, which lets hosts in scope through to the proxy that the page was given. It also
speaks SOCKS with a password, which Chromium does not.

What belongs here: one connection at a time, from request line to relay. What does not: asking proxies
(tunnel.py), and choosing one (http/proxies.py).
"""

import asyncio
import base64
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.browser.tunnel import Stream, authorization_of, dial, open_tunnel
from webdata_assets.stages.crawl.http.addresses import check_host, endpoint_of
from webdata_assets.stages.crawl.http.proxy_urls import Proxy
from webdata_assets.stages.crawl.transport import ProxyFailedError
from webdata_assets.stages.crawl.urls import Scope

_CHUNK_BYTES = 65_536
_CONNECT_SECONDS = 30.0
_END_OF_HEAD = b"\r\n\r\n"
_NOT_PASSED_ON = frozenset(
    {"connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "upgrade"}
)


@dataclass
class Pass:
    """What one page may use, by a token that the browser gives as its password.

    Attributes:
        proxy: where its requests go.
        token: unguessable.
        failure: the last failure of the proxy itself.
        refused: hosts out of scope that the page asked for.
    """

    proxy: Proxy
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    failure: TransientError | PermanentError | None = None
    refused: set[str] = field(default_factory=set)


class Gateway:
    """An HTTP proxy on loopback, for browsers with a pass."""

    def __init__(self, scope: Scope, *, connect_to: Mapping[str, str], allow_private: bool) -> None:
        """Take what the crawl may reach; see addresses.resolve for the rest."""
        self._scope = scope
        self._connect_to = connect_to
        self._allow_private = allow_private
        self._passes: dict[str, Pass] = {}
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens, once it has started."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    @contextmanager
    def admit(self, proxy: Proxy) -> Iterator[Pass]:
        """Give a page its pass, as long as it is open."""
        given = Pass(proxy)
        self._passes[given.token] = given
        try:
            yield given
        finally:
            del self._passes[given.token]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            await self._converse((reader, writer))
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError):
            # one of the ends is gone, or speaks no HTTP: the other is told by the end of the connection
            pass
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _converse(self, browser: Stream) -> None:
        head = _Head.read(await browser[0].readuntil(_END_OF_HEAD))
        method, target, _ = head.line.split(" ")
        given = self._passes.get(_token_in(head.value("proxy-authorization")))
        if given is None:
            browser[1].write(
                _answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"')
            )
            return
        is_tunnel = method == "CONNECT"
        try:
            onward = await self._connect(given, _url_of(target) if is_tunnel else target, is_tunnel=is_tunnel)
        except (TransientError, PermanentError) as error:
            if isinstance(error, ProxyFailedError) or error.failure_domain is FailureDomain.CONFIGURATION:
                given.failure = error
            if is_tunnel:
                browser[1].write(_answer("502 Bad Gateway"))
            return
        try:
            if is_tunnel:
                browser[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _relay(browser, onward)
            else:
                await _pass_on(given, browser, onward, head)
        finally:
            onward[1].close()

    async def _connect(self, given: Pass, url: str, *, is_tunnel: bool) -> Stream:
        endpoint = endpoint_of(url)
        if url not in self._scope:
            given.refused.add(endpoint.host)
            raise PermanentError(f"{endpoint.host} is out of scope", failure_domain=FailureDomain.ACCESS)
        check_host(endpoint.host, allow_private=self._allow_private)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                onward = await dial(
                    given.proxy, connect_to=self._connect_to, allow_private=self._allow_private
                )
                try:
                    if is_tunnel or not given.proxy.forwards(endpoint.scheme):
                        await open_tunnel(given.proxy, onward, endpoint.host, endpoint.port)
                except BaseException:
                    onward[1].close()
                    raise
                return onward
        except TimeoutError:
            raise ProxyFailedError(f"the proxy {given.proxy.label} failed: no connection in time") from None


async def _pass_on(given: Pass, browser: Stream, onward: Stream, head: "_Head") -> None:
    """Send one request for an http:// URL, and its answer back; the next one takes a new connection."""
    if head.value("transfer-encoding"):
        raise ValueError("a body without a length")
    method, target, _ = head.line.split(" ")
    forwards = given.proxy.forwards("http")
    authorization = authorization_of(given.proxy) if forwards else None
    extra = [] if authorization is None else [f"Proxy-Authorization: {authorization}"]
    asked = f"{method} {target if forwards else endpoint_of(target).target} HTTP/1.1"
    onward[1].write(head.rewritten(asked, extra))
    onward[1].write(await browser[0].readexactly(int(head.value("content-length") or "0")))
    answer = _Head.read(await onward[0].readuntil(_END_OF_HEAD))
    if forwards and answer.line.split(" ")[1] == "407":
        given.failure = ProxyFailedError(f"the proxy {given.proxy.label} wants other credentials: status 407")
        return
    browser[1].write(answer.rewritten(answer.line, []))
    await _copy(onward[0], browser[1])


@dataclass(frozen=True)
class _Head:
    """The first line of a request or an answer, and its header lines."""

    line: str
    fields: tuple[str, ...]

    @classmethod
    def read(cls, raw: bytes) -> "_Head":
        line, *fields = raw.removesuffix(_END_OF_HEAD).decode("latin-1").split("\r\n")
        return cls(line, tuple(fields))

    def value(self, name: str) -> str:
        """Return a header's value, empty without it."""
        values = (field.partition(":")[2] for field in self.fields if _name_of(field) == name)
        return next(values, "").strip()

    def rewritten(self, line: str, extra: list[str]) -> bytes:
        """Return the head for the next hop, of whose connection this is the only use."""
        kept = [field for field in self.fields if _name_of(field) not in _NOT_PASSED_ON]
        return "\r\n".join([line, *kept, *extra, "Connection: close"]).encode("latin-1") + _END_OF_HEAD


def _name_of(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def _answer(status: str, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, "Content-Length: 0", "Connection: close"]
    return "\r\n".join(lines).encode() + _END_OF_HEAD


def _token_in(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    return base64.b64decode(credentials).decode("latin-1").partition(":")[2]


def _url_of(authority: str) -> str:
    """Return the URL that the scope is asked about for a tunnel."""
    port = authority.rpartition(":")[2]
    return f"{'http' if port == '80' else 'https'}://{authority}/"


async def _relay(one: Stream, other: Stream) -> None:
    """Carry bytes both ways until either end has no more."""
    ways = [asyncio.create_task(_copy(one[0], other[1])), asyncio.create_task(_copy(other[0], one[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
