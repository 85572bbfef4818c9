"""What an engine is: one function over many inputs, answers in the order of the inputs.

What belongs here: the protocol, and the loop that all engines share. What does not: where a function runs
(threads.py, dask.py).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")
Result_co = TypeVar("Result_co", covariant=True)

LOCAL = "local"
"""The engine of a deployment on one machine, as the settings name it."""


class Future(Protocol[Result_co]):
    """What is known of an input that was handed out."""

    def result(self) -> Result_co:
        """Wait for the answer."""

    def cancel(self) -> object:
        """Give it up, if it was not begun."""


class Engine(Protocol):
    """Where heavy maps run."""

    def map(
        self, function: Callable[[Input], Output], inputs: Iterable[Input]
    ) -> Iterator[tuple[Input, Output]]:
        """Yield each input with the function's answer, in the order of the inputs.

        Inputs are taken as they are needed, so that memory is bounded however many there are. When the
        iterator is closed, what was not begun is given up.

        Raises:
            Exception: what the function raised for the earliest input for which it raised anything.
            TransientError: RESOURCE, when the machines that worked on it are gone.
        """

    def close(self) -> None:
        """Give back what the engine holds. Only when nobody waits for an answer."""


def in_order(
    start: Callable[[Input], Future[Output]], inputs: Iterable[Input], most: Callable[[], int]
) -> Iterator[tuple[Input, Output]]:
    """Yield inputs with their answers, in order, never more than `most()` and one of them handed out.

    Args:
        start: hands an input out.
        inputs: taken as they are needed.
        most: asked before each further one, since machines come and go.
    """
    running: deque[tuple[Input, Future[Output]]] = deque()
    try:
        for given in inputs:
            running.append((given, start(given)))
            while len(running) > most():
                yield _first(running)
        while running:
            yield _first(running)
    finally:
        for _, future in running:
            future.cancel()


def _first(running: deque[tuple[Input, Future[Output]]]) -> tuple[Input, Output]:
    given, future = running[0]
    answer = future.result()
    running.popleft()
    return given, answer
