"""A folder served as a website on loopback, with a log of every answer.

What belongs here: serving files as they are. What does not: faults (site/), and the demo's content.
"""

import threading
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self


class StaticSite:
    """Serves a folder; a context manager. Answers If-Modified-Since with 304, as file servers do."""

    def __init__(self, folder: Path) -> None:
        self.answers: list[tuple[str, int]] = []
        """Path and status of each answer so far."""
        handler = partial(_Handler, self.answers, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """`address:port`, as `connect_to` takes it."""
        return f"127.0.0.1:{self._server.server_port}"

    def statuses(self) -> Counter[int]:
        """How often each status was answered, robots.txt left out."""
        return Counter(status for path, status in self.answers if path != "/robots.txt")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open between requests
    disable_nagle_algorithm = True  # else head and body of one answer wait for each other

    def __init__(self, answers: list[tuple[str, int]], *args: object, directory: str) -> None:
        self._answers = answers
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def log_request(self, code: object = "-", size: object = "-") -> None:
        self._answers.append((self.path, int(code)))  # type: ignore[call-overload]

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""
