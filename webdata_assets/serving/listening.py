"""Where a server listens, and by which names it may be called.

What belongs here: the address. What does not: what is answered there.
"""

import socket
from collections.abc import Collection

from webdata_assets.errors import FailureDomain, PermanentError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_BACKLOG = 1_024


def names_of(host: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Return the names that a server on an address may be called by, without ports.

    Args:
        host: the address.
        allowed: further names; where the address is no loopback, the only ones, and `*`, any, without them.
    """
    if host in LOOPBACK:
        return (*LOOPBACK, "[::1]", *allowed)
    return tuple(allowed) or ("*",)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any that is free.

    Raises:
        PermanentError: CONFIGURATION, the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PermanentError(
            f"cannot listen on {host} port {port} ({error.strerror}): give another one with --port",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
