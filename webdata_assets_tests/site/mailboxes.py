"""Receivers of messages on loopback: a webhook, and a mail server.

What belongs here: taking messages, refusing them, and remembering what came. What does not: assertions.
"""

import email
import email.policy
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class Webhook:
    """A webhook that takes messages, refuses them with `status`, or lets callers wait."""

    port: int
    path: str
    status: int = 200
    wait_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """What it took, oldest first."""
    asked: int = 0
    """Requests, refused ones too."""

    @property
    def url(self) -> str:
        """As WEBDATA_ALERTS takes it."""
        return f"json://127.0.0.1:{self.port}/{self.path}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@contextmanager
def webhook(path: str = "hook", port: int = 0) -> Iterator[Webhook]:
    """Serve a webhook, on a free port unless one is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.asked += 1
            time.sleep(hook.wait_seconds)
            if hook.status == 200 and self.path == f"/{hook.path}":
                hook.messages.append(json.loads(body))
            self.send_response(hook.status)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        hook = Webhook(server.server_address[1], path)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join(10)


@dataclass
class Mailbox:
    """A mail server that wants a login."""

    port: int
    user: str
    password: str
    messages: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As WEBDATA_ALERTS takes it; without TLS, as on loopback alone."""
        return (
            f"mailto://{self.user}:{self.password}@127.0.0.1:{self.port}"
            "?mode=insecure&from=alerts@data.test&to=people@data.test"
        )


@contextmanager
def mailbox(user: str = "alerts", password: str = "open-sesame") -> Iterator[Mailbox]:
    """Serve a real SMTP server that takes messages of one user."""
    box = Mailbox(free_port(), user, password)

    class Handler:
        async def handle_DATA(  # noqa: N802
            self, _server: object, _session: object, envelope: Envelope
        ) -> str:
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            box.messages.append(message)
            return "250 taken"

    def authenticate(*arguments: object) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        known = (given.login, given.password) == (box.user.encode(), box.password.encode())
        return AuthResult(success=known, handled=known)

    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=box.port,
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
