"""Zyte's own mock server, from the tests in the source distribution of zyte-api, which is never kept here.

What belongs here: starting it. What does not: fetching it (source_distributions.py), and its answers.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
