"""A receiver of webhooks on loopback, as a consumer would write one.

What belongs here: verifying, dropping what it has seen, and applying the rest. What does not: assertions.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + "c2VjcmV0LW9mLXRlc3RzLXdpdGgtMzItYnl0ZXMhISE="

Answer = tuple[int, dict[str, str]]


class Receiver:
    """Applies each message once. `answer` decides what the next request is told; None for the usual."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.arrived: list[str] = []
        """Ids in order, those that came twice as often."""
        self.applied: list[str] = []
        self.answer: Callable[[str], Answer | None] = lambda _id: None
        self._highest = -1
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/changes"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Begin anew, as one that nothing ever reached."""
        self.rows, self.arrived, self.applied, self._highest = {}, [], [], -1

    def take(self, headers: dict[str, str], body: bytes) -> Answer:
        """Verify and apply one message."""
        message = Webhook(SECRET).verify(body, headers)
        with self._lock:
            message_id = headers["webhook-id"]
            self.arrived.append(message_id)
            if (told := self.answer(message_id)) is not None:
                return told
            data = message["data"]
            if message_id not in self.applied and data["sequence"] >= self._highest:
                self._highest = data["sequence"]
                self.applied.append(message_id)
                for row in data["upserts"]:
                    self.rows[row[data["key"]]] = row
                for key in data["deletes"]:
                    self.rows.pop(key, None)
            return 204, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told = receiver.take(headers, body)
                self.send_response(status)
                for name, value in {**told, "content-length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_given: object) -> None:
                return

        return Handler


def held(receiver: Receiver) -> dict[str, str]:
    """Return the hash of each row that a receiver holds, by key."""
    return {key: json.loads(json.dumps(row))["row_hash"] for key, row in receiver.rows.items()}
