"""Pages in a browser that take memory, time or windows without end."""

import asyncio
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets_tests.crawl.browsing import browser_source
from webdata_assets_tests.crawl.harness import HOST, START
from webdata_assets_tests.crawl.test_browser import descendants
from webdata_assets_tests.crawl.transports import inside
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.site.answers import endless, page
from webdata_assets_tests.site.server import FaultServer

PART = "Bodies"
MAX_OWN_MEGABYTES = 200
MAX_BROWSER_MEGABYTES = 2_500
SECONDS = 20
GROWING = """<script>
for (let n = 0; n < 40; n++) document.body.append('x'.repeat(1e7));
Object.defineProperty(Element.prototype, 'outerHTML', {get: () => 'x'});
</script>"""
LYING = """<script>
Object.defineProperty(Element.prototype, 'outerHTML', {get: () => ({length: 'x'.repeat(1e8)})});
</script>"""
BUFFERS = "<script>const a = []; for (let n = 0; n < 80; n++) a.push(new Uint8Array(5e7).fill(1))</script>"
WINDOWS = "<script>for (let n = 0; n < 1000; n++) open('/popped?' + n)</script>"
DIALOGS = "<script>for (let n = 0; n < 1e4; n++) confirm('?')</script>"
DOWNLOAD = "<script>location = '/endless'</script>"
PAGES = {
    "a page that grows to 400 MB, and says that it has 1 character": (GROWING, ("resource", "target")),
    "a page whose length is a text of 100 MB": (LYING, ("read",)),
    "a page that takes 4 GB in buffers": (BUFFERS, ("read", "resource")),
    "a page that opens 1,000 windows": (WINDOWS, ("read",)),
    "a page that asks without end": (DIALOGS, ("read", "target")),
    "a page that leads to a page without end": (DOWNLOAD, ("resource", "target")),
    "a page that never stops computing": ("<script>while (true) {}</script>", ("target",)),
}
"""What a page does, and what may become of it."""


@pytest.mark.browser
def test_no_page_exhausts_a_browser(site: FaultServer, chromium: Path, proves: Proves) -> None:
    from webdata_assets.stages.crawl.browser.browser import BrowserTransport

    for number, (document, _) in enumerate(PAGES.values()):
        site.add(f"/{number}", page(f"<p>x{document}"))
    site.add("/fine", page("<p>fine"))
    site.add("/popped", page("<p>popped"))
    site.add("/endless", endless())
    source = browser_source(HOST)

    async def visit(transport: BrowserTransport, path: str) -> str:
        try:
            await transport.fetch(inside(START + path, timeout_seconds=SECONDS))
        except (PermanentError, TransientError) as error:
            return error.failure_domain.value
        return "read"

    async def go() -> list[tuple[str, float, float]]:
        async with BrowserTransport(
            source, executable=chromium, connect_to={HOST: site.address}
        ) as transport:
            assert await visit(transport, "fine") == "read"
            figures = []
            for number in range(len(PAGES)):
                before = own_megabytes("VmRSS")
                Path("/proc/self/clear_refs").write_text("5")
                visiting = asyncio.create_task(visit(transport, str(number)))
                browser = 0.0
                while not visiting.done():
                    browser = max(browser, sum(map(resident_megabytes, descendants())))
                    await asyncio.sleep(0.1)
                own = max(0.0, own_megabytes("VmHWM") - before)
                figures.append((visiting.result(), own, browser))
            assert await visit(transport, "fine") == "read"
            return figures

    figures = asyncio.run(go())
    assert not [seen.target for seen in site.log if seen.target.startswith("/popped")]
    for (what, (_, allowed)), (became, own, browser) in zip(PAGES.items(), figures, strict=True):
        assert became in allowed, what
        assert own < MAX_OWN_MEGABYTES, what
        assert browser < MAX_BROWSER_MEGABYTES, what
        proves(
            PART,
            f"{what}, in Chromium",
            f"peak {own:.0f} MB above before, {browser:.0f} MB in all of Chromium's processes, "
            + ("read as it stands" if became == "read" else f"dead letter ({became})"),
        )


def own_megabytes(name: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in status if line.startswith(f"{name}:"))


def resident_megabytes(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4_096 / 1e6
    except OSError:
        return 0.0
