"""What every way in gives and takes: one request, one response, one hop.

What belongs here: the values, the protocol, and the typed errors' meaning. What does not: any client
(http.py, browser.py), and following redirects, robots, rate and retries (visit.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Request:
    """One GET.

    Attributes:
        url: canonical.
        headers: names in any case.
        timeout_seconds: for the whole of it, body included.
        max_body_bytes: cap on the body after decompression.
        allow_private: whether loopback and private addresses may be connected to.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 30.0
    max_body_bytes: int = 20_000_000
    allow_private: bool = False


@dataclass(frozen=True)
class Response:
    """What came back.

    Attributes:
        url: of this response: the request's own, or where a browser ended up.
        status: HTTP status code.
        headers: names in lower case; values of repeated headers joined by a comma.
        body: decompressed.
        elapsed_ms: from the request to the end of the body.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed_ms: int


class Transport(Protocol):
    """A way in. `name` is what rows say in `via`."""

    name: str

    async def fetch(self, request: Request) -> Response:
        """Make one request; an http way follows no redirect.

        Raises:
            TransientError: TARGET, for timeouts, names that do not resolve, and dropped connections.
            PermanentError: RESOURCE, for a body over the cap; ACCESS, for a refused address; TARGET, for
                what no second try mends, such as a certificate that does not verify.
        """
        ...

    async def close(self) -> None:
        """Release connections and processes. Calling it twice is harmless."""
        ...
