"""The browser way in: JavaScript runs, and nothing outside the scope exists for it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.browser.browser import BrowserTransport
from webdata_assets.stages.crawl.browser.launch import BrowserMissingError, find_executable
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, starting, urls
from webdata_assets_tests.crawl.proxy_servers import HttpProxy, SocksProxy
from webdata_assets_tests.site.answers import endless, page, redirect, slow, status
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


async def ask(transport: BrowserTransport, path: str = "", seconds: float = 20, **values: Any) -> Response:
    return await transport.fetch(Request(START + path, {}, seconds, allow_private=True, **values))


@pytest.mark.browser
def test_pages_that_misbehave_do_not_stop_those_after_them(site: FaultServer, chromium: Path) -> None:
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
        "/file", page(b"PK", content_type="application/zip", headers={"Content-Disposition": "attachment"})
    )

    async def use(transport: BrowserTransport) -> None:
        with pytest.raises(TransientError, match=r"no whole page within 1\.5 s"):
            await ask(transport, "loop", 1.5)
        assert b"<title>past</title>" in (await ask(transport, "dialogs")).body
        assert (await ask(transport, "leave")).status == 200
        assert (await ask(transport, "popups")).url == START + "popups"
        assert (await ask(transport, "worker")).status == 200
        assert b"there" in (await ask(transport, "stuck", 3)).body, "read as it stands after half of the time"
        with pytest.raises(PermanentError, match="download"):
            await ask(transport, "file")
        assert b"fine" in (await ask(transport, "fine")).body

    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)
    assert "/worker.js" not in site.targets()


@pytest.mark.browser
def test_a_page_is_read_when_what_its_scripts_fetch_has_come(site: FaultServer, chromium: Path) -> None:
    scripted(site)
    site.add("/data.json", slow(0.3, page('{"name": "blue lamp"}', content_type="application/json")))

    async def use(transport: BrowserTransport) -> bytes:
        return (await ask(transport)).body

    assert b"blue lamp" in with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)


@pytest.mark.browser
def test_what_is_too_large_is_left_while_it_comes(site: FaultServer, chromium: Path) -> None:
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

    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)


@pytest.mark.browser
@pytest.mark.parametrize("victim", ["--type=renderer", "--headless", "run-driver"])
def test_a_process_that_dies_costs_the_pages_in_flight_and_no_more(
    site: FaultServer, chromium: Path, victim: str
) -> None:
    site.add("/slow", slow(30, page("late")))
    site.add("/loop", page("<p>x<script src=/slow></script>"))
    site.add("/fine", page("<p>fine"))

    async def use(transport: BrowserTransport) -> None:
        await ask(transport, "fine")
        visit = asyncio.create_task(ask(transport, "loop"))
        while "/slow" not in site.targets():
            await asyncio.sleep(0.02)
        kill(victim)
        with pytest.raises(TransientError) as caught:
            await visit
        assert caught.value.failure_domain is FailureDomain.TARGET
        assert b"fine" in (await ask(transport, "fine")).body

    before = descendants()
    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)
    assert descendants() <= before


@pytest.fixture
def names(site: FaultServer) -> dict[str, str]:
    """What the proxies resolve; all of it is the site."""
    hosts = [f"{host}{port}" for host in (HOST, "outside.test") for port in ("", ":80", ":443")]
    return dict.fromkeys([*hosts, site.address, f"localhost:{site.port}"], site.address)


@pytest.mark.browser
@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_a_proxy_reaches_what_is_in_scope_and_nothing_else(
    site: FaultServer, chromium: Path, names: dict[str, str], kind: type[HttpProxy | SocksProxy]
) -> None:
    origins = ("http://outside.test", f"http://localhost:{site.port}", site.origin, "https://outside.test")
    stealing = "".join(
        f"<script>fetch('{origin}/stolen', {{mode: 'no-cors'}})</script>" for origin in origins
    )
    sockets = "<script>new WebSocket('ws://outside.test/stolen')</script>"
    site.add(
        "/",
        page(
            f"<p>here{stealing}{sockets}<script>fetch('/asked?a=1', {{method: 'POST', body: 'b'}})</script>"
        ),
    )
    site.add("/asked", page("{}", headers={"Set-Cookie": "a=1", "X-Two": "2"}))
    site.add("/away", redirect("http://outside.test/stolen"))

    async def use(transport: BrowserTransport) -> None:
        with kind(names, user="ann", password="s3:cr@t") as proxy:
            url = proxy.origin.replace("http:", "socks5h:" if kind is SocksProxy else "http:")
            url = url.replace("//", "//ann:s3%3Acr%40t@")
            assert b"here" in (await ask(transport, proxy=url)).body
            with pytest.raises(PermanentError, match="out of scope") as caught:
                await ask(transport, "away", proxy=url)
            assert caught.value.failure_domain is FailureDomain.ACCESS
            asked = {asked.target for asked in proxy.asked}
            assert asked and all(HOST in target for target in asked)
            with pytest.raises(ProxyFailedError, match=r"other credentials|status 407") as failed:
                await ask(transport, proxy=url.replace("ann", "bob"))
            assert "s3" not in str(failed.value)
        with pytest.raises(ProxyFailedError):
            await ask(transport, proxy=url)
        assert (await ask(transport, "asked")).status == 200, "without a proxy"

    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)
    assert "/stolen" not in site.targets()
    assert "/asked?a=1" in site.targets()


@pytest.mark.browser
def test_nobody_else_uses_the_gateway(site: FaultServer, chromium: Path, names: dict[str, str]) -> None:
    site.add("/", page("<p>here"))

    async def use(transport: BrowserTransport) -> None:
        with HttpProxy(names) as proxy:
            await ask(transport, proxy=proxy.origin)
            gateway = transport._processes._gateway
            assert gateway is not None
            for authorization in ("", "Proxy-Authorization: Basic cGFnZTpndWVzcw==\r\n"):
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                writer.write(f"GET {START} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}\r\n".encode())
                assert (await reader.read()).startswith(b"HTTP/1.1 407")
                writer.close()

    with_browser(browser_source(HOST), chromium, {HOST: site.address}, use)
    assert site.targets() == ["/"]


def test_the_shell_is_preferred_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
        return path

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    default = install("cache/chromium-1200/chrome-linux/chrome")
    assert find_executable(None, str(default)) == default
    shell = install("cache/chromium_headless_shell-1200/chrome-linux/headless_shell")
    assert find_executable(None, str(default)) == shell
    chromium = install("bin/chromium")
    assert find_executable(None, str(default)) == chromium
    shell = install("bin/chromium-headless-shell")
    assert find_executable(None, str(default)) == shell
    assert find_executable(chromium, str(default)) == chromium


def test_a_browser_posts_nothing(chromium: Path) -> None:
    async def use(transport: BrowserTransport) -> None:
        with pytest.raises(PermanentError, match="opens pages only"):
            await transport.fetch(Request(START, method="POST", content=b"x"))

    with_browser(browser_source(HOST), chromium, {}, use)


def test_a_missing_browser_is_named_with_its_remedy(crawling: Crawling, tmp_path: Path) -> None:
    source = source_of(urls("page"), via="browser")
    transport = BrowserTransport(source, executable=tmp_path / "chromium", connect_to={HOST: "127.0.0.1:9"})
    with pytest.raises(
        BrowserMissingError, match=r"webdata_assets\[browser\].*apt-get install chromium"
    ) as caught:
        crawling.run(source, transport=transport)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def kill(word: str) -> None:
    """Kill every process below this one whose command line has a word; children of a browser only by type."""
    for process in descendants():
        command = Path(f"/proc/{process}/cmdline").read_text(errors="replace")
        if word in command and ("--type=" in word or "--type=" not in command):
            os.kill(process, signal.SIGKILL)


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
