"""Shared breakers: a host that one process found down is left alone by all, and probed by one at a time.

What belongs here: keeping a crawl's breakers in step with what a store says. What does not: when a breaker
opens and closes (breaker.py), and the store itself (rate_store.py).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.politeness.breaker import Admission, Breaker
from webdata_assets.stages.crawl.politeness.rate_store import RateStore

_Answer = TypeVar("_Answer")

_LOOK_SECONDS = 1.0
"""Between two looks at a host that is well, at least: within that time a process learns that it is down."""
_PROBED_SECONDS = 1.0
"""After which a host is looked at again that another process is probing."""


class SharedBreakers:
    """What processes tell each other of hosts that are down. One for each crawl."""

    def __init__(self, store: RateStore, clock: Clock) -> None:
        """Take a store of its own, which is closed with this, and the clock of the crawl's breakers."""
        self._store = store
        self._clock = clock
        # one thread: the store may block, and its calls keep their order
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="shared-breakers")
        self._next_look: dict[str, float] = {}
        self._notes: list[Future[None]] = []

    async def admit(self, host: str, breaker: Breaker, lease_seconds: float) -> Admission:
        """Decide on one request, as `Breaker.admit` does, and by what other processes found.

        Args:
            host: that is asked.
            breaker: this crawl's own of the host; it follows what others say.
            lease_seconds: for which nobody else probes, should this turn out as a probe; after that its
                process counts as dead.

        Raises:
            RateStoreError: the store cannot be used.
        """
        now = self._clock.monotonic()
        if breaker.state == "half_open" or breaker.seconds_to_probe() > 0:
            return Admission.WAIT
        if breaker.state == "closed" and now < self._next_look.get(host, now):
            return breaker.admit()
        self._next_look[host] = now + _LOOK_SECONDS
        seconds = await self._ask(lambda: self._store.seconds_to_probe(host))
        if seconds is None:
            breaker.close()
            return breaker.admit()
        if seconds == 0 and await self._ask(lambda: self._store.claim_probe(host, lease_seconds)):
            breaker.leave_alone(0)
            return breaker.admit()
        breaker.leave_alone(seconds or _PROBED_SECONDS)
        return Admission.WAIT

    def tell(self, host: str, breaker: Breaker) -> None:
        """Tell the others of a breaker that a result of this process has just opened or closed."""
        if breaker.state == "open":
            seconds = breaker.seconds_to_probe()
            self._note(lambda: self._store.open_breaker(host, seconds))
        elif breaker.state == "closed":
            self._note(lambda: self._store.close_breaker(host))

    async def close(self) -> None:
        """Finish what is being written and let go of the store. Raises RateStoreError."""
        try:
            for note in self._notes:
                await asyncio.wrap_future(note)
        finally:
            await asyncio.to_thread(self._worker.shutdown)
            self._store.close()

    def _note(self, action: Callable[[], None]) -> None:
        self._notes = [note for note in self._notes if not note.done() or note.exception()]
        self._notes.append(self._worker.submit(action))

    async def _ask(self, action: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._worker, action)
