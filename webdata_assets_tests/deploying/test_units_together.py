"""The commands of the units, started together as systemd starts them, answer and end by SIGTERM."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.deploying.files import DEPLOY, Unit
from webdata_assets_tests.site.mailboxes import free_port

pytestmark = pytest.mark.soak

BIN = Path(sys.executable).parent
PARTS = ("code", "daemon", "webserver", "viewers", "serve")
START_SECONDS = 300


class Host:
    """One host's units, below a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: str(free_port()) for port in ("4000", "3000", "3001", "8000")}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "WEBDATA_HOME": str(folder / "home"),
            "WEBDATA_STORE": str(folder / "store"),
            "DAGSTER_HOME": str(folder / "home" / "dagster"),
        }
        text = (DEPLOY / "systemd" / "workspace.yaml").read_text()
        (folder / "workspace.yaml").write_text(text.replace("4000", self.ports["4000"]))

    def words(self, command: list[str]) -> list[str]:
        program, *rest = command
        rest = [
            str(self.folder / "workspace.yaml") if each.endswith("workspace.yaml") else each for each in rest
        ]
        return [str(BIN / Path(program).name), *(self.ports.get(each, each) for each in rest)]

    def start(self, part: str) -> None:
        *before, main = Unit.read(DEPLOY / "systemd" / f"webdata-{part}.service").commands()
        for command in before:
            self.call(self.words(command))
        with (self.folder / f"{part}.log").open("wb") as log:
            self.processes[part] = subprocess.Popen(
                self.words(main), cwd=self.folder, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def call(self, words: list[str]) -> None:
        subprocess.run(
            words, cwd=self.folder, env=self.environment, check=True, capture_output=True, timeout=120
        )

    def asks(self, port: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        address = f"http://127.0.0.1:{self.ports[port]}{path}"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")[-2_000:]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    # Dagster treats SIGTERM as SIGINT, and what is started from the background of a shell ignores that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield host
    signal.signal(signal.SIGINT, before)
    for process in host.processes.values():
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if condition():
                return
        except (OSError, subprocess.CalledProcessError):
            pass
        assert time.monotonic() < deadline, f"{what}: not within {START_SECONDS} s"
        time.sleep(1)


def called(host: Host, words: list[str]) -> bool:
    host.call([str(BIN / words[0]), *words[1:]])
    return True


def test_the_parts_answer_together_and_end_when_they_are_told(host: Host) -> None:
    host.start("code")
    health = ["dagster", "api", "grpc-health-check", "--port", host.ports["4000"]]
    until("the code server", lambda: called(host, health))
    for part in PARTS[1:]:
        host.start(part)
    for port in ("3000", "3001"):
        until(f"the webserver on {port}", lambda port=port: host.asks(port, "/server_info")[0] == 200)  # type: ignore[misc]
    query = b'{"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"}'
    assert b"__repository__" in host.asks("3000", "/graphql", query)[1]
    change = b'{"query": "mutation { reloadWorkspace { __typename } }"}'
    assert b"UnauthorizedError" in host.asks("3001", "/graphql", change)[1]
    until("search", lambda: host.asks("8000", "/metrics")[0] == 200)
    until("the daemon", lambda: called(host, ["dagster-daemon", "liveness-check"]))
    for part in reversed(PARTS):
        process = host.processes[part]
        limit = int(
            Unit.read(DEPLOY / "systemd" / f"webdata-{part}.service").one("Service", "TimeoutStopSec")
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(limit) in (0, -signal.SIGTERM, 128 + signal.SIGTERM), host.log(part)
