"""`webdata serve` as a process of its own, on a free port of loopback.

What belongs here: starting, asking and stopping it. What does not: assertions.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

START_SECONDS = 60


@dataclass(frozen=True)
class Answered:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, kept open; for one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(
        self, path: str, *, body: bytes | None = None, method: str | None = None, **parameters: Any
    ) -> Answered:
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method or ("GET" if body is None else "POST"), path + query, body, headers)
        response = self._connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())

    def predict(self, *texts: str) -> Answered:
        return self.ask("/predict", body=json.dumps({"items": [{"text": text} for text in texts]}).encode())

    def metric(self, name: str) -> float:
        """Return the value of a series, which is named as /metrics prints it; 0 where it is not there."""
        text = self.ask("/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@dataclass(frozen=True)
class Serving:
    """A running server."""

    process: "subprocess.Popen[str]"
    port: int
    said: list[str]

    def client(self) -> Client:
        return Client(self.port)

    def wait_for_release(self, number: int, seconds: float = 20) -> float:
        """Return after how many seconds /health names a release."""
        begun = time.monotonic()
        client = self.client()
        wait_until(lambda: client.ask("/health").json.get("release") == number, seconds)
        return time.monotonic() - begun


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Return as soon as something holds, or fail."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@contextmanager
def served(environment: Mapping[str, str], folder: Path, *options: str) -> Iterator[Serving]:
    """Run the server until the end of the block."""
    webdata = str(Path(sys.executable).with_name("webdata"))
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [webdata, "serve", "--port", "0", *options],
            env={**os.environ, **environment}, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            said = [process.stdout.readline(), process.stdout.readline()]
            port = re.search(r":(\d+)/", said[0])
            assert port, (folder / "serve.log").read_text()
            wait_until(lambda: _listens(int(port[1])), START_SECONDS)
            yield Serving(process, int(port[1]), said)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _listens(port: int) -> bool:
    try:
        Client(port).ask("/metrics")
    except OSError:
        return False
    return True
