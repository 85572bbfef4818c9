"""How far a long piece of work is, told every few seconds.

What belongs here: pages per second, pages left. What does not: where a line goes.
"""

import time
from collections.abc import Callable

_FIRST_SECONDS = 2.0
_EVERY_SECONDS = 5.0


class Progress:
    """Count pages, and tell of them: nothing in the first two seconds, then a line every five."""

    def __init__(
        self, tell: Callable[[str], None], total: int | None, *, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        """Start the clock; `total` is the number of pages, where it is known."""
        self._tell = tell
        self._total = total
        self._every = every_seconds
        self._begun = time.monotonic()
        self._next = self._begun + min(_FIRST_SECONDS, every_seconds)
        self.done = 0

    def add(self, pages: int) -> None:
        """Count pages that are done."""
        self.done += pages
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every
        rate = self.done / (now - self._begun)
        left = f", {self._total - self.done} left" if self._total is not None else ""
        self._tell(f"{self.done} pages extracted, {rate:.0f} pages/s{left}")
