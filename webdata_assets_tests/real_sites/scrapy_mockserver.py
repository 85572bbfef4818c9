"""Scrapy's own mock server, from the tests in its source distribution, which is fetched and never kept here.

What belongs here: fetching it at the locked version and hash, and starting it. What does not: the process
(process.py).
"""

import re
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from webdata_assets_tests.real_sites.process import ServerProcess

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
CACHE = ROOT / ".webdata" / "cache"
FETCH_SECONDS = 120

_PROGRAM = """\
import os
import sys
from twisted.internet import reactor
from twisted.web.server import Site
from tests.mockserver.http import Root

descriptor, log_path = int(sys.argv[1]), sys.argv[2]

class LoggedSite(Site):
    def getResourceFor(self, request):
        with open(log_path, "a") as log:
            log.write(f"0 {request.uri.decode()}\\n")
        return super().getResourceFor(request)

os.set_blocking(descriptor, False)  # as Twisted expects it
reactor.adoptStreamPort(descriptor, 2, LoggedSite(Root()))
reactor.run()
"""
"""Serves the mock server's resources on an inherited IPv4 socket; logs a request when it begins."""


class NotReachableError(Exception):
    """The source distribution could not be had."""


def fetch_source() -> Path:
    """Return the unpacked source distribution of the locked Scrapy; the package index is asked once.

    Raises:
        NotReachableError: when it could not be fetched.
    """
    block = re.search(r"^scrapy==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", LOCK.read_text(), re.MULTILINE)
    assert block is not None, "requirements.lock has no Scrapy"
    version = block[0].split(" ", 1)[0].removeprefix("scrapy==")
    unpacked = CACHE / f"scrapy-{version}"
    if (unpacked / "tests" / "mockserver" / "http.py").is_file():
        return unpacked
    CACHE.mkdir(parents=True, exist_ok=True)
    requirement = CACHE / "scrapy.txt"
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
    with tarfile.open(CACHE / f"scrapy-{version}.tar.gz") as archive:
        archive.extractall(CACHE, filter="data")
    return unpacked


class ScrapyMockServer(ServerProcess):
    """The mock server. It logs requests when they begin, with status 0."""

    def __init__(self, folder: Path, source: Path) -> None:
        """Take a folder of its own, and the unpacked source distribution."""
        super().__init__(folder)
        self._source = source

    def command(self, descriptor: int) -> Sequence[str]:
        return [sys.executable, "-c", _PROGRAM, str(descriptor), str(self.log_file)]

    def working_folder(self) -> Path:
        return self._source
