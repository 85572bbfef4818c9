"""Politeness: how often and how many at once a host is asked, and when it wants to be left alone.

What belongs here: pacing of the hosts of one crawl. What does not: robots.txt (robots.py), the decision to
try again (retry.py), what other processes do (rates.py), and how many at once is well (adaptive.py).
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.politeness.adaptive import AdaptiveConcurrency
from webdata_assets.stages.crawl.politeness.gate import Gate
from webdata_assets.stages.crawl.politeness.rates import SharedRates

_BURST_SECONDS = 0.01
"""Turns closer than that are taken a few at a time: a sleep costs more than a request's pacing may."""


@dataclass(frozen=True)
class HostPace:
    """How one host was asked.

    Attributes:
        requests: turns taken.
        interval_seconds: between two of them at least, as the source or the host wants it.
        concurrency: allowed in flight at the end.
        min_concurrency: the least that was allowed.
        max_concurrency: the most that was allowed.
    """

    requests: int
    interval_seconds: float
    concurrency: int
    min_concurrency: int
    max_concurrency: int


class _Host:
    def __init__(self, interval: float, concurrency: int, clock: Clock) -> None:
        self.interval = interval
        self.next_turn = 0.0
        self.not_before = 0.0
        self.requests = 0
        self.adaptive = AdaptiveConcurrency(concurrency, clock)
        self.gate = Gate(self.adaptive.limit)
        self.min_concurrency = self.max_concurrency = self.adaptive.limit


class Politeness:
    """Spaces requests to each host evenly, and bounds those in flight by what the host takes well."""

    def __init__(
        self,
        *,
        requests_per_second: float,
        concurrency: int,
        clock: Clock,
        rates: SharedRates | None = None,
    ) -> None:
        """Take the limits for every host, the clock that they run on, and the rates that others share."""
        self._interval = 1.0 / requests_per_second
        self._concurrency = concurrency
        self._clock = clock
        self._rates = rates
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's next turn, and hold one of its places for the length of the block.

        Raises:
            RateStoreError: the shared rates cannot be used.
        """
        state = self._state(host)
        await state.gate.enter()
        try:
            if self._rates is None:
                await self._wait(state)
            else:
                await self._rates.wait(host, state.interval)
            state.requests += 1
            yield
        finally:
            state.gate.leave()

    def delay(self, host: str, seconds: float) -> None:
        """Leave the whole host alone for that long from now; a longer delay stays."""
        if self._rates is not None:
            self._rates.delay(host, seconds)
            return
        state = self._state(host)
        state.not_before = max(state.not_before, self._clock.monotonic() + seconds)
        state.next_turn = max(state.next_turn, state.not_before)

    def slow_down(self, host: str, interval_seconds: float) -> None:
        """Space the host's requests at least that far apart, as Crawl-delay asks."""
        state = self._state(host)
        if interval_seconds > state.interval:
            state.interval = interval_seconds
            state.next_turn = max(state.next_turn, self._clock.monotonic() + interval_seconds)

    def observe(self, host: str, elapsed_seconds: float, failed: bool) -> None:
        """Adapt the host's concurrency to an answer that came just now.

        Args:
            host: that was asked.
            elapsed_seconds: from the request to its end, waiting for the turn left out.
            failed: whether it was a timeout, a 5xx or a 429.
        """
        state = self._state(host)
        before = state.adaptive.limit
        state.adaptive.observe(elapsed_seconds, failed)
        limit = state.adaptive.limit
        if limit != before:
            state.gate.resize(limit)
            state.min_concurrency = min(state.min_concurrency, limit)
            state.max_concurrency = max(state.max_concurrency, limit)

    def report(self) -> dict[str, HostPace]:
        """Return how each host was asked, by name."""
        return {
            host: HostPace(
                state.requests,
                state.interval,
                state.adaptive.limit,
                state.min_concurrency,
                state.max_concurrency,
            )
            for host, state in sorted(self._hosts.items())
        }

    async def _wait(self, state: _Host) -> None:
        burst = _BURST_SECONDS if state.interval < _BURST_SECONDS else 0.0
        while True:
            # what a burst's common wake-up was late is made up for
            turn = max(self._clock.monotonic() - 2 * burst, state.next_turn)
            state.next_turn = turn + state.interval
            # those due within one burst wake together
            wake = max(turn, math.ceil(turn / burst) * burst) if burst else turn
            while (seconds := wake - self._clock.monotonic()) > 0:
                await self._clock.sleep(seconds)
            # when the host asked for more time meanwhile, queue again, so that waiters do not burst
            if turn >= state.not_before:
                return

    def _state(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            state = self._hosts[host] = _Host(self._interval, self._concurrency, self._clock)
        return state
