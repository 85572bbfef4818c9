"""Page after page in one browser: each kind of answer, and pages that harm none of those after them."""

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.browser.browser import BrowserTransport
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.crawl.browsing import Opened, ask, browser_source, scripted
from webdata_assets_tests.crawl.harness import HOST, START
from webdata_assets_tests.site.answers import endless, page, redirect, slow, status
from webdata_assets_tests.site.server import FaultServer


@pytest.mark.browser
class TestOneBrowser:
    """What one browser does for page after page; it is opened once."""

    @pytest.fixture(scope="class")
    def opened_once(self, chromium: Path) -> Iterator[Opened]:
        with FaultServer() as site, asyncio.Runner() as runner:
            transport = BrowserTransport(
                browser_source(HOST), executable=chromium, connect_to={HOST: site.address}
            )
            opened = Opened(site, transport, runner)
            runner.run(transport.__aenter__())
            yield opened
            runner.run(transport.__aexit__(None, None, None))

    @pytest.fixture
    def opened(self, opened_once: Opened) -> Opened:
        opened_once.site.log.clear()
        return opened_once

    def test_one_browser_gives_every_kind_of_answer(self, opened: Opened) -> None:
        site = opened.site
        site.add("/missing", status(404))
        site.add("/data", page('{"a": 1}', content_type="application/json"))
        site.add("/away", redirect(f"{site.origin}/inside"))
        site.add("/moved", redirect("/data"))
        site.add("/slow", slow(5, page("late")))
        site.add("/large", page("<p>" + "x" * 5_000))
        site.add("/cookie", page("<p>x", headers={"Set-Cookie": "id=1"}))
        seen_headers = {"X-As-Of": "2026-06-02", "If-None-Match": '"1"', "user-agent": "webdata-assets/0.1"}

        async def use(transport: BrowserTransport) -> None:
            def ask(path: str, seconds: float = 20, **values: int) -> Awaitable[Response]:
                request = Request(START + path, seen_headers, seconds, allow_private=True, **values)
                return transport.fetch(request)

            assert (await ask("missing")).status == 404
            data = await ask("data")
            assert (data.body, data.headers["content-type"]) == (b'{"a": 1}', "application/json")
            assert (await ask("moved")).url == START + "data"
            with pytest.raises(PermanentError, match="out of scope") as refused:
                await ask("away")
            assert refused.value.failure_domain is FailureDomain.ACCESS
            with pytest.raises(TransientError, match=r"within 0\.5 s"):
                await ask("slow", 0.5)
            with pytest.raises(PermanentError, match="larger than 2000 bytes"):
                await ask("large", max_body_bytes=2_000)
            await ask("cookie")
            await ask("cookie")

        opened.use(use)
        assert "/inside" not in site.targets()
        sent = site.last("/data").headers
        assert sent["x-as-of"] == "2026-06-02"
        assert sent["user-agent"] == "webdata-assets/0.1"
        assert "if-none-match" not in sent
        assert "cookie" not in site.last("/cookie").headers

    def test_pages_that_misbehave_do_not_stop_those_after_them(self, opened: Opened) -> None:
        site = opened.site
        site.add("/fine", page("<p>fine"))
        site.add("/loop", page("<p>x<script>while (true) {}</script>"))
        site.add(
            "/dialogs", page("<p>x<script>alert(1); confirm(2); prompt(3); document.title = 'past'</script>")
        )
        site.add("/leave", page("<p>x<script>onbeforeunload = event => event.preventDefault()</script>"))
        site.add("/popups", page("<p>x<script>for (const n of [1, 2]) open('/popped?' + n)</script>"))
        site.add("/popped", page("<p>popped<script>open('/popped?' + Math.random())</script>"))
        site.add("/worker", page("<p>x<script>navigator.serviceWorker?.register('/worker.js')</script>"))
        site.add("/stuck", page("<p>there<script src=/never.js async></script><img src=/picture>"))
        site.add("/never.js", slow(60, page("")))
        site.add(
            "/file",
            page(b"PK", content_type="application/zip", headers={"Content-Disposition": "attachment"}),
        )

        async def use(transport: BrowserTransport) -> None:
            with pytest.raises(TransientError, match=r"no whole page within 1\.5 s"):
                await ask(transport, "loop", 1.5)
            assert b"<title>past</title>" in (await ask(transport, "dialogs")).body
            assert (await ask(transport, "leave")).status == 200
            assert (await ask(transport, "popups")).url == START + "popups"
            assert (await ask(transport, "worker")).status == 200
            assert b"there" in (await ask(transport, "stuck", 8)).body, (
                "read as it stands after half of the time"
            )
            with pytest.raises(PermanentError, match="download"):
                await ask(transport, "file")
            assert b"fine" in (await ask(transport, "fine")).body

        opened.use(use)
        assert "/worker.js" not in site.targets()

    def test_a_page_is_read_when_what_its_scripts_fetch_has_come(self, opened: Opened) -> None:
        site = opened.site
        scripted(site)
        site.add("/data.json", slow(0.3, page('{"name": "blue lamp"}', content_type="application/json")))

        async def use(transport: BrowserTransport) -> bytes:
            return (await ask(transport)).body

        assert b"blue lamp" in opened.use(use)

    def test_what_is_too_large_is_left_while_it_comes(self, opened: Opened) -> None:
        site = opened.site
        site.add("/endless", endless())
        site.add("/loads", page("<p>x<script>fetch('/endless')</script><script src=/never.js></script>"))
        site.add("/never.js", slow(60, page("")))
        site.add("/grown", page("<p>x<script>document.body.append('x'.repeat(3_000_000))</script>"))
        site.add("/fine", page("<p>fine"))

        async def use(transport: BrowserTransport) -> None:
            for path in ("endless", "loads", "grown"):
                with pytest.raises(PermanentError, match="larger than 2000000 bytes") as caught:
                    await ask(transport, path, 30, max_body_bytes=2_000_000)
                assert caught.value.failure_domain is FailureDomain.RESOURCE
            assert (await ask(transport, "fine")).status == 200

        opened.use(use)
