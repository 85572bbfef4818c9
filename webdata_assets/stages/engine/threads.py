"""The engine of one machine: threads of this process.

What belongs here: threads. What does not: processes; what a thread does starts its own, where it needs them.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from webdata_assets.stages.engine.engine import Input, Output, in_order

_INPUTS_PER_THREAD = 2
"""In flight, so that no thread waits while the consumer is busy."""


class ThreadEngine:
    """Threads, for functions that wait for a process or that leave Python's lock."""

    def __init__(self, threads: int) -> None:
        """Take the most inputs to be worked on at once; nothing is started."""
        self._most = threads * _INPUTS_PER_THREAD
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="engine")

    def map(
        self, function: Callable[[Input], Output], inputs: Iterable[Input]
    ) -> Iterator[tuple[Input, Output]]:
        """Yield each input with the function's answer, in the order of the inputs."""
        return in_order(lambda given: self._threads.submit(function, given), inputs, lambda: self._most)

    def close(self) -> None:
        """Wait for what was begun, and give up the rest."""
        self._threads.shutdown(wait=True, cancel_futures=True)
