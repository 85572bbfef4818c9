"""The store of shared rates: when each host may be asked next, and which are left alone, by all processes.

What belongs here: what a store is, and its error. What does not: the stores themselves
(rate_store_sqlite.py, rate_store_postgres.py, rate_store_redis.py), which of them an address names
(shared.py), and waiting (rates.py).
"""

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError

MAX_AHEAD_SECONDS = 24 * 3600.0
"""No slot and no delay lies further ahead, whatever a file or a clock says."""
PATIENCE_SECONDS = 60.0
"""A server that does not answer is asked again for that long: it may be in the middle of a restart."""


class RateStoreError(PermanentError):
    """The store cannot be read or written; the message names the place, without secrets, and the remedy."""

    def __init__(self, place: Path | str, reason: object, remedy: str) -> None:
        super().__init__(
            f"the shared rate limits in {place} cannot be used ({reason}); {remedy}",
            failure_domain=FailureDomain.CONFIGURATION,
        )


class RateStore(Protocol):
    """Where processes agree on each host: its next slot, and whether its breaker is open.

    Calls may block; times are seconds from now. Every call is one atomic step of the store.
    """

    def reserve(self, host: str, spacing: float, count: int) -> float:
        """Reserve slots that far apart, after all that are reserved; return when the first is due."""
        ...

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long; a longer delay stays."""
        ...

    def delay_left(self, host: str) -> float:
        """Return how long the host is to be left alone still."""
        ...

    def open_breaker(self, host: str, seconds_to_probe: float) -> None:
        """Note that the host is down, and that nobody asks it for that long from now."""
        ...

    def close_breaker(self, host: str) -> None:
        """Note that the host has answered a probe."""
        ...

    def seconds_to_probe(self, host: str) -> float | None:
        """Return how long nobody asks a host that is down, 0 once a probe is due; None if it is not."""
        ...

    def claim_probe(self, host: str, lease_seconds: float) -> bool:
        """Take the probe that is due, which holds back others for that long; return whether it was had."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


def label_of(address: str) -> str:
    """Return an address for people: scheme, host, port and path, without user, password and options.

    Only the scheme where a password holds what should be escaped, such as a slash: the rest may be of it.
    """
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return address.partition("://")[0]
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return parts.scheme
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
