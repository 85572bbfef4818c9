"""The browser's processes: begun at the first page, replaced when they die or must know more hosts.

What belongs here: browsers, their contexts, and the gateway to proxies. What does not: the command line that
confines them (launch.py), and what is done in a context (page.py).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser.gateway import Gateway, Pass
from webdata_assets.stages.crawl.browser.launch import (
    GATEWAY_HOST,
    Pins,
    find_executable,
    launch_arguments,
    uses_sandbox,
)
from webdata_assets.stages.crawl.browser.memory import limit_memory
from webdata_assets.stages.crawl.http.credentials import secret_names
from webdata_assets.stages.crawl.transport import Request
from webdata_assets.stages.crawl.urls import scope_of

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright, ProxySettings

logger = logging.getLogger(__name__)

_NOT_EXTRA = frozenset({"accept-encoding", "user-agent", "if-none-match", "if-modified-since"})
"""The browser's own; and a rendered page depends on more than its main response, so no conditions."""
_SECONDS_TO_END = 10.0
"""For what is closed; what takes longer is left to the end of its parent."""


@dataclass
class _Running:
    """A browser, what limits its memory, how many pages are open in it, and whether it has had any."""

    browser: "Browser"
    limiting: asyncio.Task[None]
    pages: int = 0
    is_used: bool = False


class BrowserProcesses:
    """At most one browser for new pages; those before it end with their last page."""

    def __init__(self, source: Source, executable: Path | None, connect_to: Mapping[str, str]) -> None:
        """Take what BrowserTransport takes; nothing is started."""
        self._source = source
        self._executable = executable
        self._connect_to = connect_to
        self._pins = Pins(source, connect_to)
        self._secret_names = secret_names(source)
        self._starting = asyncio.Lock()
        self._playwright: asyncio.Task[Playwright] | None = None
        self._gateway: Gateway | None = None
        self._current: _Running | None = None
        self._running: list[_Running] = []

    async def close(self) -> None:
        """End the browsers, the gateway and Playwright's own process."""
        self._current = None
        for running in list(self._running):
            await self._end(running)
        if self._gateway is not None:
            gateway, self._gateway = self._gateway, None
            await gateway.close()
        await self._stop_playwright()

    @asynccontextmanager
    async def context(self, request: Request, given: Pass | None) -> AsyncIterator["BrowserContext"]:
        """Yield a context of its own for a page; with a pass, one whose requests go through the gateway.

        Raises:
            BrowserMissingError: when there is no browser.
            TransientError: TARGET, when the page's host does not resolve.
            PermanentError: ACCESS, when its address is refused.
            playwright.async_api.Error: when no browser starts.
        """
        running, context = await self._new_context(request, given)
        try:
            yield context
        finally:
            # shielded, so that a cancelled visit leaves no page behind
            await asyncio.shield(self._close_context(running, context))

    async def _close_context(self, running: _Running, context: "BrowserContext") -> None:
        await _in_time(context.close())
        await self._leave(running)

    async def _new_context(self, request: Request, given: Pass | None) -> tuple[_Running, "BrowserContext"]:
        from playwright.async_api import Error

        headers = {name.lower(): value for name, value in request.headers.items()}
        while True:
            running = await self._enter_browser(request)
            is_fresh = not running.is_used
            try:
                context = await running.browser.new_context(
                    user_agent=headers.get("user-agent"),
                    extra_http_headers={
                        name: headers[name] for name in headers.keys() - _NOT_EXTRA - self._secret_names
                    },
                    service_workers="block",
                    accept_downloads=False,
                    proxy=None if given is None else self._proxy_settings(given),
                )
            except BaseException as error:
                if self._current is running and isinstance(error, Error):
                    self._current = None
                await asyncio.shield(self._leave(running))
                if isinstance(error, Error) and not is_fresh:
                    # it died since the last page
                    continue
                raise
            running.is_used = True
            return running, context

    async def _leave(self, running: _Running) -> None:
        running.pages -= 1
        if running is not self._current and not running.pages:
            await self._end(running)

    def _proxy_settings(self, given: Pass) -> "ProxySettings":
        assert self._gateway is not None
        return {
            "server": f"http://{GATEWAY_HOST}:{self._gateway.port}",
            # loopback too goes through it, where the scope is asked
            "bypass": "<-loopback>",
            "username": "page",
            "password": given.token,
        }

    async def _enter_browser(self, request: Request) -> _Running:
        """Return the browser for a page, which counts as open in it from now on."""
        async with self._starting:
            is_new = request.proxy is None and await self._pins.add(request.url)
            current = self._current
            if is_new or current is None or not current.browser.is_connected():
                # pages in flight keep the browser that they began with
                browser = await self._launch()
                self._current = _Running(browser, asyncio.create_task(limit_memory(browser)))
                self._running.append(self._current)
                if current is not None and not current.pages:
                    await self._end(current)
            assert self._current is not None
            self._current.pages += 1
            return self._current

    async def gateway(self) -> Gateway:
        """Return the gateway to proxies, started if need be."""
        async with self._starting:
            if self._gateway is None:
                gateway = Gateway(
                    scope_of(self._source),
                    connect_to=self._connect_to,
                    allow_private=self._source.allow_private,
                )
                await gateway.start()
                self._gateway = gateway
                self._pins.add_gateway(gateway.port)
                # a browser that was started before does not know it
                known, self._current = self._current, None
                if known is not None and not known.pages:
                    await self._end(known)
            return self._gateway

    async def _launch(self) -> "Browser":
        from playwright.async_api import Error

        is_reused = self._playwright is not None
        try:
            return await self._launch_once()
        except Error:
            if not is_reused:
                raise
            # Playwright's own process may have died meanwhile
            await self._stop_playwright()
            return await self._launch_once()

    async def _launch_once(self) -> "Browser":
        from playwright.async_api import async_playwright

        if self._playwright is None:
            self._playwright = asyncio.create_task(async_playwright().start())
        # shielded, so that close() can end what a cancelled visit had begun to start
        playwright = await asyncio.shield(self._playwright)
        executable = find_executable(self._executable, playwright.chromium.executable_path)
        logger.info("starting %s", executable)
        return await playwright.chromium.launch(
            executable_path=executable,
            args=launch_arguments(self._pins.rules()),
            chromium_sandbox=uses_sandbox(),
            # by itself Playwright lets every page open windows without end
            ignore_default_args=["--disable-popup-blocking"],
        )

    async def _end(self, running: _Running) -> None:
        if running in self._running:
            self._running.remove(running)
        running.limiting.cancel()
        await asyncio.gather(running.limiting, return_exceptions=True)
        await _in_time(running.browser.close())

    async def _stop_playwright(self) -> None:
        if self._playwright is not None:
            starting, self._playwright = self._playwright, None
            await _in_time((await starting).stop())


async def _in_time(closing: Coroutine[object, object, None]) -> None:
    """Close something of the browser's that may be gone already."""
    from playwright.async_api import Error

    with suppress(Error, TimeoutError):
        async with asyncio.timeout(_SECONDS_TO_END):
            await closing
