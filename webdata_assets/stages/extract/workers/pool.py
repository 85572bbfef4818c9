"""Pages → answers over worker processes: in the order of the pages, in bounded memory.

What belongs here: chunks of pages, and what is made of their answers. What does not: which worker reads a
page (confined.py), and what is done with it (tasks.py).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from webdata_assets.sources.model import Source
from webdata_assets.stages.engine.engine import Engine
from webdata_assets.stages.engine.threads import ThreadEngine
from webdata_assets.stages.extract.extraction import Extraction, PageFailure, Payload, joined
from webdata_assets.stages.extract.workers.confined import ConfinedWorkers, Lost, answers_of_kept_workers
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.progress import Progress
from webdata_assets.stages.extract.workers.tasks import Task, digests_of, extraction_of
from webdata_assets.stages.extract.workers.wire import unpack_extraction

if TYPE_CHECKING:
    from webdata_assets.stages.extract.main_content.templates import Templates

__all__ = ["ExtractionPool", "Lost", "WorkerPool"]

_CHUNK_PAGES = 32
"""Given to one worker at once: a smaller partition starts no second worker."""
_CHUNK_BYTES = 4_000_000
_TEMPLATE_PAGES = 1_000
"""From which templates are learnt: some pages of a site show what most of them repeat."""
_BATCH_PAGES = 500
_BATCH_CANDIDATES = 2_000
"""Handed out at once, which bounds the memory of what comes after."""


class WorkerPool:
    """Worker processes, started when there is work for them, and ended with the pool unless they are kept."""

    def __init__(
        self, workers: int, limits: Limits, engine: Engine | None = None, *, kept: bool = False
    ) -> None:
        """Take what a page may cost, and where it is read; nothing is started.

        Args:
            workers: the most processes of this machine that may run at a time.
            limits: of each page and process.
            engine: whose machines start processes of their own, one for each of their threads, instead of
                this one; to be closed by whoever opened it.
            kept: whether processes outlive the pool, for the next one of this process with the same limits.
        """
        self._confined = ConfinedWorkers(limits)
        self._threads = ThreadEngine(workers)
        self._engine: Engine = engine or self._threads
        self._read = partial(answers_of_kept_workers, limits) if engine or kept else self._confined.answers

    def __enter__(self) -> Self:
        """Return the pool, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """End every process of this machine; what they were doing is lost."""
        self._confined.end()
        self._threads.close()
        self._confined.forget()

    @property
    def pids(self) -> list[int]:
        """The ids of this machine's running processes."""
        return self._confined.pids

    def run(self, task: Task, pages: Iterable[Payload]) -> Iterator[tuple[Payload, Any]]:
        """Yield each page with the task's answer, or with Lost, in the order of the pages.

        Raises:
            TransientError: RESOURCE, when no worker starts, or the engine's machines are gone.
            Exception: as `ConfinedWorkers.answers`.
        """
        for chunk, answers in self._engine.map(partial(self._read, task), _chunks(pages)):
            yield from zip(chunk, answers, strict=True)


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
