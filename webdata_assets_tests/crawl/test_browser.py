"""The browser way in: JavaScript runs, and nothing outside the scope exists for it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser import BrowserTransport
from webdata_assets.stages.crawl.browser_launch import BrowserMissingError, find_executable
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, starting, urls
from webdata_assets_tests.site.answers import page, redirect, slow, status
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


@pytest.fixture(scope="module")
def chromium() -> Path:
    try:
        return find_executable(None, "/nowhere")
    except BrowserMissingError as error:
        pytest.skip(str(error))


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


@pytest.mark.browser
def test_a_scripted_page_is_rendered_before_it_is_read(
    site: FaultServer, crawling: Crawling, chromium: Path
) -> None:
    scripted(site)
    source = source_of(starting("links", max_depth=0), via="browser", wait_for=".ready", timeout_seconds=20)
    transport = BrowserTransport(source, executable=chromium, connect_to={HOST: site.address})
    result = crawling.run(source, transport=transport)
    row = crawling.page(result)
    assert (row["outcome"], row["http_status"], row["via"]) == ("fetched", 200, "browser")
    assert b'<p class="ready">blue lamp</p>' in row["payload"]
    asked = {seen.target for seen in site.log}
    assert asked == {"/robots.txt", "/", "/data.json"}, "pictures and styles are not loaded"
    assert {seen.host for seen in site.log} == {HOST}


@pytest.mark.browser
def test_hosts_out_of_scope_do_not_exist_for_a_page(site: FaultServer, chromium: Path) -> None:
    scripts = "".join(
        f'<script>fetch("{origin}/stolen", {{mode: "no-cors"}}).catch(() => {{}})</script>'
        for origin in (site.origin, f"http://localhost:{site.port}", f"http://outside.test:{site.port}")
    )
    site.add("/", page(scripts + "<script>fetch('http://in.test/asked', {mode: 'no-cors'})</script>"))
    mapping = {HOST: site.address, "in.test": site.address, "outside.test": site.address}
    source = browser_source(HOST, "in.test")

    async def use(transport: BrowserTransport) -> Response:
        return await transport.fetch(Request(START, timeout_seconds=20, allow_private=True))

    assert with_browser(source, chromium, mapping, use).status == 200
    assert {(seen.host, seen.target) for seen in site.log} >= {(HOST, "/"), ("in.test", "/asked")}
    assert "/stolen" not in {seen.target for seen in site.log}


@pytest.mark.browser
def test_one_browser_gives_every_kind_of_answer(site: FaultServer, chromium: Path) -> None:
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

    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)
    assert "/inside" not in site.targets()
    sent = site.last("/data").headers
    assert sent["x-as-of"] == "2026-06-02"
    assert sent["user-agent"] == "webdata-assets/0.1"
    assert "if-none-match" not in sent
    assert "cookie" not in site.last("/cookie").headers


@pytest.mark.browser
def test_a_cancelled_visit_leaves_no_process(site: FaultServer, chromium: Path) -> None:
    site.add("/", slow(30, page("late")))

    async def go() -> None:
        async with BrowserTransport(
            browser_source(HOST), executable=chromium, connect_to={HOST: site.address}
        ) as way:
            visit = asyncio.create_task(way.fetch(Request(START, timeout_seconds=60, allow_private=True)))
            while not site.log:
                await asyncio.sleep(0.02)
            assert descendants()
            visit.cancel()
            with pytest.raises(asyncio.CancelledError):
                await visit

    before = descendants()
    asyncio.run(go())
    assert descendants() <= before


@pytest.mark.browser
def test_a_private_host_is_refused_before_the_browser_starts(site: FaultServer, chromium: Path) -> None:
    source = browser_source(HOST, allow_private=False)

    async def use(transport: BrowserTransport) -> None:
        with pytest.raises(PermanentError, match="allow_private"):
            await transport.fetch(Request(START))

    with_browser(source, chromium, {HOST: site.address}, use)
    assert site.log == []


def test_a_missing_browser_is_named_with_its_remedy(crawling: Crawling, tmp_path: Path) -> None:
    source = source_of(urls("page"), via="browser")
    transport = BrowserTransport(source, executable=tmp_path / "chromium", connect_to={HOST: "127.0.0.1:9"})
    with pytest.raises(
        BrowserMissingError, match=r"webdata_assets\[browser\].*apt-get install chromium"
    ) as caught:
        crawling.run(source, transport=transport)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def descendants() -> set[int]:
    """Every living process below this one."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if state[0] != "Z":
                parents[int(folder.name)] = int(state[1])
    below: set[int] = set()
    front = {os.getpid()}
    while front:
        front = {child for child, parent in parents.items() if parent in front}
        below |= front
    return below
