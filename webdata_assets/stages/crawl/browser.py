"""The browser way in: pages as Chromium renders them, one browser per crawl, one context per page.

What belongs here: driving Playwright. What does not: the command line that confines it (browser_launch.py),
rate, robots and retries (visit.py).
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser_launch import (
    BLOCKED_URLS,
    BrowserMissingError,
    Pins,
    find_executable,
    launch_arguments,
    uses_sandbox,
)
from webdata_assets.stages.crawl.transport import Request, Response

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Playwright
    from playwright.async_api import Response as BrowserResponse

logger = logging.getLogger(__name__)

_NOT_EXTRA = frozenset({"accept-encoding", "user-agent", "if-none-match", "if-modified-since"})
"""The browser's own; and a rendered page depends on more than its main response, so no conditions."""


class BrowserTransport:
    """Chromium through Playwright. Only hosts in scope exist for it, at addresses that were checked.

    A page that is no HTML is given as its plain bytes. A request's headers go with all that the page loads.
    With wildcard hosts a page's own host is reachable, and those of pages before it.
    """

    name = "browser"

    def __init__(
        self,
        source: Source,
        *,
        executable: Path | None = None,
        connect_to: Mapping[str, str] | None = None,
    ) -> None:
        """Take what the whole crawl shares; nothing is started before the first page.

        Args:
            source: gives the scope, `wait_for` and `allow_private`.
            executable: the browser; found on PATH or in Playwright's own folder if not given.
            connect_to: host, or host:port, → `address:port` to connect to in its place.
        """
        self._source = source
        self._executable = executable
        self._pins = Pins(source, connect_to or {})
        self._starting = asyncio.Lock()
        self._playwright: asyncio.Task[Playwright] | None = None
        self._browsers: list[Browser] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def fetch(self, request: Request) -> Response:
        """Open one page, redirects followed; see Transport.fetch for what is raised.

        Raises:
            BrowserMissingError: when Playwright or the browser is not installed.
        """
        try:
            from playwright.async_api import Error
        except ModuleNotFoundError as error:
            raise BrowserMissingError("Playwright is not installed") from error
        headers = {name.lower(): value for name, value in request.headers.items()}
        started = time.perf_counter()
        try:
            async with asyncio.timeout(request.timeout_seconds):
                browser = await self._browser_for(request.url)
                context = await browser.new_context(
                    user_agent=headers.get("user-agent"),
                    extra_http_headers={name: headers[name] for name in headers.keys() - _NOT_EXTRA},
                    service_workers="block",
                    accept_downloads=False,
                )
                try:
                    response = await self._open(await context.new_page(), request)
                finally:
                    # shielded, so that a cancelled visit leaves no page behind
                    await asyncio.shield(context.close())
        except TimeoutError as error:
            raise TransientError(
                f"no whole page within {request.timeout_seconds:g} s", failure_domain=FailureDomain.TARGET
            ) from error
        except Error as error:
            raise _explain(error.message) from error
        if len(response.body) > request.max_body_bytes:
            raise PermanentError(
                f"the page is larger than {request.max_body_bytes} bytes (fetch.max_body_bytes)",
                failure_domain=FailureDomain.RESOURCE,
            )
        return replace(response, elapsed_ms=round((time.perf_counter() - started) * 1000))

    async def close(self) -> None:
        """End the browser and Playwright's own process."""
        while self._browsers:
            await self._browsers.pop().close()
        if self._playwright is not None:
            starting, self._playwright = self._playwright, None
            await (await starting).stop()

    async def _open(self, page: "Page", request: Request) -> Response:
        # our own deadline counts, and it is the only one
        page.set_default_timeout(0)
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Network.enable")
        await cdp.send("Network.setBlockedURLs", {"urls": list(BLOCKED_URLS)})
        main = await page.goto(request.url, wait_until="load")
        if main is None:
            raise TransientError("the page gave no response", failure_domain=FailureDomain.TARGET)
        headers = await main.all_headers()
        if "html" in headers.get("content-type", "html") and main.ok:
            body = await self._rendered(page)
        else:
            body = await main.body()
        return Response(page.url, main.status, _plain_headers(main, headers), body, elapsed_ms=0)

    async def _rendered(self, page: "Page") -> bytes:
        if self._source.fetch.wait_for is not None:
            await page.wait_for_selector(self._source.fetch.wait_for, state="attached")
        return (await page.content()).encode("utf-8", "replace")

    async def _browser_for(self, url: str) -> "Browser":
        async with self._starting:
            if await self._pins.add(url) or not self._browsers or not self._browsers[-1].is_connected():
                # pages in flight keep the browser that they began with until the crawl closes
                self._browsers.append(await self._launch())
            return self._browsers[-1]

    async def _launch(self) -> "Browser":
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
        )


def _plain_headers(main: "BrowserResponse", headers: Mapping[str, str]) -> dict[str, str]:
    # the body is decoded and, for HTML, rendered: validators and encoding of the main response do not fit it
    dropped = {"content-encoding", "content-length", "etag", "last-modified"} if main.ok else set()
    return {name: value.replace("\n", ", ") for name, value in headers.items() if name not in dropped}


def _explain(message: str) -> TransientError | PermanentError:
    first = message.partition("\n")[0][:300]
    if "ERR_NAME_NOT_RESOLVED" in message:
        return PermanentError(
            f"the page leads to a host out of scope: {first}", failure_domain=FailureDomain.ACCESS
        )
    if "ERR_CERT" in message:
        return PermanentError(
            f"the certificate does not verify: {first}", failure_domain=FailureDomain.TARGET
        )
    if "Download is starting" in message:
        return PermanentError("the URL is a download, not a page", failure_domain=FailureDomain.TARGET)
    if "ERR_TOO_MANY_REDIRECTS" in message:
        return PermanentError("too many redirects", failure_domain=FailureDomain.TARGET)
    return TransientError(f"the browser failed: {first}", failure_domain=FailureDomain.TARGET)


__all__ = ["BrowserMissingError", "BrowserTransport"]
