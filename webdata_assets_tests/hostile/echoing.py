"""A server that refuses every request, and says in its answer all that it was sent.

What belongs here: the refusal. What does not: assertions.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape


@dataclass
class Echoing:
    """The server, and what it was told."""

    port: int
    told: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.address}"


@contextmanager
def echoing() -> Iterator[Echoing]:
    """Serve on a free port. Below `/moved` is a redirect to what was told, below `/bare` plain text."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _refuse(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode("utf-8", "replace")
            told = f"{self.command} {self.path} {dict(self.headers.items())} {body[:2_000]}"
            kind, _, credentials = self.headers.get("Authorization", "").partition(" ")
            if kind == "Basic":
                told += base64.b64decode(credentials).decode("utf-8", "replace")
            server.told.append(told)
            if self.path == "/robots.txt":
                self._answer(404, "text/plain", b"")
            elif "AWS4-HMAC" in kind or "/bucket" in self.path:
                xml = f"<Error><Code>InvalidToken</Code><Message>{escape(told)}</Message></Error>"
                self._answer(403, "application/xml", xml.encode())
            elif self.path.startswith("/moved"):
                self._answer(302, "text/html", b"", f"/refused?{credentials or 'nothing'}")
            elif self.path.startswith("/bare"):
                self._answer(401, "text/plain", b" " * 99_950 + told.encode())
            else:
                message = {"message": told, "error": {"message": told}}
                self._answer(401, "application/json", json.dumps(message).encode())

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_CONNECT = _refuse  # noqa: N815

        def _answer(self, status: int, kind: str, body: bytes, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("WWW-Authenticate", "Bearer")
            if location:
                self.send_header("Location", location)
            for name, value in self.headers.items():
                if name.lower() in ("authorization", "cookie", "proxy-authorization"):
                    self.send_header(f"X-Got-{name}", value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server = Echoing(listening.server_address[1])
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(10)
