"""Processes that deliver, for tests of sinks: they race, and they are killed.

What belongs here: starting, awaiting and killing them. What does not: what sinks promise (sink_contract.py).
"""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from typing import Any

from webdata_assets.stages.deliver.sink import OvertakenError, Shape, Sink
from webdata_assets_tests.deliver.sink_rows import deliver, numbered

Make = Callable[[str, Shape], Sink]


class Worker:
    """A process that delivers; it tells through a pipe when it begins and how it ended."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        context = _processes()
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def ready(self) -> bool:
        """Wait until it begins to deliver."""
        return bool(self._ours.poll(60)) and self._ours.recv() == "ready"

    def wait(self) -> str | None:
        """Wait until it ended; return the name of the error it met, if any."""
        assert self._ours.poll(120), "the delivery does not end"
        told = self._ours.recv()
        self._process.join(60)
        return None if told == "done" else str(told)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.join(60)
        self._ours.close()


def _processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    # what takes long to import, and starts no threads that a fork would lose
    context.set_forkserver_preload(["polars", "pyarrow", "deltalake", "obstore", "hypothesis"])
    return context


def deliver_at(
    pipe: Any, make: Make, address: str, shape: Shape, count: int, sequence: int, at: float
) -> None:
    """Deliver one state at a moment, and tell how it ended."""
    rows, sink = numbered(count, shape=shape), make(address, shape)
    time.sleep(max(0.0, at - time.time()))
    try:
        deliver(sink, rows, sequence)
        pipe.send("done")
    except OvertakenError:
        pipe.send("OvertakenError")
    except BaseException as error:
        pipe.send(f"{type(error).__name__}: {error}")
        raise


def deliver_for_ever(pipe: Any, make: Make, address: str, shape: Shape, rows: int, after: int) -> None:
    """Deliver two states by turns, until killed."""
    states = [numbered(rows // 2, shape=shape), numbered(rows, shape=shape)]
    pipe.send("ready")
    for number in range(100):
        deliver(make(address, shape), states[number % 2], after + number)
