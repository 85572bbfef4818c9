"""The race: every contender over the same site, in turn, each from a fresh process.

What belongs here: who races, what they are told, and the figures of each run. What does not: what the figures
mean (verdicts.py).
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from webdata_assets_tests.benchmarks.contenders.task import Task
from webdata_assets_tests.benchmarks.measuring import Cost, run_module

FRONTIER = "frontier"
_CONTENDERS = "webdata_assets_tests.benchmarks.contenders"


@dataclass(frozen=True)
class Contender:
    """One crawler: the module that runs it, and the `way` that it is told."""

    name: str
    module: str
    way: str

    @property
    def is_ours(self) -> bool:
        """Whether it is the engine that the figures are about."""
        return self.module == "by_ours"


OURS = Contender("ours, curl", "by_ours", "curl")
CONTENDERS = (
    OURS,
    Contender("ours, aiohttp", "by_ours", "aiohttp"),
    Contender("Scrapy, Twisted", "by_scrapy", "twisted"),
    Contender("Scrapy, aiohttp", "by_scrapy", "aiohttp"),
    Contender("crawlee", "by_crawlee", "impit"),
)


@dataclass(frozen=True)
class Run:
    """One measured run.

    Attributes:
        contender: by name.
        what: `list`, `links`, `recrawl`, `frontier` with its size, or `start`: one page only, which is what a
            process costs before it has done any work.
        round: from 0.
        pages: that are stored, unchanged ones among them.
        digest: of their URLs and bytes; compared for `list` and `links`.
        cost: what it took.
    """

    contender: str
    what: str
    round: int
    pages: int
    digest: str
    cost: Cost


@dataclass(frozen=True)
class Site:
    """The site that is raced over.

    Attributes:
        pages: every URL.
        starts: from which links lead to the others.
        allow: pattern of the URLs that may be followed.
    """

    pages: tuple[str, ...]
    starts: tuple[str, ...]
    allow: str


def race(
    site: Site, contenders: Sequence[Contender], folder: Path, *, rounds: int, concurrency: int
) -> Iterator[Run]:
    """Yield the runs of all rounds; the contenders take turns within each, and begin in turn."""
    for number in range(rounds):
        shift = number % len(contenders)
        for contender in (*contenders[shift:], *contenders[:shift]):
            output = folder / "output"
            whole = Task(str(output), site.pages, concurrency=concurrency, way=contender.way)
            yield _run(contender, "start", number, replace(whole, urls=site.pages[:1]), folder)
            shutil.rmtree(output)
            yield _run(contender, "list", number, whole, folder)
            if contender.is_ours:
                yield _run(contender, "recrawl", number, replace(whole, recrawl=True), folder)
            shutil.rmtree(output)
            links = replace(whole, urls=site.starts, follow=True, allow=site.allow)
            yield _run(contender, "links", number, links, folder)
            shutil.rmtree(output)


def frontier_runs(origin: str, sizes: Sequence[int], folder: Path, *, concurrency: int) -> Iterator[Run]:
    """Yield a run of our own engine for each size of a frontier of small generated pages."""
    for size in sizes:
        file, output = folder / "frontier.parquet", folder / "output"
        run_module(f"{_CONTENDERS}.plan", str(file), origin, str(size))
        # the source file names one page; the others are in the frontier
        task = Task(
            str(output), (f"{origin}/p/0",), concurrency=concurrency, way=OURS.way, frontier=str(file)
        )
        yield _run(OURS, f"{FRONTIER} {size:,}", 0, task, folder)
        shutil.rmtree(output)


def _run(contender: Contender, what: str, number: int, task: Task, folder: Path) -> Run:
    saved = str(task.save(folder / "task.json"))
    cost, _ = run_module(f"{_CONTENDERS}.{contender.module}", saved)
    _, printed = run_module(f"{_CONTENDERS}.verify", saved)
    stored = json.loads(printed)
    return Run(contender.name, what, number, stored["pages"], stored["digest"], cost)
