"""Servers on loopback that send exactly the bytes they are told to, and remember what reached them.

What belongs here: the thread, the counts, and answers in bytes. What does not: servers that behave (site/),
and proxies (proxy_servers.py).
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Self

Answer = Callable[[bytes, asyncio.StreamWriter, int], Awaitable[bool]]
"""Takes a request's head, where to write, and the request's number on its connection, from 1; returns whether
the connection stays open."""


class LoopbackServer:
    """Accepts connections in a thread of its own; what is said on them is the subclass's matter."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self.port = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{self.address}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        raise NotImplementedError

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class RawServer(LoopbackServer):
    """Gives every request the same treatment; `heads` holds the requests that were read, without bodies."""

    def __init__(self, answer: Answer, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.heads: list[bytes] = []
        self._answer = answer

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, stays = 0, True
        while stays:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            number += 1
            stays = await self._answer(head, writer, number)
            await writer.drain()


def always(raw: bytes, *, keep: bool = False) -> Answer:
    """These bytes, then the end of the connection unless it is kept."""

    async def answer(_: bytes, writer: asyncio.StreamWriter, __: int) -> bool:
        writer.write(raw)
        return keep

    return answer


def ok(body: bytes = b"ok", *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A response with a Content-Length, and further header fields."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
