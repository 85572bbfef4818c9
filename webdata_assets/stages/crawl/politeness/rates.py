"""Shared rates: the limit of each host over all processes of one deployment.

What belongs here: taking turns by slots that a store hands out. What does not: the store itself
(rate_store.py), and what the limit is (pacing.py).
"""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.politeness.rate_store import MAX_AHEAD_SECONDS, RateStore
from webdata_assets.stages.crawl.politeness.rate_store_sqlite import SqliteRateStore

_MARGIN_SECONDS = 0.1
"""By which a second's slots are stretched: what requests may jitter on their way and still keep the limit."""
_LATENESS_SECONDS = 0.03
"""A slot that is later than that is not used, because its request would join those of later slots."""
_BATCH_SECONDS = 0.1
"""Of slots that are reserved at once, at most; a killed process loses no more."""
_LEAST_SLEEP_SECONDS = 0.01
"""Slots closer than that are taken a few at a time: a sleep costs more than a request's share of a batch."""
_RECHECK_SECONDS = 1.0
"""After a longer wait, the store is asked whether the host wants to be left alone since."""


@dataclass
class _Slots:
    """One host's slots that this process holds, on its monotonic clock."""

    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: float = 0.0
    spacing: float = 0.0
    left: int = 0
    reserved: int = 0
    used: int = 0
    not_before: float = 0.0


class SharedRates:
    """Waits for each host's next slot. One for each crawl; all that share a store keep its limits together.

    Slots are reserved in batches, as large as the last ones were used up, so that a high rate costs little.
    """

    def __init__(self, store: Path | RateStore, clock: Clock | None = None) -> None:
        """Take the SQLite file, which is made if it is missing, or another store. Raises RateStoreError.

        Args:
            store: shared by all processes that are to keep the limits together.
            clock: for waiting; the machine's if None.
        """
        self._store = SqliteRateStore(store) if isinstance(store, Path) else store
        self._clock = clock or SystemClock()
        # one thread: the store may block, and its calls keep their order
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="shared-rates")
        self._hosts: dict[str, _Slots] = {}
        self._delays: list[Future[None]] = []

    async def wait(self, host: str, interval_seconds: float) -> None:
        """Wait for a slot of the host that keeps this interval from its neighbours on either side.

        Raises:
            RateStoreError: the store cannot be used.
        """
        spacing = interval_seconds + min(interval_seconds, 1.0) * _MARGIN_SECONDS
        slots = self._hosts.setdefault(host, _Slots())
        is_at_hand = slots.left > 0 and slots.spacing == spacing and not slots.turns.locked()
        is_due = is_at_hand and max(slots.next, slots.not_before) <= self._clock.monotonic()
        if is_due and self._take(slots, _LATENESS_SECONDS):
            return
        async with slots.turns:
            lateness = _LATENESS_SECONDS / 2
            while True:
                if slots.left == 0 or slots.spacing != spacing:
                    await self._reserve(host, slots, spacing)
                    # an event loop that is late every time still gets its turn
                    lateness *= 2
                if await self._reach(host, slots) and self._take(slots, max(lateness, _LATENESS_SECONDS)):
                    return

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long, a day at most, in all processes; a longer delay stays."""
        seconds = min(seconds, MAX_AHEAD_SECONDS)
        slots = self._hosts.setdefault(host, _Slots())
        slots.not_before = max(slots.not_before, self._clock.monotonic() + seconds)
        self._delays = [delay for delay in self._delays if not delay.done() or delay.exception()]
        self._delays.append(self._worker.submit(self._store.delay, host, seconds))

    async def close(self) -> None:
        """Finish what is being written and let go of the store. Raises RateStoreError."""
        try:
            for delay in self._delays:
                await asyncio.wrap_future(delay)
        finally:
            await asyncio.to_thread(self._worker.shutdown)
            self._store.close()

    async def _reserve(self, host: str, slots: _Slots, spacing: float) -> None:
        while (held := slots.not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(held)
        wanted = 2 * slots.reserved if slots.used == slots.reserved else slots.used
        count = max(1, min(wanted, int(_BATCH_SECONDS / spacing)))

        def reserve() -> float:
            first = self._store.reserve(host, spacing, count)
            return self._clock.monotonic() + first

        slots.next = await asyncio.get_running_loop().run_in_executor(self._worker, reserve)
        slots.spacing = spacing
        slots.left = slots.reserved = count
        slots.used = 0

    async def _reach(self, host: str, slots: _Slots) -> bool:
        """Wait for the next slot; return whether the slots still hold then."""
        wait = slots.next - self._clock.monotonic()
        if wait > 0:
            await self._clock.sleep(max(wait, _LEAST_SLEEP_SECONDS))
        delay_left = slots.not_before - self._clock.monotonic()
        if wait > _RECHECK_SECONDS and delay_left <= 0:
            loop = asyncio.get_running_loop()
            delay_left = await loop.run_in_executor(self._worker, self._store.delay_left, host)
        if delay_left > 0:
            slots.left = 0
        return delay_left <= 0

    def _take(self, slots: _Slots, lateness: float) -> bool:
        """Take the next slot; return whether it may be used."""
        due = slots.next
        slots.next += slots.spacing
        slots.left -= 1
        if self._clock.monotonic() > due + lateness:
            return False
        slots.used += 1
        return True
