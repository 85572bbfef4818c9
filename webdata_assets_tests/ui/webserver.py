"""A running webserver of Dagster on loopback.

What belongs here: the process, from start to end. What does not: what it shows.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from webdata_assets_tests.deployment import REPOSITORY

START_SECONDS = 180.0
STOP_SECONDS = 10.0


@contextmanager
def serving(
    environment: Mapping[str, str],
    folder: Path,
    *options: str,
    workspace: Path = REPOSITORY / "workspace.yaml",
) -> Iterator[str]:
    """Yield the URL of a webserver with the project's code location, once it answers.

    Args:
        environment: variables beside PATH; those of this process are not passed on.
        folder: where it works, so that no `.env` of the project is read; its log goes there.
        options: of `dagster-webserver`.
        workspace: file that names the code locations.
    """
    port = _free_port()
    command = [
        str(Path(sys.executable).with_name("dagster-webserver")), *options,
        "--workspace", str(workspace), "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}", environment, folder) as url:
        yield url


@contextmanager
def running(command: Sequence[str], url: str, environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Run a command that serves Dagster's UI, and yield the URL once it answers there."""
    log = folder / "webserver.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], **environment},
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,  # the code server that it starts ends with it
        )
    try:
        _wait_for(f"{url}/server_info", process, log)
        yield url
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the webserver does not answer:\n{log.read_text()[-4_000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
