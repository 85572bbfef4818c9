"""A listener on every local address that counts connections, whatever is said on them, for either http way.

What belongs here: accepting and counting, and what the page of figures calls a way. What does not: answers
(crawl/loopback.py).
"""

import socket
import threading
from typing import Self

from webdata_assets_tests.crawl.transports import HttpWay


class Listener:
    """Listens on one port of all IPv4 and IPv6 addresses of this machine; `connections` must stay 0."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(
            ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=100
        )
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()


def name_of(way: HttpWay) -> str:
    """Return what the page of figures calls an http way."""
    return "aiohttp" if "aiohttp" in way.__module__ else "libcurl"
