"""Time as the crawl's pacing sees it, so that tests need not wait.

What belongs here: a monotonic clock with its sleep. What does not: dates of rows (the caller's `now`).
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A clock that never goes back, and the sleep that goes with it."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long without blocking the event loop."""
        await asyncio.sleep(seconds)
