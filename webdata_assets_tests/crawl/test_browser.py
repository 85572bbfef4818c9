"""The browser way in: JavaScript runs, and nothing outside the scope exists for it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.browser.browser import BrowserTransport
from webdata_assets.stages.crawl.browser.launch import BrowserMissingError, find_executable
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response
from webdata_assets_tests.crawl.browsing import ask, browser_source, scripted, with_browser
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, starting, urls
from webdata_assets_tests.crawl.proxy_servers import HttpProxy, SocksProxy
from webdata_assets_tests.site.answers import page, redirect, slow
from webdata_assets_tests.site.server import FaultServer


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


@pytest.mark.browser
def test_a_process_that_dies_costs_the_pages_in_flight_and_no_more(site: FaultServer, chromium: Path) -> None:
    site.add("/slow", slow(30, page("late")))
    site.add("/loop", page("<p>x<script src=/slow></script>"))
    site.add("/fine", page("<p>fine"))

    async def use(transport: BrowserTransport) -> None:
        await ask(transport, "fine")
        for number, victim in enumerate(("--type=renderer", "--headless", "run-driver"), start=1):
            visit = asyncio.create_task(ask(transport, "loop"))
            while site.count("/slow") < number:
                await asyncio.sleep(0.02)
            kill(victim)
            with pytest.raises(TransientError) as caught:
                await visit
            is_page = victim == "--type=renderer"
            assert caught.value.failure_domain is (
                FailureDomain.RESOURCE if is_page else FailureDomain.TARGET
            )
            assert b"fine" in (await ask(transport, "fine")).body, victim

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
