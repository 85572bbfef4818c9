"""Circuit breaker: whether a host fails so often that it is left alone, and when it is tried again.

What belongs here: the judgement of one host's successes and failures. What does not: what counts as a failure
(requester.py), and how long a crawl waits for a host (hosts.py).
"""

from collections import deque
from enum import Enum, auto
from typing import Literal

from webdata_assets.sources.policies import BreakerPolicy
from webdata_assets.stages.crawl.clock import Clock

_BUCKETS = 120
"""Parts of the window; requests leave it by the part, so memory does not grow with their number."""
_PROBE_POLL_SECONDS = 1.0


class Admission(Enum):
    """Whether a request may be made."""

    PASS = auto()
    PROBE = auto()
    """It may, and its result decides whether the breaker closes."""
    WAIT = auto()


class Breaker:
    """Opens above a share of failures in a window of time, and closes after a probe that succeeded.

    Attributes:
        state: closed lets everything pass, open nothing, half-open has one probe under way.
        era: changes with the state, so that a result is told from those of requests admitted before.
    """

    def __init__(self, policy: BreakerPolicy, clock: Clock) -> None:
        """Take the thresholds, and the clock that the window runs on."""
        self.state: Literal["closed", "open", "half_open"] = "closed"
        self.era = 0
        self._policy = policy
        self._clock = clock
        self._first_opened_at = 0.0
        self._probe_at = 0.0
        self._clear()

    def admit(self) -> Admission:
        """Decide on one request. After WAIT it is not made; after the others its result is recorded."""
        if self.state == "closed":
            return Admission.PASS
        if self.state == "half_open" or self.seconds_to_probe() > 0:
            return Admission.WAIT
        self._enter("half_open")
        return Admission.PROBE

    def record(self, success: bool, era: int | None = None) -> None:
        """Note a result.

        Args:
            success: whether the host answered as a healthy one does.
            era: as it was right after the request was admitted; a result of an earlier one says nothing.
                None takes it for one of the present era.
        """
        if self.state == "open" or era not in (None, self.era):
            return
        now = self._clock.monotonic()
        if self.state == "half_open":
            if success:
                self._clear()
                self._enter("closed")
            else:
                self._open(now)
            return
        self._count(now, success)
        is_enough = self._total >= self._policy.min_requests
        if is_enough and self._failed / self._total > self._policy.failure_share:
            self._first_opened_at = now
            self._open(now)

    def leave_alone(self, seconds: float) -> None:
        """Open, because others found the host down; a probe is due after that long.

        A probe of its own that is under way decides by itself.
        """
        if self.state == "half_open":
            return
        now = self._clock.monotonic()
        if self.state == "closed":
            self._first_opened_at = now
            self._enter("open")
        self._probe_at = now + seconds

    def close(self) -> None:
        """Close, because others found the host well; what was counted is forgotten."""
        if self.state == "open":
            self._clear()
            self._enter("closed")

    def seconds_to_probe(self) -> float:
        """Return the seconds until it is worth asking again: 0 when closed or when a probe is due."""
        if self.state == "closed":
            return 0.0
        if self.state == "half_open":
            return min(_PROBE_POLL_SECONDS, self._policy.probe_seconds)
        return max(0.0, self._probe_at - self._clock.monotonic())

    def open_for(self) -> float:
        """Return the seconds since it opened, failed probes included; 0 when closed."""
        return 0.0 if self.state == "closed" else self._clock.monotonic() - self._first_opened_at

    def _count(self, now: float, success: bool) -> None:
        bucket = int(now * _BUCKETS / self._policy.window_seconds)
        while self._buckets and self._buckets[0][0] <= bucket - _BUCKETS:
            _, total, failed = self._buckets.popleft()
            self._total -= total
            self._failed -= failed
        if not self._buckets or self._buckets[-1][0] != bucket:
            self._buckets.append([bucket, 0, 0])
        self._buckets[-1][1] += 1
        self._buckets[-1][2] += not success
        self._total += 1
        self._failed += not success

    def _open(self, now: float) -> None:
        self._probe_at = now + self._policy.probe_seconds
        self._enter("open")

    def _enter(self, state: Literal["closed", "open", "half_open"]) -> None:
        self.state = state
        self.era += 1

    def _clear(self) -> None:
        self._buckets: deque[list[int]] = deque()
        self._total = self._failed = 0
