"""The browser way in: pages as Chromium renders them, one browser per crawl, one context per page.

What belongs here: one request in, one response or typed error out. What does not: processes
(processes.py), the page itself (page.py), rate, robots and retries (visit.py).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser.errors import explain
from webdata_assets.stages.crawl.browser.launch import BrowserMissingError
from webdata_assets.stages.crawl.browser.page import BrowserPage
from webdata_assets.stages.crawl.browser.processes import BrowserProcesses
from webdata_assets.stages.crawl.browser.secret_headers import SecretHeaders
from webdata_assets.stages.crawl.http.credentials import credential_scope_of, secret_names
from webdata_assets.stages.crawl.http.proxy_urls import read_proxy
from webdata_assets.stages.crawl.transport import Request, Response

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext


class BrowserTransport:
    """Chromium through Playwright. Only hosts in scope exist for it, at addresses that were checked.

    A page that is no HTML is given as its plain bytes. A request's headers go with all that the page loads;
    secrets among them only where the source's secrets may go.
    With wildcard hosts a page's own host is reachable, and those of pages before it. Through a proxy all of
    the scope is, as the proxy resolves it.
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
        self._wait_for = source.fetch.wait_for
        self._secret_names = secret_names(source)
        self._credential_scope = credential_scope_of(source)
        self._processes = BrowserProcesses(source, executable, connect_to or {})

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
        if request.method != "GET":
            raise PermanentError("a browser opens pages only", failure_domain=FailureDomain.CONFIGURATION)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(request.timeout_seconds):
                response = await self._fetch(request)
        except TimeoutError as error:
            raise TransientError(
                f"no whole page within {request.timeout_seconds:g} s", failure_domain=FailureDomain.TARGET
            ) from error
        except Error as error:
            raise explain(error.message) from error
        if len(response.body) > request.max_body_bytes:
            raise PermanentError(
                f"the page is larger than {request.max_body_bytes} bytes (fetch.max_body_bytes)",
                failure_domain=FailureDomain.RESOURCE,
            )
        return replace(response, elapsed_ms=round((time.perf_counter() - started) * 1000))

    async def close(self) -> None:
        """End the browser and Playwright's own process."""
        await self._processes.close()

    async def _fetch(self, request: Request) -> Response:
        from playwright.async_api import Error

        if request.proxy is None:
            async with self._processes.context(request, None) as context:
                return await self._page(context, request).read()
        proxy = read_proxy(request.proxy)
        gateway = await self._processes.gateway()
        with gateway.admit(proxy) as given:
            host = None
            try:
                async with self._processes.context(request, given) as context:
                    page = self._page(context, request)
                    try:
                        return await page.read()
                    finally:
                        host = page.host
            except Error as error:
                if host in given.refused:
                    raise PermanentError(
                        f"the page leads to a host out of scope: {host}", failure_domain=FailureDomain.ACCESS
                    ) from error
                if given.failure is not None:
                    raise given.failure from None
                raise

    def _page(self, context: "BrowserContext", request: Request) -> BrowserPage:
        secrets = {
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() in self._secret_names
        }
        return BrowserPage(
            context,
            request,
            wait_for=self._wait_for,
            secrets=SecretHeaders(secrets, self._credential_scope) if secrets else None,
        )


__all__ = ["BrowserMissingError", "BrowserTransport"]
