"""Browsers on loopback, and pages for them.

What belongs here: opening one and asking it for a page. What does not: assertions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser.browser import BrowserTransport
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.crawl.harness import START, source_of, starting
from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer

T = TypeVar("T")
SCRIPTED = """<!doctype html><title>shop</title><div id=app></div><img src=/picture.png>
<link rel=stylesheet href=/style.css>
<script>
  fetch("/data.json").then(r => r.json()).then(data => {
    const item = document.createElement("p"); item.className = "ready"; item.textContent = data.name;
    document.querySelector("#app").append(item);
  });
</script>"""


@dataclass(frozen=True)
class Opened:
    """A browser for the pages of one site, and the site."""

    site: FaultServer
    transport: BrowserTransport
    runner: asyncio.Runner

    def use(self, work: Callable[[BrowserTransport], Awaitable[T]]) -> T:
        async def go() -> T:
            return await work(self.transport)

        return self.runner.run(go())


def with_browser(
    source: Source,
    chromium: Path,
    connect_to: Mapping[str, str],
    use: Callable[[BrowserTransport], Awaitable[T]],
) -> T:
    async def go() -> T:
        async with BrowserTransport(source, executable=chromium, connect_to=connect_to) as transport:
            return await use(transport)

    return asyncio.run(go())


def scripted(site: FaultServer) -> None:
    site.add("/", page(SCRIPTED))
    site.add("/data.json", page('{"name": "blue lamp"}', content_type="application/json"))


def browser_source(*hosts: str, **values: object) -> Source:
    return source_of(starting("links", max_depth=0), via="browser", hosts=list(hosts), **values)


async def ask(transport: BrowserTransport, path: str = "", seconds: float = 20, **values: Any) -> Response:
    return await transport.fetch(Request(START + path, {}, seconds, allow_private=True, **values))
