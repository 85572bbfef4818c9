"""A crawl killed at random moments: little is fetched twice, nothing is lost, and it goes on at once."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from webdata_assets.schemas.pages import PAGES
from webdata_assets.store.payloads import Payloads
from webdata_assets.store.store import Store
from webdata_assets_tests.faults.killable_crawl import CONCURRENCY, SITES
from webdata_assets_tests.site.answers import links
from webdata_assets_tests.site.server import FaultServer

ROOT = Path(__file__).parents[2]
CHILDREN = 3
RESTART_SECONDS = 2.0
"""From the start of a process to its first request, on a machine that does nothing else."""
PATIENT_SECONDS = 60.0
"""The same on any machine."""
END_SECONDS = 300.0
_LOOK_SECONDS = 0.002


@pytest.fixture
def tree() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def grow(server: FaultServer, pages: int) -> None:
    """A tree of pages, three links to a page, none of them slow."""
    for number in range(pages):
        first = CHILDREN * number + 1
        children = [f"/{child}" for child in range(first, min(first + CHILDREN, pages))]
        server.add(f"/{number or ''}", links(*children, "/", title=f"page {number}"))


@contextmanager
def crawling(server: FaultServer, store: Path, site: str, pages: int) -> Iterator[subprocess.Popen[str]]:
    """Start the crawl; it is gone when the block ends."""
    module = "webdata_assets_tests.faults.killable_crawl"
    process = subprocess.Popen(
        [sys.executable, "-m", module, server.address, str(store), site, str(pages)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_to_its_end(server: FaultServer, store: Path, site: str, pages: int) -> None:
    with crawling(server, store, site, pages) as process:
        _, errors = process.communicate(timeout=END_SECONDS)
        assert process.returncode == 0, errors[-4_000:]


def kill_after(process: subprocess.Popen[str], server: FaultServer, requests: int, seconds: float) -> bool:
    """Let the server see so many more requests, wait, and kill. Return whether the crawl still ran."""
    goal, deadline = len(server.log) + requests, time.monotonic() + END_SECONDS
    while len(server.log) < goal and process.poll() is None and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    time.sleep(seconds)
    was_running = process.poll() is None
    process.kill()
    process.wait()
    return was_running


def moment_of(chance: random.Random, kills: int, left: int) -> tuple[int, float]:
    """Return after how many requests to kill, and how many seconds later; now and then before the first one.

    Args:
        chance: decides.
        kills: still to come, this one among them.
        left: pages that nobody has asked for yet; as many kills must find some.
    """
    if chance.random() < 0.1:
        return 0, chance.uniform(0, 1.0)
    return chance.randrange(max(1, 2 * left // (kills + 1))), chance.uniform(0, 0.005)


@dataclass
class Ordeal:
    """A crawl that is killed again and again, and what the server saw of it.

    Attributes:
        again: how many pages each process asked for that another had asked for before it.
        begins: after how many seconds each process asked for something.
        hits: how many processes were killed before their end.
    """

    server: FaultServer
    store: Path
    site: str
    pages: int
    asked: set[str] = field(default_factory=set)
    again: list[int] = field(default_factory=list)
    begins: list[float] = field(default_factory=list)
    hits: int = 0

    def kill(self, requests: int, seconds: float) -> None:
        """Start it, let it make so many requests, wait, and kill it."""
        with self._noted(), crawling(self.server, self.store, self.site, self.pages) as process:
            self.hits += kill_after(process, self.server, requests, seconds)

    def end(self) -> None:
        """Start it a last time and leave it alone."""
        with self._noted():
            run_to_its_end(self.server, self.store, self.site, self.pages)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        before, started = len(self.server.log), time.monotonic()
        yield
        seen = self.server.log[before:]
        targets = [entry.target for entry in seen if entry.target != "/robots.txt"]
        self.again.append(len(targets) - len(set(targets) - self.asked))
        self.asked |= set(targets)
        if seen:
            self.begins.append(seen[0].at - started)


def kill_and_compare(
    server: FaultServer, folder: Path, site: str, *, pages: int, kills: int, begins: float
) -> None:
    grow(server, pages)
    run_to_its_end(server, folder / "undisturbed", site, pages)
    assert len(server.targets()) == pages
    server.log.clear()

    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    ordeal = Ordeal(server, folder / "killed", site, pages)
    for number in range(1, kills):
        ordeal.kill(*moment_of(chance, kills - number, pages - len(ordeal.asked)))
    # once every page has been asked for, so that it may be in the middle of its last write
    ordeal.kill(pages - len(ordeal.asked), chance.uniform(0, 0.3))
    ordeal.end()
    began = ", ".join(f"{seconds:.2f}" for seconds in ordeal.begins)
    print(f"seed {seed}: {ordeal.hits} kills, fetched again {ordeal.again}, began after {began} s")

    assert ordeal.hits >= kills - 1
    assert max(ordeal.again) <= CONCURRENCY
    assert len(ordeal.asked) == pages
    assert median(ordeal.begins) <= begins
    whole, broken = (Store.open(str(folder / name)) for name in ("undisturbed", "killed"))
    assert broken.content_hashes() == whole.content_hashes()
    rows = broken.tables.scan(PAGES).collect()
    assert rows.filter(pl.col("outcome") == "fetched").height == pages
    # every payload is there with the hash that its row names
    assert sum(1 for _ in Payloads.of_pages(rows)) == pages
    assert not list((folder / "killed").rglob("*.entries"))


@pytest.mark.parametrize("site", [pytest.param("list", marks=pytest.mark.soak), "links"])
def test_a_crawl_killed_three_times_ends_as_if_undisturbed(
    tree: FaultServer, tmp_path: Path, site: str
) -> None:
    kill_and_compare(tree, tmp_path, site, pages=400, kills=3, begins=PATIENT_SECONDS)


@pytest.mark.soak
@pytest.mark.parametrize("site", SITES)
def test_a_crawl_killed_twenty_times_ends_as_if_undisturbed(
    tree: FaultServer, tmp_path: Path, site: str
) -> None:
    kill_and_compare(tree, tmp_path, site, pages=2_000, kills=20, begins=RESTART_SECONDS)
