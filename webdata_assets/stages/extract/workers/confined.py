"""The worker processes of one machine: which one reads a page, and what becomes of pages that are lost.

What belongs here: lending, ending and replacing processes. What does not: one process (process.py), and the
order of pages (pool.py).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.process import PageLostError, Worker
from webdata_assets.stages.extract.workers.tasks import Task

_MOST_OF_OTHERS = 7
"""Processes that wait for more pages of other owners than the newest; those that waited longest end first."""


@dataclass(frozen=True)
class Lost:
    """A page whose worker was killed or died."""

    reason: str


class ConfinedWorkers:
    """Processes within limits: as many as threads ask at once, kept for the next ones of the same owner."""

    def __init__(self, limits: Limits) -> None:
        """Take what a page may cost; nothing is started."""
        self._limits = limits
        self._idle: deque[Worker] = deque()
        self._all: set[Worker] = set()
        self._lock = Lock()
        self._is_ended = False

    @property
    def pids(self) -> list[int]:
        """The ids of the running processes."""
        return [worker.pid for worker in self._all]

    def answers(self, task: Task, pages: Sequence[Payload]) -> list[Any]:
        """Return the task's answer for each page, or Lost; one worker, or one after the other, reads them.

        A page whose worker died is tried once more in a fresh one, as is one whose worker swelled after other
        pages; a page that took too long is not.

        Raises:
            TransientError: RESOURCE, when no worker starts.
            Exception: what the task raised, a bug or a typed error, with the worker's traceback as a note.
        """
        return [self._answer(task, page) for page in pages]

    def end(self) -> None:
        """End every process at once. Whoever waits for one sees it die, and no other is to be had."""
        with self._lock:
            self._is_ended = True
            workers = list(self._all)
        for worker in workers:
            worker.end()

    def forget(self) -> None:
        """Wait for the ends of processes that nobody uses."""
        while self._idle:
            self._drop(self._idle.pop())

    def _answer(self, task: Task, page: Payload) -> Any:
        try:
            return self._ask(self._idle_worker(task) or self._new_worker(), task, page)
        except PageLostError as loss:
            if loss.is_certain:
                return Lost(str(loss))
        try:
            return self._ask(self._new_worker(), task, page)
        except PageLostError as loss:
            return Lost(str(loss))

    def _ask(self, worker: Worker, task: Task, page: Payload) -> Any:
        """Return a worker's answer. A worker that gave none is ended, whatever the reason."""
        try:
            if worker.task != task:
                worker.prepare(task)
            answer = worker.ask(page)
        except BaseException:
            self._drop(worker)
            raise
        self._give_back(worker)
        return answer

    def _idle_worker(self, task: Task) -> Worker | None:
        """Return the owner's worker that was used last, so that little work keeps few processes busy."""
        with self._lock:
            for worker in reversed(self._idle):
                if _owner(worker) == task.owner:
                    self._idle.remove(worker)
                    return worker
        return None

    def _new_worker(self) -> Worker:
        with self._lock:
            if self._is_ended:
                raise RuntimeError("the pool is closed")
            worker = Worker(self._limits)
            self._all.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        if worker.is_bloated():
            self._drop(worker)
            return
        with self._lock:
            self._idle.append(worker)
            others = [each for each in self._idle if _owner(each) != _owner(worker)]
            leaving = others[: max(0, len(others) - _MOST_OF_OTHERS)]
            for each in leaving:
                self._idle.remove(each)
        for each in leaving:
            self._drop(each)

    def _drop(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)


def _owner(worker: Worker) -> str | None:
    return None if worker.task is None else worker.task.owner


def answers_of_kept_workers(limits: Limits, task: Task, pages: Sequence[Payload]) -> list[Any]:
    """Return `ConfinedWorkers.answers` of workers that this process keeps for whoever asks next.

    For machines whose processes outlive the pool that asks: the workers end with the process that keeps them.
    """
    with _KEEPING:
        workers = _kept(limits)
    return workers.answers(task, pages)


_KEEPING = Lock()


@lru_cache(maxsize=4)
def _kept(limits: Limits) -> ConfinedWorkers:
    return ConfinedWorkers(limits)
