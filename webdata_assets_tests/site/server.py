"""The fault server: pages by path, on loopback, with a log of every request.

What belongs here: starting, stopping, routing, the log. What does not: kinds of answers (answers.py).
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it.

    Attributes:
        host: with its port.
        target: path and query.
        headers: names in lower case.
        at: when it came, on the machine's monotonic clock.
    """

    host: str
    target: str
    headers: dict[str, str] = field(repr=False)
    at: float


class FaultServer:
    """An HTTP server in a thread of its own. Paths without an answer give 404, robots.txt included."""

    def __init__(self) -> None:
        self.log: list[Seen] = []
        self._answers: dict[str, Answer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.ServerRunner | None = None
        self.port = 0

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
        """`address:port`, as `connect_to` takes it."""
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.address}"

    def add(self, path: str, answer: Answer) -> None:
        """Answer a path (`/page`), a target (`/page?cursor=2`) or a host's path (`site.test/page`)."""
        self._answers[path] = answer

    def targets(self) -> list[str]:
        """Path and query of every request so far, robots.txt left out."""
        return [seen.target for seen in self.log if seen.target != "/robots.txt"]

    def count(self, target: str) -> int:
        """How often a target was asked for."""
        return Counter(seen.target for seen in self.log)[target]

    def last(self, target: str) -> Seen:
        """The newest request for a target."""
        return next(seen for seen in reversed(self.log) if seen.target == target)

    async def _start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.log.append(Seen(host, request.raw_path, headers, time.monotonic()))
        keys = (f"{host}{request.path}", request.raw_path, request.path)
        answer = next((self._answers[key] for key in keys if key in self._answers), None)
        if answer is None:
            return web.Response(status=404, text="nothing here")
        return await answer(request)
