"""A real browser: one that shows the UI through the proxy, and one that shows a hostile page beside it.

What belongs here: the browser, and the hostile page with its server. What does not: what it achieved.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from webdata_assets.stages.crawl.browser.launch import (
    BrowserMissingError,
    find_executable,
    launch_arguments,
    uses_sandbox,
)
from webdata_assets_tests.webserver.calling import FORGED, LAUNCH, LAUNCH_IN_ADDRESS

WAIT_MILLISECONDS = 120_000
REBOUND = "evil.test"
"""A name of somebody else's that points to this machine."""

_HOSTILE = """<!doctype html><title>Win a prize</title>
<iframe name="unseen"></iframe>
<form method="post" action="{url}{launch_in_address}" target="unseen"><input name="a" value="b"></form>
<script>
const sent = [
  fetch("{url}/graphql", {{method: "POST", mode: "no-cors", credentials: "include", body: {body},
                          headers: {{"Content-Type": "text/plain; of=application/json"}}}}),
  fetch("{url}{forged}", {{method: "POST", mode: "no-cors"}}),
  new Promise((done) => {{ const image = new Image(); image.onerror = image.onload = done;
                            image.src = "{url}{launch_in_address}"; }}),
  new Promise((done) => {{ document.querySelector("iframe").onload = done; document.forms[0].submit(); }}),
  new Promise((done) => {{
    const socket = new WebSocket("{url}/graphql".replace("http", "ws"), "graphql-ws");
    socket.onopen = () => {{ document.title = "heard"; done(); }};
    socket.onerror = done;
  }}),
];
Promise.allSettled(sent).then(() => {{ document.body.append("all sent"); }});
</script>"""


@contextmanager
def chromium(rules: str, **options: Any) -> Iterator[Any]:
    """Yield a page of a fresh browser.

    Args:
        rules: of the resolver, beside which no host is found but this machine's address.
        options: of the browser's context.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        executable = find_executable(None, "/nowhere")
    except BrowserMissingError as error:
        pytest.skip(str(error))
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(executable),
            args=launch_arguments(f"{rules}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
            chromium_sandbox=uses_sandbox(),
        )
        context = browser.new_context(**options)
        context.set_default_timeout(WAIT_MILLISECONDS)
        yield context.new_page()
        browser.close()


def complaints_of(page: Any) -> list[str]:
    """Return a list that fills with what the browser's console calls errors."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@contextmanager
def hostile_page(target: str) -> Iterator[str]:
    """Serve a page, from an origin of its own, that does to a webserver what it can; yield its URL."""
    html = _HOSTILE.format(
        url=target,
        launch_in_address=LAUNCH_IN_ADDRESS,
        forged=FORGED,
        body=json.dumps(json.dumps({"query": LAUNCH})),
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, html.encode()))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class _Page(BaseHTTPRequestHandler):
    def __init__(self, html: bytes, *arguments: Any) -> None:
        self._html = html
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self._html)))
        self.end_headers()
        self.wfile.write(self._html)

    def log_message(self, *_: object) -> None:
        pass
