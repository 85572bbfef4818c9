"""The sockets behind libcurl's connections: opened to checked addresses only, and watched.

What belongs here: opening, and telling a connection that the other side has closed. What does not: requests
(curl_handle.py).
"""

import os
import select
import socket
from typing import Any

from webdata_assets.stages.crawl.http.addresses import check_address

Route = tuple[str, str, int, int]
"""A connection as libcurl names it: address there, address here, port there, port here."""

_MAX_ROUTES = 10_000
_CLOSED_THERE = getattr(select, "POLLRDHUP", 0)
"""Linux alone says so; elsewhere every connection passes for alive."""


class Sockets:
    """The sockets of all connections that may be shared.

    libcurl looks whether a kept connection was closed only after a second of idleness; sooner than that it
    sends, fails, and sends again. Whether the first was in vain is known here.
    """

    def __init__(self, *, allow_private: bool) -> None:
        """Take whether loopback and private addresses may be connected to."""
        self._allow_private = allow_private
        self._by_route: dict[Route, int] = {}

    def open(self, address: Any) -> socket.socket:
        """Return a socket for an address. Raises PermanentError, ACCESS, when it is refused."""
        check_address(address.addr[0], allow_private=self._allow_private)
        return socket.socket(address.family, address.socktype, address.protocol)

    def add(self, route: Route, candidates: list[int]) -> None:
        """Take a new connection, which has one of these file descriptors."""
        if len(self._by_route) >= _MAX_ROUTES:
            # a connection that is not known passes for alive
            self._by_route.clear()
        for descriptor in candidates:
            if _local_port(descriptor) == route[3]:
                self._by_route[route] = descriptor

    def is_alive(self, route: Route) -> bool:
        """Return whether the other side has not closed the connection yet, as far as is known."""
        descriptor = self._by_route.get(route)
        if descriptor is None or not _CLOSED_THERE:
            return True
        poll = select.poll()
        poll.register(descriptor, _CLOSED_THERE)
        return not poll.poll(0)


def _local_port(descriptor: int) -> int | None:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as duplicate:
            return int(duplicate.getsockname()[1])
    except OSError:
        # closed in favour of another address's
        return None
