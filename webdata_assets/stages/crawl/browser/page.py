"""One page in a browser: opened, rendered, and read within its limits.

What belongs here: what happens between the first request and the bytes. What does not: processes and contexts
(browser.py), and the hosts that exist for the page (launch.py, gateway.py).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.browser.launch import BLOCKED_URLS
from webdata_assets.stages.crawl.browser.secret_headers import SecretHeaders
from webdata_assets.stages.crawl.transport import Request, Response

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page
    from playwright.async_api import Request as BrowserRequest
    from playwright.async_api import Response as BrowserResponse

_SHARE_FOR_LOADING = 0.5
"""Of the time there is: a page whose trackers never end is read as it stands by then."""
_READ = """most => {
  const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : "";
  const text = type + (document.documentElement ? document.documentElement.outerHTML : "");
  return text.length > most ? null : text;
}"""
"""The page's text as it stands; null where it is too large to be sent to us."""
_QUIET_SECONDS_AT_MOST = 5.0
"""For what scripts fetch once the page is loaded."""


class BrowserPage:
    """The only page of a context. Whatever goes wrong in it ends `read`."""

    def __init__(
        self,
        context: "BrowserContext",
        request: Request,
        *,
        wait_for: str | None,
        secrets: SecretHeaders | None = None,
    ) -> None:
        """Take the context, what is asked for, the selector that must appear, and headers not for all."""
        self.host = urlsplit(request.url).hostname or ""
        """Which host the page itself was last asked of, redirects followed."""
        self._context = context
        self._request = request
        self._wait_for = wait_for
        self._secrets = secrets
        self._deadline = time.monotonic() + request.timeout_seconds
        self._received: Counter[str] = Counter()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closing: set[asyncio.Task[None]] = set()

    async def read(self) -> Response:
        """Open the page, and return it as it stands after its scripts; `elapsed_ms` is left at 0.

        Raises:
            PermanentError: RESOURCE, when it, or one thing that it loads, is larger than allowed.
            playwright.async_api.Error: whatever the browser reports, its own death included.
        """
        reading = asyncio.create_task(self._read())
        try:
            either: set[asyncio.Future[Any]] = {reading, self._ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                self._ended.result()
            return await reading
        finally:
            for task in (reading, *self._closing):
                task.cancel()
            await asyncio.gather(reading, *self._closing, return_exceptions=True)

    async def _read(self) -> Response:
        page = await self._context.new_page()
        # our own deadline is the only one
        page.set_default_timeout(0)
        page.on("request", self._note_host)
        self._context.on("page", self._close_popup)
        cdp = await self._context.new_cdp_session(page)
        cdp.on("Network.dataReceived", self._count)
        await cdp.send("Network.enable")
        await cdp.send("Network.setBlockedURLs", {"urls": list(BLOCKED_URLS)})
        if self._secrets is not None:
            await self._secrets.attach(cdp)
        main = await page.goto(self._request.url, wait_until="domcontentloaded")
        if main is None:
            raise TransientError("the page gave no response", failure_domain=FailureDomain.TARGET)
        headers = await main.all_headers()
        if "html" in headers.get("content-type", "html") and main.ok:
            await self._settle(page)
            body = await self._content(cdp)
        else:
            body = await main.body()
        return Response(page.url, main.status, _plain_headers(main, headers), body, elapsed_ms=0)

    async def _settle(self, page: "Page") -> None:
        from playwright.async_api import TimeoutError as NotInTimeError

        with suppress(NotInTimeError):
            await page.wait_for_load_state("load", timeout=self._milliseconds())
        if self._wait_for is not None:
            await page.wait_for_selector(self._wait_for, state="attached")
            return
        with suppress(NotInTimeError):
            quiet = min(self._milliseconds(), _QUIET_SECONDS_AT_MOST * 1000)
            await page.wait_for_load_state("networkidle", timeout=quiet)

    def _milliseconds(self) -> float:
        return max(1.0, (self._deadline - time.monotonic()) * _SHARE_FOR_LOADING * 1000)

    async def _content(self, cdp: "CDPSession") -> bytes:
        # in a world of our own, where nothing that the page redefines holds, and at once, before it grows
        tree = await cdp.send("Page.getFrameTree")
        world = await cdp.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
        answer = await cdp.send(
            "Runtime.evaluate",
            {
                "expression": f"({_READ})({self._request.max_body_bytes})",
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        text = answer["result"].get("value")
        if text is None:
            raise self._too_large("the page")
        return str(text).encode("utf-8", "replace")

    def _count(self, event: dict[str, Any]) -> None:
        self._received[event["requestId"]] += event["dataLength"]
        if self._received[event["requestId"]] > self._request.max_body_bytes:
            self._end(self._too_large("the page, or something that it loads,"))

    def _note_host(self, request: "BrowserRequest") -> None:
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self.host = urlsplit(request.url).hostname or ""

    def _close_popup(self, popup: "Page") -> None:
        task = asyncio.create_task(popup.close())
        self._closing.add(task)

    def _end(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    def _too_large(self, what: str) -> PermanentError:
        return PermanentError(
            f"{what} is larger than {self._request.max_body_bytes} bytes (fetch.max_body_bytes)",
            failure_domain=FailureDomain.RESOURCE,
        )


def _plain_headers(main: "BrowserResponse", headers: Mapping[str, str]) -> dict[str, str]:
    # the body is decoded and, for HTML, rendered: validators and encoding of the main response do not fit it
    dropped = {"content-encoding", "content-length", "etag", "last-modified"} if main.ok else set()
    return {name: value.replace("\n", ", ") for name, value in headers.items() if name not in dropped}
