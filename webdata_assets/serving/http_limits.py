"""What holds for every request, whatever its route: bounds on its size, headers of its answer, its numbers.

What belongs here: the envelope. What does not: parameters and their rules (requests.py).
"""

import time

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webdata_assets.serving.metrics import Metrics

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_QUERY_BYTES = 16 * 1024

_NO_ROUTE = "none"


class HttpLimits:
    """Wraps an application. Bodies are counted as they come, so that a wrong Content-Length hides nothing."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            with self._metrics.in_progress.track_inprogress():
                await self._answer(scope, receive, send_on)
        finally:
            # by the route's pattern: paths that callers make up must not become labels
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            refusal = JSONResponse({"detail": f"The query is longer than {MAX_QUERY_BYTES} bytes"}, 414)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    read = 0

    async def receive_on() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY_BYTES:
            raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes")
        return message

    return receive_on
