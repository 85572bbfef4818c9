"""What every way in gives and takes: one request, one response, one hop.

What belongs here: the values, the protocol, and the typed errors' meaning. What does not: any client
(http/, browser/, stored/, vendors/), and following redirects, robots, rate and retries (visit.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from webdata_assets.errors import FailureDomain, TransientError


class ProxyFailedError(TransientError):
    """The proxy, not the site, failed: it was not reached, refused us, or could not connect."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.ACCESS)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        url: canonical.
        headers: names in any case.
        timeout_seconds: for the whole of it, body included.
        max_body_bytes: cap on the body after decompression.
        silence_seconds: longest wait for the next byte.
        allow_private: whether loopback and private addresses may be connected to.
        proxy: its URL with credentials, `http`, `https` or `socks5h`; None connects directly. The proxy's own
            address is checked as any other is.
        method: GET for pages; POST for services.
        content: the body that is sent with a POST.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 30.0
    max_body_bytes: int = 20_000_000
    allow_private: bool = False
    proxy: str | None = field(default=None, repr=False)
    method: Literal["GET", "POST"] = "GET"
    content: bytes | None = field(default=None, repr=False)
    silence_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back.

    Attributes:
        url: of this response: the request's own, or where a browser ended up.
        status: HTTP status code.
        headers: names in lower case; values of repeated headers joined by a comma.
        body: decompressed.
        elapsed_ms: from the request to the end of the body.
        observed_at: the moment whose content this is, where it is not now: an archive's.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed_ms: int
    observed_at: dt.datetime | None = None


class Transport(Protocol):
    """A way in. `name` is what rows say in `via`."""

    name: str

    async def fetch(self, request: Request) -> Response:
        """Make one request; an http way follows no redirect.

        Raises:
            TransientError: TARGET, for timeouts, names that do not resolve, and dropped connections;
                ProxyFailedError, where it was the proxy.
            PermanentError: RESOURCE, for a body over the cap; ACCESS, for a refused address; TARGET, for
                what no second try mends, such as a certificate that does not verify.
        """
        ...

    async def close(self) -> None:
        """Release connections and processes. Calling it twice is harmless."""
        ...
