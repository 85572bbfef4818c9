"""How far the embedding of some records has come, told every few seconds.

What belongs here: counting and telling. What does not: who listens (assets/, cli/).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

TELL_SECONDS = 3.0
"""Between two reports of progress, at least."""


@dataclass(frozen=True)
class Progress:
    """How far the embedding of some records has come.

    Attributes:
        chunks: of all records.
        reused: of them, those whose vector was in the cache.
        wanted: distinct texts that the encoder has to read.
        encoded: of them, those that it has read.
        tokens: in those that it has read.
        seconds: since the first of them.
    """

    chunks: int = 0
    reused: int = 0
    wanted: int = 0
    encoded: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Texts encoded a second; 0 before the first."""
        return self.encoded / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        return f"{self.encoded:,} of {self.wanted:,} new texts encoded, {self.per_second:,.0f} a second"


Tell = Callable[[Progress], None]


class Reporter:
    """Counts what was encoded, and tells it every few seconds."""

    def __init__(self, start: Progress, tell: Tell | None) -> None:
        self._progress = start
        self._tell = tell
        self._started = self._told = time.monotonic()
        self._report()

    def advance(self, encoded: int, tokens: int) -> None:
        """Count a finished batch."""
        self._progress = replace(
            self._progress,
            encoded=self._progress.encoded + encoded,
            tokens=self._progress.tokens + tokens,
            seconds=time.monotonic() - self._started,
        )
        if self._progress.encoded == self._progress.wanted or self._is_due():
            self._report()

    def peek(self, done: int, _of: int) -> None:
        """Tell how far the batch at work is."""
        if self._is_due():
            now = time.monotonic() - self._started
            self._report(replace(self._progress, encoded=self._progress.encoded + done, seconds=now))

    def _is_due(self) -> bool:
        return time.monotonic() - self._told >= TELL_SECONDS

    def _report(self, progress: Progress | None = None) -> None:
        self._told = time.monotonic()
        if self._tell is not None:
            self._tell(progress or self._progress)
