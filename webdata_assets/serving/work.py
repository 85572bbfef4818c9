"""Work off the event loop: a bounded number of threads, and a bounded queue before them.

What belongs here: how much is taken on at once. What does not: the work.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

WAITING_PER_THREAD = 32
"""A search takes some hundredths of a second: the last in the queue waits about as long as people do."""


class OverloadedError(Exception):
    """As much is being worked on and waiting as may be; ask again a little later."""


class Workers:
    """Threads that answer requests. Used from one event loop."""

    def __init__(self, threads: int, waiting: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        waiting = threads * WAITING_PER_THREAD if waiting is None else waiting
        self._room = threading.Semaphore(threads + waiting)

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what the work returns, or raise what it raises.

        Raises:
            OverloadedError: the queue is full.
        """
        if not self._room.acquire(blocking=False):
            raise OverloadedError
        future = self._pool.submit(work, *args, **kwargs)
        # a caller that goes away leaves its work behind: there is room again when that is done
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let what is begun come to its end, and give up what waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)
