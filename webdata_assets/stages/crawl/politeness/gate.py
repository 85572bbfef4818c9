"""A gate: a fair semaphore whose size may change while it is in use.

What belongs here: letting tasks in and out. What does not: what the size should be (adaptive.py).
"""

import asyncio
from collections import deque


class Gate:
    """Lets at most `size` tasks in at a time, in the order in which they came."""

    def __init__(self, size: int) -> None:
        """Take the places at first, at least 1."""
        self._size = size
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a place and take it. Cancelled, it holds none."""
        # those that wait come first; there are none while a place is free
        if self._inside < self._size:
            self._inside += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                # the place was handed over in the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self._inside -= 1
        self._admit()

    def resize(self, size: int) -> None:
        """Change the places. Those inside stay, even if they are too many for a while."""
        self._size = size
        self._admit()

    def _admit(self) -> None:
        while self._inside < self._size and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                # taken on behalf of the waiter, so that nobody overtakes it before it runs
                self._inside += 1
                place.set_result(None)
