"""A worker process as its parent sees it: started, asked, watched, killed.

What belongs here: one worker. What does not: which page goes to which worker (pool.py).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.engine.errors import unpack_error
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.workers.channel import Channel, MessageTooLargeError
from webdata_assets.stages.extract.workers.limits import Limits, resident_bytes
from webdata_assets.stages.extract.workers.tasks import Task
from webdata_assets.stages.extract.workers.wire import Json, pack_payload

_PROGRAM = "webdata_assets.stages.extract.workers.program"
_START_SECONDS = 120.0
"""For imports, on a machine that has much else to do."""
_WATCH_SECONDS = 0.01
"""Some parsers take a megabyte in each millisecond; a look costs some 10 microseconds."""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
"""What a worker knows of its parent's environment: it reads hostile pages, and needs no secret for it."""


class PageLostError(Exception):
    """The worker ended, or was ended, at a page. The message says why.

    Attributes:
        is_certain: whether the page is to blame whatever the worker had done before.
    """

    def __init__(self, reason: str, *, is_certain: bool) -> None:
        super().__init__(reason)
        self.is_certain = is_certain


class Worker:
    """One worker process, with one task at a time. Not for several threads at once."""

    def __init__(self, limits: Limits) -> None:
        """Start the process; it is ready when it has answered `prepare`."""
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [theirs.fileno(), limits.page_seconds, limits.memory_mb]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", _PROGRAM, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
            )
        self._channel = Channel(ours)
        self._limits = limits
        self.task: Task | None = None
        self.pages = 0

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def prepare(self, task: Task) -> None:
        """Give the worker a task for the pages that follow.

        Raises:
            TransientError: RESOURCE, when it does not start.
            Exception: what the preparation raised.
        """
        try:
            head = {"task": task.name, "settings": task.settings}
            self._channel.send(head, seconds=_START_SECONDS)
            answer = self._channel.receive(seconds=_START_SECONDS)
        except (TimeoutError, ConnectionError):
            answer = None
        if answer is None:
            self.kill()
            raise TransientError(
                f"a worker process did not start: {self._end()}", failure_domain=FailureDomain.RESOURCE
            )
        if "error" in answer[0]:
            raise unpack_error(answer[0]["error"])
        self.task = task

    def ask(self, payload: Payload) -> Any:
        """Return what the task gives for a page.

        Raises:
            PageLostError: a limit was reached, or the process died; the worker is not to be used any more.
            Exception: a bug or a typed error of the task, which any worker would raise.
        """
        deadline = time.monotonic() + self._limits.page_seconds
        try:
            self._channel.send(*pack_payload(payload), seconds=self._limits.page_seconds)
            self._watch(deadline)
            answer = self._channel.receive(
                seconds=max(_WATCH_SECONDS, deadline - time.monotonic()),
                most_bytes=self._limits.memory_bytes,
            )
        except TimeoutError:
            self._lose_by_time()
        except MessageTooLargeError:
            self._lose_by_memory()
        except ConnectionError:
            answer = None
        if answer is None:
            self._lose_by_death()
        self.pages += 1
        return self._result(answer[0])

    def end(self) -> None:
        """End the process at once. Whoever waits for its answer sees it die."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """End the process at once, and wait for its end."""
        self.end()
        self._channel.close()
        self._process.wait()

    def is_bloated(self) -> bool:
        """Whether so much memory is left over from past pages that the next one had too little of its own."""
        return resident_bytes(self.pid) > self._limits.memory_bytes // 2

    def _watch(self, deadline: float) -> None:
        """Wait for an answer or an end; the worker is killed when its page takes too long or too much."""
        while not self._channel.wait(_WATCH_SECONDS):
            if time.monotonic() >= deadline:
                self._lose_by_time()
            if resident_bytes(self.pid) > self._limits.memory_bytes:
                self._lose_by_memory()

    def _result(self, answer: Json) -> Any:
        if "error" in answer:
            raise unpack_error(answer["error"])
        if answer.get("too_much") == "memory":
            self._lose_by_memory()
        if answer.get("too_much") == "depth":
            raise PageLostError("parser stopped: the page is nested too deeply", is_certain=True)
        return answer["result"]

    def _lose_by_time(self) -> NoReturn:
        self.kill()
        raise PageLostError(f"parser killed after {self._limits.page_seconds:g} s", is_certain=True)

    def _lose_by_memory(self) -> NoReturn:
        self.kill()
        raise PageLostError(f"parser killed at {self._limits.memory_mb} MiB", is_certain=self.pages == 0)

    def _lose_by_death(self) -> NoReturn:
        self.kill()
        raise PageLostError(f"parser died: {self._end()}", is_certain=False)

    def _end(self) -> str:
        status = self._process.returncode
        if status is not None and status < 0:
            return signal.Signals(-status).name
        return f"exit status {status}"


def _environment() -> dict[str, str]:
    """Return the worker's environment: the parent's imports, nothing that could make results differ."""
    passed = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    # the pool has as many processes as are wanted: threads within them would only be in each other's way
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    return {**passed, **threads, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "TZ": "UTC"}
