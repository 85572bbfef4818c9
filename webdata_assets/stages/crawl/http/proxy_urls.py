"""A proxy's URL, read strictly.

What belongs here: its parts, and its credentials kept out of sight. What does not: pools (proxies.py).
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from webdata_assets.errors import FailureDomain, PermanentError

_PROXY = re.compile(
    r"(?P<scheme>https?|socks5h)://(?:(?P<user>[^\s:@/]*)(?::(?P<password>[^\s:@/]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})/?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's URL, read. `username` and `password` are decoded, None without credentials."""

    scheme: str
    host: str
    port: int
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def label(self) -> str:
        """The URL without credentials, for people."""
        return f"{self.scheme}://{self.address}"

    def forwards(self, scheme: str) -> bool:
        """Return whether it takes part in a request for such a URL, rather than in its connection alone."""
        return scheme == "http" and self.scheme != "socks5h"


def read_proxy(proxy: str) -> Proxy:
    """Return a proxy's URL in parts.

    Raises:
        PermanentError: CONFIGURATION, when it cannot be read; the message does not repeat it.
    """
    match = _PROXY.fullmatch(proxy)
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise PermanentError(
            "a proxy cannot be read; write http://user:password@host:port, https:// or socks5h://, with "
            "special characters of user and password percent-encoded",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    user, password = match["user"], match["password"]
    return Proxy(
        match["scheme"],
        match["host"].strip("[]"),
        int(match["port"]),
        None if user is None else unquote(user),
        None if user is None else unquote(password or ""),
    )
