"""Zyte's own mock server, from the tests in the source distribution of zyte-api, which is never kept here.

What belongs here: fetching it at the locked version and hash, and starting it. What does not: its answers.
"""

import re
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements.lock"
CACHE = ROOT / ".webdata" / "cache"
FETCH_SECONDS = 120

_PROGRAM = """\
import os
import sys
from twisted.internet import reactor
from twisted.web.server import Site
from tests.mockserver import DefaultResource

os.set_blocking(int(sys.argv[1]), False)  # as Twisted expects it
reactor.adoptStreamPort(int(sys.argv[1]), 2, Site(DefaultResource()))
reactor.run()
"""
"""Serves the mock server's resource on an inherited IPv4 socket."""


class NotReachableError(Exception):
    """The source distribution could not be had."""


def fetch_source() -> Path:
    """Return the unpacked source distribution of the locked zyte-api; the package index is asked once.

    Raises:
        NotReachableError: when it could not be fetched.
    """
    block = re.search(r"^zyte-api==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", LOCK.read_text(), re.MULTILINE)
    assert block is not None, "requirements.lock has no zyte-api"
    name = f"zyte_api-{block[0].split(' ', 1)[0].removeprefix('zyte-api==')}"
    if (CACHE / name / "tests" / "mockserver.py").is_file():
        return CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    requirement = CACHE / "zyte_api.txt"
    requirement.write_text(block[0])
    download = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes",
        "--dest", str(CACHE), "--requirement", str(requirement),
    ]  # fmt: skip
    try:
        subprocess.run(download, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise NotReachableError(said[-500:] or str(error)) from error
    with tarfile.open(CACHE / f"{name}.tar.gz") as archive:
        archive.extractall(CACHE, filter="data")
    return CACHE / name


@contextmanager
def mock_server_of(source: Path) -> Iterator[str]:
    """Serve the mock server of an unpacked source distribution; yield its origin.

    It answers by the host of the URL that is asked for. Its socket listens before it starts, so nobody waits.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-c", _PROGRAM, str(listener.fileno())]
        process = subprocess.Popen(command, cwd=source, pass_fds=[listener.fileno()])
    try:
        yield origin
    finally:
        process.terminate()
        process.wait()
