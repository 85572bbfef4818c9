"""Pages → answers over worker processes: in the order of the pages, in bounded memory.

What belongs here: which page goes to which worker, and what becomes of pages that are lost. What does not:
one worker (process.py), and what is done with a page (tasks.py).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from webdata_assets.sources.model import Source
from webdata_assets.stages.extract.extraction import Extraction, PageFailure, Payload, joined
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.process import PageLostError, Worker
from webdata_assets.stages.extract.workers.progress import Progress
from webdata_assets.stages.extract.workers.tasks import Task, digests_of, extraction_of
from webdata_assets.stages.extract.workers.wire import unpack_extraction

if TYPE_CHECKING:
    from webdata_assets.stages.extract.main_content.templates import Templates

_CHUNK_PAGES = 32
"""Given to one worker at once: a smaller partition starts no second worker."""
_CHUNK_BYTES = 4_000_000
_CHUNKS_PER_WORKER = 2
"""In flight, so that no worker waits while the consumer is busy."""
_TEMPLATE_PAGES = 1_000
"""From which templates are learnt: some pages of a site show what most of them repeat."""
_BATCH_PAGES = 500
_BATCH_CANDIDATES = 2_000
"""Handed out at once, which bounds the memory of what comes after."""


@dataclass(frozen=True)
class Lost:
    """A page whose worker was killed or died."""

    reason: str


class WorkerPool:
    """Worker processes, started when there is work for them and kept until the pool is closed."""

    def __init__(self, workers: int, limits: Limits) -> None:
        """Take the most processes that may run at a time, and what a page may cost; nothing is started."""
        self._most = workers
        self._limits = limits
        self._idle: deque[Worker] = deque()
        self._all: set[Worker] = set()
        self._lock = Lock()
        self._is_closed = False
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="extract")

    def __enter__(self) -> "WorkerPool":
        """Return the pool, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """End every process; what they were doing is lost."""
        with self._lock:
            self._is_closed = True
            workers = list(self._all)
        for worker in workers:
            worker.end()
        # each thread sees the end of its worker, finds that no other is to be had, and ends too
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._idle:
            self._drop(self._idle.pop())

    @property
    def pids(self) -> list[int]:
        """The ids of the running processes."""
        return [worker.pid for worker in self._all]

    def run(self, task: Task, pages: Iterable[Payload]) -> Iterator[tuple[Payload, Any]]:
        """Yield each page with the task's answer, or with Lost, in the order of the pages.

        A page whose worker died is tried once more in a fresh one, as is one whose worker swelled after other
        pages; a page that took too long is not.

        Raises:
            TransientError: RESOURCE, when no worker starts.
            Exception: what the task raised, a bug or a typed error, with the worker's traceback as a note.
        """
        running: deque[Future[list[tuple[Payload, Any]]]] = deque()
        try:
            for chunk in _chunks(pages):
                running.append(self._threads.submit(self._work, task, chunk))
                if len(running) > self._most * _CHUNKS_PER_WORKER:
                    yield from running.popleft().result()
            while running:
                yield from running.popleft().result()
        finally:
            for future in running:
                future.cancel()

    def _work(self, task: Task, pages: list[Payload]) -> list[tuple[Payload, Any]]:
        """Have one worker, or one after the other, do a chunk of pages. Runs in a thread of its own."""
        return [(page, self._answer(task, page)) for page in pages]

    def _answer(self, task: Task, page: Payload) -> Any:
        try:
            return self._ask(self._idle_worker() or self._new_worker(), task, page)
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

    def _idle_worker(self) -> Worker | None:
        """Return the worker that was used last, so that little work keeps few processes busy."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new_worker(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the pool is closed")
            worker = Worker(self._limits)
            self._all.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        if worker.is_bloated():
            self._drop(worker)
        else:
            self._idle.append(worker)

    def _drop(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)


class ExtractionPool(WorkerPool):
    """Worker processes that turn payloads into candidates."""

    def learn_templates(self, source: Source, payloads: Iterable[Payload]) -> "Templates":
        """Return the blocks that most pages of a host repeat, as the first thousand payloads tell."""
        from webdata_assets.stages.extract.main_content.templates import TemplateLearner

        learner = TemplateLearner()
        for page, digests in self.run(digests_of(source), islice(payloads, _TEMPLATE_PAGES)):
            if digests and not isinstance(digests, Lost):
                learner.add_digests(page.final_url, map(bytes.fromhex, digests))
        return learner.learnt()

    def extract(
        self,
        source: Source,
        payloads: Iterable[Payload],
        *,
        templates: "Templates | None" = None,
        total: int | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Iterator[Extraction]:
        """Yield what the pages gave in batches, as `extract_pages` gives it, whatever the number of workers.

        A page that is killed is a failure whose reason names the limit.

        Args:
            source: how its pages are read.
            payloads: taken as they are needed.
            templates: for sources with `remove_templates`, see `learn_templates`.
            total: their number, where it is known.
            tell: takes a line every few seconds, of how far it is.

        Raises:
            PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
            TransientError: RESOURCE, when no worker starts.
        """
        progress = Progress(tell, total) if tell else None
        batch: list[Extraction] = []
        candidates = 0
        for page, answer in self.run(extraction_of(source, templates), payloads):
            batch.append(_extraction(page, answer))
            candidates += len(batch[-1].candidates)
            if progress:
                progress.add(1)
            if len(batch) == _BATCH_PAGES or candidates >= _BATCH_CANDIDATES:
                yield joined(batch)
                batch, candidates = [], 0
        if batch:
            yield joined(batch)


def _extraction(page: Payload, answer: Any) -> Extraction:
    if isinstance(answer, Lost):
        failure = PageFailure(page.url, answer.reason, page.payload_hash, page.payload_date)
        return Extraction(failures=(failure,))
    return unpack_extraction(answer, page)


def _chunks(pages: Iterable[Payload]) -> Iterator[list[Payload]]:
    chunk: list[Payload] = []
    size = 0
    for page in pages:
        chunk.append(page)
        size += len(page.body)
        if len(chunk) == _CHUNK_PAGES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
