"""Politeness: how often and how many at once a host is asked, and when it wants to be left alone.

What belongs here: pacing of one host within one crawl. What does not: robots.txt (robots.py) and the decision
to try again (retry.py).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from webdata_assets.stages.crawl.clock import Clock


@dataclass
class _Host:
    slots: asyncio.Semaphore
    interval: float
    next_turn: float = 0.0
    not_before: float = 0.0


class Politeness:
    """Spaces requests to each host evenly and bounds those in flight."""

    def __init__(self, *, requests_per_second: float, concurrency: int, clock: Clock) -> None:
        """Take the limits for every host, and the clock that they run on."""
        self._interval = 1.0 / requests_per_second
        self._concurrency = concurrency
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's next turn, and hold one of its places for the length of the block."""
        state = self._state(host)
        async with state.slots:
            await self._wait(state)
            yield

    def delay(self, host: str, seconds: float) -> None:
        """Leave the whole host alone for that long from now; a longer delay stays."""
        state = self._state(host)
        state.not_before = max(state.not_before, self._clock.monotonic() + seconds)
        state.next_turn = max(state.next_turn, state.not_before)

    def slow_down(self, host: str, interval_seconds: float) -> None:
        """Space the host's requests at least that far apart, as Crawl-delay asks."""
        state = self._state(host)
        if interval_seconds > state.interval:
            state.interval = interval_seconds
            state.next_turn = max(state.next_turn, self._clock.monotonic() + interval_seconds)

    async def _wait(self, state: _Host) -> None:
        while True:
            turn = max(self._clock.monotonic(), state.next_turn)
            state.next_turn = turn + state.interval
            while (seconds := turn - self._clock.monotonic()) > 0:
                await self._clock.sleep(seconds)
            # when the host asked for more time meanwhile, queue again, so that waiters do not burst
            if turn >= state.not_before:
                return

    def _state(self, host: str) -> _Host:
        if host not in self._hosts:
            self._hosts[host] = _Host(asyncio.Semaphore(self._concurrency), self._interval)
        return self._hosts[host]
