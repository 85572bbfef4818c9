"""A browser's page aimed at the inside: whatever it tries, Chromium opens no connection there."""

import asyncio
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request
from webdata_assets_tests.crawl.harness import HOST, START, source_of, starting
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.listening import Listener
from webdata_assets_tests.site.answers import page, redirect
from webdata_assets_tests.site.server import FaultServer

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
        "Requests",
        "a page in Chromium that aims all it has at the inside: frames, fetch, sockets, WebRTC, workers, "
        "windows, forms, hints, downloads, redirects",
        f"{listener.connections} connections at a listener from {len(paths)} pages",
    )
