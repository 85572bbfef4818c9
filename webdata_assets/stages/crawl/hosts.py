"""Hosts: the queue of one host's URLs within a level, and whether the host may be asked now.

What belongs here: handing out URLs, those to be tried again at their time, and giving up on a host that is
down for too long. What does not: the rate, and judging whether it is down (politeness/).
"""

import heapq
from collections.abc import Iterator

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.politeness.breaker import Breaker

_LEAST_WAIT_SECONDS = 0.05


class HostQueue:
    """One host's URLs of one level, taken by several workers."""

    def __init__(self, nodes: Iterator[tuple[Node, bool]], health: "HostHealth", clock: Clock) -> None:
        """Take the URLs in their order, and the host's health, which outlives the level."""
        self._fresh = nodes
        self._delayed: list[tuple[float, int, Node]] = []
        self._health = health
        self._clock = clock
        self._put_back = 0

    async def take(self) -> tuple[Node, bool] | None:
        """Return the next URL once the host may be asked; None when there is none, or the host is down.

        The second value says whether the URL was visited already.
        """
        while self._health.paused is None:
            wait = self._health.wait_seconds()
            if wait <= 0 and self._delayed and self._delayed[0][0] <= self._clock.monotonic():
                return heapq.heappop(self._delayed)[2], False
            if wait <= 0:
                fresh = next(self._fresh, None)
                if fresh is not None:
                    return fresh
                if not self._delayed:
                    return None
                wait = self._delayed[0][0] - self._clock.monotonic()
            await self._clock.sleep(max(wait, _LEAST_WAIT_SECONDS))
        return None

    def put_back(self, node: Node, after_seconds: float) -> None:
        """Hand the URL out again, not before that long from now."""
        self._put_back += 1
        heapq.heappush(self._delayed, (self._clock.monotonic() + after_seconds, self._put_back, node))

    def hold(self, seconds: float, reason: str) -> None:
        """Leave the host alone for a while, for a reason that is not its answers, such as its robots.txt."""
        self._health.hold(seconds, reason)

    def answered(self) -> None:
        """Note that the host could be asked."""
        self._health.answered()

    def pause(self, reason: str) -> None:
        """Give the host up for this run."""
        self._health.pause(reason)


class HostHealth:
    """Whether a host may be asked, over all levels of a crawl. `paused` says why it is given up."""

    def __init__(self, host: str, breaker: Breaker, clock: Clock, *, max_wait_seconds: float) -> None:
        """Take the host's breaker, and for how long a host that is down is waited for."""
        self.paused: str | None = None
        self.breaker = breaker
        self._host = host
        self._clock = clock
        self._max_wait_seconds = max_wait_seconds
        self._held_since: float | None = None
        self._held_until = 0.0
        self._held_for = ""

    def wait_seconds(self) -> float:
        """Return how long to leave the host alone from now; give it up once it was down for too long."""
        now = self._clock.monotonic()
        open_for = self.breaker.open_for()
        if open_for > 0 and open_for >= self._max_wait_seconds:
            self.paused = f"{self._host} is down: its breaker has been open for {open_for:.0f} s"
        elif self._held_since is not None and now - self._held_since >= self._max_wait_seconds:
            self.paused = f"{self._host} cannot be asked: {self._held_for}"
        return max(self.breaker.seconds_to_probe(), self._held_until - now)

    def hold(self, seconds: float, reason: str) -> None:
        """Leave the host alone for a while, for a reason that is not its answers, such as its robots.txt."""
        now = self._clock.monotonic()
        if self._held_since is None:
            self._held_since = now
        self._held_until = max(self._held_until, now + seconds)
        self._held_for = reason

    def answered(self) -> None:
        """Note that the host could be asked again."""
        self._held_since = None

    def pause(self, reason: str) -> None:
        """Give the host up for this run."""
        if self.paused is None:
            self.paused = reason


class HostClosedError(TransientError):
    """A request that was not made, because its host's breaker is open."""

    def __init__(self, host: str, seconds_to_probe: float) -> None:
        super().__init__(
            f"{host} is down and left alone for now",
            failure_domain=FailureDomain.TARGET,
            retry_after_seconds=max(seconds_to_probe, _LEAST_WAIT_SECONDS),
        )
        self.host = host
