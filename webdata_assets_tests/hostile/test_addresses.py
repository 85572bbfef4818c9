"""Requests aimed at the inside: no connection is opened, whoever writes the address and however."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, outcomes, source_of, starting, urls
from webdata_assets_tests.crawl.loopback import RawServer, always
from webdata_assets_tests.crawl.proxy_servers import HttpProxy, SocksProxy
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, using
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.inside import DISGUISED, LOOPBACK, METADATA, PLAIN
from webdata_assets_tests.hostile.listening import Listener
from webdata_assets_tests.site.answers import page, redirect
from webdata_assets_tests.site.server import FaultServer

PART = "Requests"
WIDE = [HOST, "localhost", "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "169.254.169.254"]
"""A scope as wide as an attacker could wish for."""
CODES = (300, 301, 302, 303, 304, 305, 307, 308)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


class PublicSite:
    """Reaches site.test as if it were public, and everything else by the rules."""

    name = "http"

    def __init__(self, way: HttpWay, site: FaultServer) -> None:
        self._transport = way(connect_to={HOST: site.address})

    async def fetch(self, request: Request) -> Response:
        return await self._transport.fetch(replace(request, allow_private=request.url.startswith(START)))

    async def close(self) -> None:
        await self._transport.close()


def name_of(way: HttpWay) -> str:
    return "aiohttp" if "aiohttp" in way.__module__ else "libcurl"


@both_ways
def test_no_spelling_of_an_inside_address_is_connected_to(
    way: HttpWay, listener: Listener, proves: Proves
) -> None:
    written = [f"http://{host}:{listener.port}/" for host in PLAIN]
    written += [url.format(port=listener.port) for url in DISGUISED]

    async def go(transport: Transport) -> int:
        refused = 0
        for url in written:
            # as a link on a page is followed, and as the bare transport would
            for read in (lambda url: canonical_url(url, START), str):
                try:
                    await transport.fetch(Request(read(url), timeout_seconds=2))
                except PermanentError:
                    refused += 1
                except TransientError as error:
                    assert "does not resolve" in str(error), url
                    refused += 1
        return refused

    refused = using(way, go)
    assert refused == 2 * len(written)
    assert listener.connections == 0
    proves(
        PART,
        f"addresses in {len(written)} spellings, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {refused} of {2 * len(written)} requests refused",
    )


def resolving_to(*answers: list[str]) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that gives one answer after another, the last one for ever."""
    waiting = list(answers)

    def look_up(_: str, port: int, *__: object, **___: object) -> list[tuple[Any, ...]]:
        addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses
        ]

    return look_up


def addresses_of(hosts: tuple[str, ...]) -> list[str]:
    """The spellings that a name server can answer with."""
    found = [host.strip("[]") for host in hosts]
    return [each for each in found if ":" in each or re.fullmatch(r"[1-9]\d*(\.\d+){3}", each)]


@both_ways
def test_a_name_that_resolves_to_the_inside_is_not_connected_to(
    way: HttpWay, listener: Listener, monkeypatch: pytest.MonkeyPatch, proves: Proves
) -> None:
    answers = [[each] for each in addresses_of(PLAIN)]
    answers += [["93.184.216.34", "127.0.0.1"], ["2606:4700::1111", "::1"]]

    async def go(transport: Transport) -> None:
        for number, answer in enumerate(answers):
            monkeypatch.setattr(socket, "getaddrinfo", resolving_to(answer))
            with pytest.raises(PermanentError):
                await transport.fetch(
                    Request(f"http://inside-{number}.test:{listener.port}/", timeout_seconds=2)
                )

    using(way, go)
    assert listener.connections == 0
    proves(
        PART,
        f"a name that resolves to the inside, alone or beside a public address, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {len(answers)} answers of a name server refused",
    )


@both_ways
def test_a_name_that_flips_between_lookup_and_connection_stays_where_it_was(
    way: HttpWay, listener: Listener, monkeypatch: pytest.MonkeyPatch, proves: Proves
) -> None:
    # nobody answers at the first address within the time; every later lookup says loopback
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["93.184.216.34"], ["127.0.0.1"]))

    async def go(transport: Transport) -> int:
        failed = 0
        for _ in range(3):
            try:
                await transport.fetch(Request(f"http://flips.test:{listener.port}/", timeout_seconds=0.2))
            except TransientError:
                failed += 1
        return failed

    failed = using(way, go)
    assert (failed, listener.connections) == (3, 0)
    proves(
        PART,
        f"DNS that changes its answer after the check (rebinding), by {name_of(way)}",
        f"{listener.connections} connections at a listener in {failed} requests",
    )


@both_ways
def test_no_redirect_leads_inside(
    way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves
) -> None:
    site = crawling.site
    targets = [url.format(port=listener.port) for url in DISGUISED if url.startswith(("http", "//"))]
    targets += [f"http://{host}:{listener.port}/" for host in PLAIN]
    for number, target in enumerate(targets):
        # a header holds no more than that
        site.add(f"/{number}", redirect(re.sub(r"[^ -~]", "", target)))
    inside = f"http://127.0.0.1:{listener.port}/"
    for code in CODES:
        site.add(f"/code-{code}", redirect(inside, code))
    site.add("/refresh", page("x", headers={"Refresh": f"0; url={inside}"}))
    site.add("/meta", page(f'<meta http-equiv=refresh content="0; url={inside}"><p>x'))
    site.add("/header", page("x", headers={"Content-Location": inside, "Link": f"<{inside}>; rel=next"}))
    for step in range(9):
        site.add(f"/chain-{step}", redirect(f"/chain-{step + 1}"))
    site.add("/chain-9", redirect(inside))
    paths = [*map(str, range(len(targets))), *(f"code-{code}" for code in CODES)]
    paths += ["refresh", "meta", "header", "chain-0"]
    source = source_of(
        urls(*paths), hosts=WIDE, robots="ignore", allow_private=False, max_attempts=1, concurrency=16
    )
    result = crawling.run(source, transport=PublicSite(way, site))
    by_outcome = result.counts
    assert listener.connections == 0
    assert sum(by_outcome.values()) == len(paths)
    assert {path for path, outcome in outcomes(result).items() if outcome == "fetched"} == {
        "/refresh", "/meta", "/header",
    }  # fmt: skip
    proves(
        PART,
        f"redirects to the inside by every status, in chains, by Refresh and in <meta>, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {by_outcome.get('failed', 0)} dead letters, "
        f"{by_outcome.get('skipped', 0)} skipped, {by_outcome.get('fetched', 0)} pages kept as they stand",
    )


@both_ways
def test_no_list_leads_inside(way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves) -> None:
    site = crawling.site
    hosts = [*LOOPBACK, *METADATA[:2]]
    inside = [f"http://{host}:{listener.port}/{number}" for number, host in enumerate(hosts)]
    locations = "".join(f"<url><loc>{url}</loc></url>" for url in inside)
    items = "".join(f"<item><link>{url}</link></item>" for url in inside)
    anchors = "".join(f'<a class=item href="{url}">x</a>' for url in inside)
    first = f"http://127.0.0.1:{listener.port}/next"
    site.add("/map", page(f"<urlset>{locations}</urlset>", content_type="text/xml"))
    site.add(
        "/index",
        page(f"<sitemapindex><sitemap><loc>{first}</loc></sitemap></sitemapindex>", content_type="text/xml"),
    )
    site.add("/feed", page(f"<rss><channel>{items}</channel></rss>", content_type="text/xml"))
    site.add("/links", page(f"<base href={first}>{anchors}"))
    site.add("/list", page(f"{anchors}<a rel=next href={first}>next</a>"))
    site.add("/api", page(f'{{"next": "{first}"}}', content_type="application/json"))
    site.add("/linked", page("{}", content_type="application/json", headers={"Link": f"<{first}>; rel=next"}))
    source = source_of(
        starting("sitemap", "map"),
        starting("sitemap", "index"),
        starting("feed", "feed"),
        starting("links", "links", max_depth=2),
        starting("listing", "list", items="a.item"),
        starting("api", "api", cursor="next"),
        starting("api", "linked", link_header=True),
        hosts=WIDE,
        robots="ignore",
        allow_private=False,
        max_attempts=1,
        concurrency=16,
    )
    rows = crawling.run(source, transport=PublicSite(way, site)).pages
    refused = rows.filter(~rows["url"].str.starts_with(START))
    site.add("/robots.txt", redirect(f"http://127.0.0.1:{listener.port}/robots.txt"))
    source = source_of(urls("page"), hosts=WIDE, allow_private=False, max_attempts=1)
    assert crawling.run(source, transport=PublicSite(way, site)).counts == {"failed": 1}
    assert listener.connections == 0
    assert refused.height > 0
    assert set(refused["outcome"]) == {"failed"}
    proves(
        PART,
        f"sitemaps, feeds, lists, APIs, Link headers and a robots.txt that lead inside, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {refused.height} URLs of the inside refused",
    )


@both_ways
def test_a_proxy_is_not_asked_for_the_inside(way: HttpWay, listener: Listener, proves: Proves) -> None:
    hosts = PLAIN
    kinds = (HttpProxy,) if name_of(way) == "aiohttp" else (HttpProxy, SocksProxy)
    asked = refused = 0
    for kind in kinds:
        with kind({}) as proxy:
            scheme = "socks5h" if kind is SocksProxy else "http"
            through = f"{scheme}://{proxy.address}"

            async def go(transport: Transport, through: str = through) -> int:
                count = 0
                for host in hosts:
                    for scheme in ("http", "https"):
                        url = f"{scheme}://{host}:{listener.port}/"
                        try:
                            await transport.fetch(Request(url, timeout_seconds=2, proxy=through))
                        except PermanentError:
                            count += 1
                return count

            refused += using(way, go)
            asked += len(proxy.asked) + proxy.connections
    assert (asked, listener.connections) == (0, 0)
    assert refused == 2 * len(hosts) * len(kinds)
    proves(
        PART,
        f"inside addresses through a proxy, and proxies at inside addresses, by {name_of(way)}",
        f"{asked} connections at the proxy, {listener.connections} at a listener, {refused} requests refused "
        "(names alone are a proxy's to resolve)",
    )


ATTEMPTS = """<!doctype html><title>x</title><p>here
<link rel=dns-prefetch href="http://{to}"><link rel=preconnect href="http://{to}">
<link rel=prefetch href="http://{to}/prefetch"><link rel=preload as=script href="http://{to}/preload">
<link rel=modulepreload href="http://{to}/module"><link rel=manifest href="http://{to}/manifest">
<link rel=stylesheet href="http://{to}/style"><link rel=icon href="http://{to}/icon">
<img src="http://{to}/img"><img srcset="http://{to}/srcset 2x"><script src="http://{to}/script"></script>
<iframe src="http://{to}/frame"></iframe><iframe srcdoc="<img src='http://{to}/inner'>"></iframe>
<object data="http://{to}/object"></object><embed src="http://{to}/embed">
<video src="http://{to}/video" autoplay></video><audio src="http://{to}/audio" autoplay></audio>
<svg><image href="http://{to}/svg" /><use href="http://{to}/use#a" /></svg>
<style>@import url(http://{to}/import); body {{ background: url(http://{to}/background) }}</style>
<form id=f action="http://{to}/form" method=post target=t><input name=a></form><iframe name=t></iframe>
<a id=d href="http://{to}/download" download ping="http://{to}/ping">d</a>
<script>
const to = "{to}";
for (const tried of [
  () => fetch("http://" + to + "/fetch", {{mode: "no-cors"}}), () => fetch("/away", {{mode: "no-cors"}}),
  () => fetch("http://" + to + "/post", {{method: "POST", mode: "no-cors", body: "x", keepalive: true}}),
  () => {{ const x = new XMLHttpRequest(); x.open("GET", "http://" + to + "/xhr"); x.send() }},
  () => new WebSocket("ws://" + to + "/ws"), () => new EventSource("http://" + to + "/events"),
  () => new WebTransport("https://" + to + "/wt"),
  () => navigator.sendBeacon("http://" + to + "/beacon", "x"),
  () => new Worker("http://" + to + "/worker"),
  () => new Worker(URL.createObjectURL(
    new Blob(["fetch('http://" + to + "/in-worker', {{mode: 'no-cors'}})"]))),
  () => new SharedWorker("http://" + to + "/shared"), () => import("http://" + to + "/import.js"),
  () => navigator.serviceWorker.register("http://" + to + "/sw.js"),
  () => window.open("http://" + to + "/open"), () => document.getElementById("f").submit(),
  () => document.getElementById("d").click(),
  () => {{
    const peer = new RTCPeerConnection({{iceServers: ["tcp", "udp"].map(kind => ({{
      urls: "turn:" + to + "?transport=" + kind, username: "a", credential: "b"}}))}});
    peer.createDataChannel("x");
    peer.createOffer().then(offer => peer.setLocalDescription(offer));
    const candidate = "candidate:1 1 tcp 1 127.0.0.1 " + to.split(":").pop() + " typ host tcptype passive";
    peer.addIceCandidate({{candidate, sdpMid: "0"}}).catch(() => {{}});
  }},
]) try {{ Promise.resolve(tried()).catch(() => {{}}) }} catch (error) {{}}
</script>"""
"""Everything by which a page can make a browser connect."""
NAVIGATIONS = (
    '<meta http-equiv=refresh content="0; url=http://{to}/meta"><p>here',
    "<p>here<script>location = 'http://{to}/location'</script>",
    "<p>here<script>top.location.replace('http://{to}/replace')</script>",
)


@pytest.mark.browser
def test_no_page_in_a_browser_connects_to_the_inside(
    site: FaultServer, listener: Listener, chromium: Path, proves: Proves
) -> None:
    from webdata_assets.stages.crawl.browser.browser import BrowserTransport

    inside = [f"127.0.0.1:{listener.port}", f"localhost:{listener.port}", f"[::1]:{listener.port}"]
    for number, to in enumerate(inside):
        headers = {"Link": f"<http://{to}/>; rel=preload; as=script"}
        site.add(f"/page-{number}", page(ATTEMPTS.format(to=to), headers=headers))
    for number, document in enumerate(NAVIGATIONS):
        site.add(f"/go-{number}", page(document.format(to=inside[number])))
    site.add("/away", redirect(f"http://{inside[0]}/redirected"))
    # a name in scope that turns out to be at an address which no source may open
    source = source_of(
        starting("links", max_depth=0), via="browser", hosts=[HOST, "metadata.test", "169.254.169.254"]
    )
    paths = [f"page-{n}" for n in range(3)] + [f"go-{n}" for n in range(3)] + ["away"]

    async def go() -> list[object]:
        to = {HOST: site.address, "metadata.test": "169.254.169.254:80"}
        async with BrowserTransport(source, executable=chromium, connect_to=to) as transport:
            seen: list[object] = []
            for path in paths:
                try:
                    seen.append(
                        (await transport.fetch(Request(START + path, {}, 60, allow_private=True))).status
                    )
                except (PermanentError, TransientError) as error:
                    seen.append(error.failure_domain.value)
            return seen

    seen = asyncio.run(go())
    assert seen[:3] == [200, 200, 200]
    assert seen[-1] == "access"
    assert listener.connections == 0
    proves(
        PART,
        "a page in Chromium that aims all it has at the inside: frames, fetch, sockets, WebRTC, workers, "
        "windows, forms, hints, downloads, redirects",
        f"{listener.connections} connections at a listener from {len(paths)} pages",
    )


@both_ways
def test_a_service_cannot_lead_us_inside(
    way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves
) -> None:
    from webdata_assets.stages.crawl.vendors.zenrows import ZenRowsTransport
    from webdata_assets_tests.crawl.vendors.fake_zenrows import KEY, FakeZenRows, SitePage

    inside = f"http://127.0.0.1:{listener.port}/"
    moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % inside.encode()
    with FakeZenRows() as service, RawServer(always(moved)) as moving:
        service.site[START] = SitePage(f'<a href="{inside}links">x</a><a href="/b">y</a>'.encode())
        service.site[f"{START}b"] = SitePage(b"stolen", final_url=f"{inside}final")
        service.site[f"{START}c"] = SitePage(b"", status=302, headers={"Location": f"{inside}moved"})
        outcome: dict[str, str] = {}
        for base in (f"{service.url}/v1/", moving.origin):
            source = source_of(
                starting("links", max_depth=1),
                urls("c"),
                via="zenrows",
                services={"zenrows": {"url": base}},
                hosts=[HOST],
                robots="ignore",
                max_attempts=1,
            )
            transport = ZenRowsTransport(source, http=way(), environ={"ZENROWS_API_KEY": KEY})
            result = crawling.run(source, transport=transport)
            outcome |= {f"{base}{path}": each for path, each in outcomes(result).items()}
    refused = [each for each in outcome.values() if each != "fetched"]
    assert listener.connections == 0
    assert len(refused) == len(outcome) - 1
    proves(
        PART,
        f"a vendor's answers that point inside: final URL, links, redirects, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {len(refused)} of {len(outcome)} answers refused",
    )
