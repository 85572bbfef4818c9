"""A vendor's service on loopback: a log of calls, refusals on command, and what tests share to reach it.

What belongs here: HTTP and the log. What does not: any vendor's protocol (fake_*.py).
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from webdata_assets.sources.model import Source


@dataclass(frozen=True)
class Call:
    """One call as the service saw it. Header names are in lower case; `body` is its JSON, or None."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    body: Any

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


class Loopback:
    """An HTTP server in a thread of its own; a vendor's protocol is what `answer` says."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.largest_answer = 0
        self._refusals: deque[Callable[[], web.Response]] = deque()
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
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def refuse(
        self, status: int, body: object = None, *, times: int = 1, headers: dict[str, str] | None = None
    ) -> None:
        """Answer the next calls with this, whatever they ask for; a body that is no text becomes JSON."""
        text = body if isinstance(body, str) else json.dumps(body or {})
        kind = "text/html" if isinstance(body, str) else "application/json"

        def answer() -> web.Response:
            return web.Response(status=status, text=text, content_type=kind, headers=headers)

        self._refusals.extend([answer] * times)

    def lines(self) -> list[str]:
        """Method and path of each call so far; the log begins anew."""
        lines = [call.line for call in self.calls]
        self.calls.clear()
        return lines

    async def answer(self, call: Call) -> web.Response:
        raise NotImplementedError

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
        content = await request.read()
        try:
            body = json.loads(content) if content else None
        except ValueError:
            body = content.decode(errors="replace")
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.path, dict(request.query), headers, body)
        self.calls.append(call)
        response = self._refusals.popleft()() if self._refusals else await self.answer(call)
        self.largest_answer = max(self.largest_answer, len(response.body or b""))
        return response


def source_at(
    way: str,
    url: str | None,
    *,
    discover: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    allow_private: bool = True,
    **fetch: Any,
) -> Source:
    """Return a source that goes through a vendor's service at a URL."""
    return Source.model_validate(
        {
            "name": "vendored",
            "description": "A site that a vendor fetches",
            "start": "2026-06-01",
            "allow_private": allow_private,
            "fetch": {
                "via": way,
                "timeout_seconds": 5,
                "services": {way: {"url": url, "options": options or {}}},
                "discover": [discover or {"by": "urls", "start": ["https://site.test/"]}],
                **fetch,
            },
            "extract": {"kind": "document"},
        }
    )


def job_rule(name: str, **values: Any) -> dict[str, Any]:
    return {"by": "job", "name": name, "start": ["https://site.test/"], **values}
