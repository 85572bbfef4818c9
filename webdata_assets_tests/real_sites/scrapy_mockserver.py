"""Scrapy's own mock server, from the tests in its source distribution, which is fetched and never kept here.

What belongs here: starting it. What does not: fetching it (source_distributions.py), and the process
(process.py).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from webdata_assets_tests.real_sites.process import ServerProcess

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
