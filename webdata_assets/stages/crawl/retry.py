"""Retries: which answers are worth another try, and how long to wait before it.

What belongs here: the judgement of a status, backoff, and reading Retry-After. What does not: waiting
(politeness/pacing.py) and trying (visit.py).
"""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

GONE = frozenset({404, 410})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429})
_ACCESS = frozenset({401, 402, 403, 407, 451})


@dataclass
class Backoff:
    """Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).

    Attributes:
        base_seconds: upper end of the first wait; it doubles with each try.
        cap_seconds: upper end of every wait.
        jitter: the random numbers; seeded, the waits are the same every time.
    """

    base_seconds: float = 0.5
    cap_seconds: float = 30.0
    jitter: random.Random = field(default_factory=random.Random)

    def seconds(self, attempt: int) -> float:
        """Return how long to wait after the given failed attempt, counted from 1."""
        # the exponent is bounded because 2.0 ** 1024 overflows
        return self.jitter.uniform(0, min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 63)))


def check_status(status: int, headers: Mapping[str, str], now: dt.datetime) -> None:
    """Raise what an answer means that is neither content, a redirect, 304 nor gone.

    Raises:
        TransientError: TARGET, for 408, 425, 429 and 5xx, with the seconds that Retry-After asks for.
        PermanentError: ACCESS, for 401, 402, 403, 407 and 451; TARGET, for every other refusal.
    """
    if 200 <= status < 300:
        return
    reason = describe_status(status)
    if status in _TRANSIENT or 500 <= status < 600:
        raise TransientError(
            reason,
            failure_domain=FailureDomain.TARGET,
            retry_after_seconds=parse_retry_after(headers.get("retry-after"), now),
        )
    domain = FailureDomain.ACCESS if status in _ACCESS else FailureDomain.TARGET
    raise PermanentError(reason, failure_domain=domain)


def parse_retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None if it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        # a hostile number of digits overflows to infinity, which the caller's cap takes care of
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())


def describe_status(status: int) -> str:
    """Return the status as a person says it, such as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"
