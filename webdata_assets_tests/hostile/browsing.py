"""Chromium on pages that show hostile strings, and all that it did meanwhile.

What belongs here: driving it, and noting what it asks for. What does not: assertions.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from webdata_assets.stages.crawl.browser.launch import find_executable, launch_arguments, uses_sandbox

LOOPBACK = "127.0.0.1"
_PATIENCE_MS = 30_000
_MUTATION = re.compile(r"^\s*mutation\b", re.MULTILINE)


@dataclass
class Watched:
    """A page, and what the browser's own protocol tells of it.

    Attributes:
        page: Playwright's.
        asked: method, URL and body of every request, of scripts and frames too.
        sockets: URLs of web sockets.
        dialogs: messages of dialogs.
    """

    page: Any
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def strangers(self, url: str) -> set[str]:
        """Return the origins that were asked beside that of a URL."""
        asked = [url for _, url, _ in self.asked] + self.sockets
        places = {urlsplit(each).netloc for each in asked if urlsplit(each).scheme not in ("data", "blob")}
        return places - {urlsplit(url).netloc}

    def graphql_by_get(self) -> list[str]:
        """Return the GraphQL requests that an image or a link could make."""
        return [url for method, url, _ in self.asked if method == "GET" and "/graphql" in url]

    def mutations(self) -> list[str]:
        """Return the names of GraphQL operations that change something."""
        sent = [json.loads(body) for _, url, body in self.asked if "/graphql" in url and body]
        return [each["operationName"] for each in sent if _MUTATION.search(each["query"])]

    def has_run(self) -> bool:
        """Whether a script of a string ran, in the page or in a frame."""
        return any(frame.evaluate("window.pwned !== undefined") for frame in self.page.frames)

    def shows(self, text: str) -> None:
        """Wait until a text is to be read. Raises AssertionError when it is not."""
        from playwright.sync_api import expect

        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=_PATIENCE_MS)


@contextmanager
def watching() -> Iterator[Watched]:
    """Open a page in Chromium, for which no host but loopback exists."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_executable(None, "/nowhere")),
            args=launch_arguments(f"MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}"),
            chromium_sandbox=uses_sandbox(),
        )
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.add_init_script("localStorage.setItem('dagster-nav-collapsed', 'true')")
        watched = Watched(context.new_page())
        watched.page.on("dialog", lambda dialog: (watched.dialogs.append(dialog.message), dialog.dismiss()))
        protocol = context.new_cdp_session(watched.page)
        protocol.on(
            "Network.requestWillBeSent", lambda event: watched.asked.append(_request(event["request"]))
        )
        protocol.on("Network.webSocketCreated", lambda event: watched.sockets.append(event["url"]))
        protocol.send("Network.enable")
        yield watched
        browser.close()


def _request(told: dict[str, Any]) -> tuple[str, str, str]:
    return told["method"], told["url"], told.get("postData", "")
