"""An endpoint for embeddings on loopback that speaks the documented protocol, or misbehaves as told."""

import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

DIMENSIONS = 8


def vector_of(text: str) -> list[float]:
    """Return what the server answers for a text: three times a unit vector."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    values = np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (3 * values / np.linalg.norm(values)).tolist()


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    """Return the documented answer; a token is a word here."""
    texts = request["input"]
    tokens = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector_of(text)}
            for index, text in enumerate(texts)
        ],
        "model": request["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


@dataclass(frozen=True)
class Reply:
    """What is sent back in place of the documented answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """Waited before."""


def error(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """Return an error as documented."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return Reply(
        status, json.dumps(body).encode(), {name.replace("_", "-"): text for name, text in headers.items()}
    )


Behaviour = Callable[[dict[str, Any]], Reply | None]
"""From a request's body; None for the documented answer."""


class EndpointServer:
    """Serve in a thread; replies in `script` come first, then what `behave` says."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.behave: Behaviour = lambda _request: None
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    outer.keys.append(self.headers["Authorization"])
                    outer.requests.append(request)
                    scripted = outer.script.pop(0) if outer.script else outer.behave(request)
                if self.path != "/v1/embeddings":
                    scripted = error(404, f"no {self.path}")
                reply = scripted or Reply(body=json.dumps(answer_to(request)).encode())
                time.sleep(reply.seconds)
                try:
                    self.send_response(reply.status)
                    for name, text in {"Content-Type": "application/json", **reply.headers}.items():
                        self.send_header(name, text)
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                except ConnectionError:
                    pass  # the client gave up, as a test wants it to

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def __enter__(self) -> "EndpointServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
