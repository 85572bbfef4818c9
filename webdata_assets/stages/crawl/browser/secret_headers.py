"""Secret headers of a page in a browser: on the requests that they are for, and on no other one.

What belongs here: putting them on and taking them off, request by request, redirects included. What does not:
which URLs they are for (http/credentials.py).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from webdata_assets.stages.crawl.http.credentials import CredentialScope

if TYPE_CHECKING:
    from playwright.async_api import CDPSession


class SecretHeaders:
    """The secrets of one page. What is not seen here, such as frames of other sites, goes without."""

    def __init__(self, headers: Mapping[str, str], scope: CredentialScope) -> None:
        """Take the headers, names in lower case, and the URLs that they are for."""
        self._headers = headers
        self._scope = scope
        self._passing: set[asyncio.Task[None]] = set()

    async def attach(self, cdp: "CDPSession") -> None:
        """Stop each request of the page for as long as its headers are set."""

        def stopped(event: dict[str, Any]) -> None:
            task = asyncio.create_task(self._let_pass(cdp, event))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

        cdp.on("Fetch.requestPaused", stopped)
        await cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": "Request"}]})

    async def _let_pass(self, cdp: "CDPSession", event: dict[str, Any]) -> None:
        from playwright.async_api import Error

        request = event["request"]
        # a redirected request still has what its predecessor was given
        headers = {
            name: value for name, value in request["headers"].items() if name.lower() not in self._headers
        }
        if request["url"].startswith(("http://", "https://")) and request["url"] in self._scope:
            headers |= self._headers
        # the page may be gone by now
        with suppress(Error):
            await cdp.send(
                "Fetch.continueRequest",
                {
                    "requestId": event["requestId"],
                    "headers": [{"name": name, "value": value} for name, value in headers.items()],
                },
            )
