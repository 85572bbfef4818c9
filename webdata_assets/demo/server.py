"""The demo site as a server: four hosts on one loopback port.

What belongs here: sockets, the Host header, the date asked for. What does not: content (shop.py, blog.py,
api.py, app.py) and refusals (incidents.py).

For people: `python -m webdata_assets.demo.server --port 8765`.
"""

import argparse
import asyncio
import datetime as dt
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from webdata_assets.demo import api, app, blog, shop
from webdata_assets.demo.calendar import clamp
from webdata_assets.demo.incidents import Refusals
from webdata_assets.demo.reply import TEXT, Reply, answer_condition
from webdata_assets.demo.visits import Visit, VisitLog

ADDRESS = "127.0.0.1"
AS_OF_HEADER = "X-As-Of"
AS_OF_PARAM = "as_of"
SITES: Mapping[str, Callable[[str, Mapping[str, str], dt.date], Reply]] = {
    shop.HOST: shop.respond,
    blog.HOST: blog.respond,
    api.HOST: api.respond,
    app.HOST: app.respond,
}
_STOP_SECONDS = 10.0
_DRAIN_SECONDS = 0.1
"""How long requests in flight may take to end when the site stops."""


class DemoSite:
    """The site in a thread of its own; a context manager.

    Args:
        port: the port to bind on loopback; 0 takes a free one.
        log_path: a file to which every request is appended as a JSON line.
        memory: a file that remembers incidents over restarts; each start has them anew where there is none.
    """

    def __init__(self, port: int = 0, log_path: Path | None = None, memory: Path | None = None) -> None:
        self.port = port
        self._log = VisitLog(log_path)
        self._refusals = Refusals(memory)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._error: BaseException | None = None

    @property
    def connect_to(self) -> dict[str, str]:
        """Each host name with the address and port where it is served."""
        return dict.fromkeys(SITES, f"{ADDRESS}:{self.port}")

    @property
    def requests(self) -> tuple[Visit, ...]:
        """Every request so far, in order."""
        return self._log.visits

    def clear(self) -> None:
        """Forget the requests so far. Incidents that are over stay over."""
        self._log.clear()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="demo-site", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join(_STOP_SECONDS)
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None and self._stop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError(f"the demo site did not stop within {_STOP_SECONDS:g} seconds")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that waits in __enter__
            self._error = error
            if self._started.is_set():
                raise
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_DRAIN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, ADDRESS, self.port).start()
            self.port = runner.addresses[0][1]
            self._started.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        host = _host_of(request.headers.get("Host", ""))
        date = _date_of(request, host)
        reply = self._answer(request, host, date)
        self._log.record(
            host=host,
            path=request.path_qs,
            as_of=date.isoformat() if date else "",
            status=reply.status,
            user_agent=request.headers.get("User-Agent", ""),
            conditional="If-None-Match" in request.headers or "If-Modified-Since" in request.headers,
        )
        headers = {"Content-Type": reply.content_type, "Vary": AS_OF_HEADER, **reply.headers}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    def _answer(self, request: web.Request, host: str, date: dt.date | None) -> Reply:
        if host not in SITES:
            return Reply(f"no such host; there are {', '.join(SITES)}\n".encode(), TEXT, 421)
        if request.method not in ("GET", "HEAD"):
            return Reply(b"only GET and HEAD\n", TEXT, 405, {"Allow": "GET, HEAD"})
        if date is None:
            return Reply(b"the date is to be written YYYY-MM-DD\n", TEXT, 400)
        query = {name: value for name, value in request.query.items() if name != AS_OF_PARAM}
        question = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
        refusal = self._refusals.refuse(host, request.path, question, date)
        if refusal is not None:
            return refusal
        return answer_condition(
            SITES[host](request.path, query, date),
            if_none_match=request.headers.get("If-None-Match"),
            if_modified_since=request.headers.get("If-Modified-Since"),
        )


def _host_of(header: str) -> str:
    """Return the site that a Host header means; `shop.localhost` is the shop, for browsers without set-up."""
    name = header.lower().partition(":")[0]
    return f"{name.removesuffix('.localhost')}.demo.test" if name.endswith(".localhost") else name


def _date_of(request: web.Request, host: str) -> dt.date | None:
    """Return the date asked for, today if there is none, or None if it cannot be read."""
    text = request.query.get(AS_OF_PARAM) if host == api.HOST else request.headers.get(AS_OF_HEADER)
    if text is None:
        return clamp(dt.datetime.now(dt.UTC).date())
    try:
        return clamp(dt.datetime.strptime(text, "%Y-%m-%d").date())  # noqa: DTZ007  (a date has no zone)
    except ValueError:
        return None


def main() -> None:
    """Serve the site until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the demo site on loopback.")
    parser.add_argument("--port", type=int, default=8765, help="port to bind; 0 takes a free one")
    parser.add_argument("--log", type=Path, default=None, help="file for one JSON line per request")
    arguments = parser.parse_args()
    with DemoSite(arguments.port, arguments.log) as site:
        for host, address in site.connect_to.items():
            print(
                f"http://{host}/ at {address}; in a browser: http://{host.split('.')[0]}.localhost:{site.port}/"
            )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
