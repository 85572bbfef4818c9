"""Breakers that processes share: a host that one found down is left alone by all, and probed by one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.sources.policies import BreakerPolicy
from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.crawler import crawl
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.politeness.breaker import Admission, Breaker
from webdata_assets.stages.crawl.politeness.rate_store_sqlite import SqliteRateStore
from webdata_assets.stages.crawl.politeness.shared_breakers import SharedBreakers
from webdata_assets.stages.crawl.result import CrawlResult
from webdata_assets_tests.crawl.hand_clock import HandClock
from webdata_assets_tests.crawl.harness import DATE, HOST, NOW, USER_AGENT, Crawling, source_of, urls
from webdata_assets_tests.site.answers import page, status

POLICY = BreakerPolicy(min_requests=4, probe_seconds=10, window_seconds=3_600)
LEASE = 30


class Process:
    """A process's breaker of one host, and what it shares; its clock and the store's are one."""

    def __init__(self, shared: SharedBreakers, clock: HandClock) -> None:
        self.shared = shared
        self.breaker = Breaker(POLICY, clock)

    async def admit(self) -> Admission:
        return await self.shared.admit(HOST, self.breaker, LEASE)

    def record(self, success: bool) -> None:
        era = self.breaker.era
        self.breaker.record(success)
        if self.breaker.era != era:
            self.shared.tell(HOST, self.breaker)


Processes = Callable[[int], list[Process]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def processes(tmp_path: Path, clock: HandClock) -> AsyncIterator[Processes]:
    opened: list[SharedBreakers] = []

    def start(count: int) -> list[Process]:
        started = []
        for _ in range(count):
            store = SqliteRateStore(tmp_path / "rates.sqlite", clock.monotonic)
            opened.append(SharedBreakers(store, clock))
            started.append(Process(opened[-1], clock))
        return started

    yield start
    for shared in opened:
        await shared.close()


async def _open(process: Process) -> None:
    for _ in range(POLICY.min_requests):
        assert await process.admit() is Admission.PASS
        process.record(success=False)
    assert process.breaker.state == "open"
    # what it tells is written by its own thread
    while await process.shared._ask(lambda: process.shared._store.seconds_to_probe(HOST)) is None:
        await asyncio.sleep(0.01)


async def test_a_host_that_one_found_down_is_left_alone_by_the_others_within_a_second(
    processes: Processes, clock: HandClock
) -> None:
    first, second, third = processes(3)
    assert await second.admit() is Admission.PASS
    await _open(first)
    clock.now += 1
    assert await second.admit() is Admission.WAIT
    assert second.breaker.seconds_to_probe() == pytest.approx(9)
    # one that has just begun knows it before its first request
    assert await third.admit() is Admission.WAIT


async def test_one_process_probes_and_the_others_wait_for_what_it_finds(
    processes: Processes, clock: HandClock
) -> None:
    first, second, third = processes(3)
    await _open(first)
    assert await second.admit() is Admission.WAIT
    clock.now += 10
    assert [await process.admit() for process in (second, first, third)] == [
        Admission.PROBE,
        Admission.WAIT,
        Admission.WAIT,
    ]
    second.record(success=True)
    await asyncio.sleep(0.2)
    clock.now += 1
    assert [await process.admit() for process in (first, second, third)] == [Admission.PASS] * 3


async def test_a_failed_probe_holds_all_for_as_long_again(processes: Processes, clock: HandClock) -> None:
    first, second = processes(2)
    await _open(first)
    clock.now += 10
    assert await first.admit() is Admission.PROBE
    first.record(success=False)
    await asyncio.sleep(0.2)
    clock.now += 1
    assert await second.admit() is Admission.WAIT
    assert second.breaker.seconds_to_probe() == pytest.approx(9)


async def test_a_process_that_dies_with_the_probe_holds_it_for_its_lease(
    processes: Processes, clock: HandClock
) -> None:
    first, second = processes(2)
    await _open(first)
    clock.now += 10
    assert await first.admit() is Admission.PROBE
    clock.now += LEASE - 1
    assert await second.admit() is Admission.WAIT
    clock.now += 1
    assert await second.admit() is Admission.PROBE


async def test_a_host_that_is_well_is_looked_at_once_a_second(processes: Processes, clock: HandClock) -> None:
    [process] = processes(1)
    looks = 0
    known = process.shared._store.seconds_to_probe

    def counted(host: str) -> float | None:
        nonlocal looks
        looks += 1
        return known(host)

    process.shared._store.seconds_to_probe = counted  # type: ignore[method-assign]
    for _ in range(100):
        assert await process.admit() is Admission.PASS
        clock.now += 0.05
    assert looks == 5


@asynccontextmanager
async def _sharing(file: Path) -> AsyncIterator[SharedBreakers]:
    shared = SharedBreakers(SqliteRateStore(file), SystemClock())
    try:
        yield shared
    finally:
        await shared.close()


async def _crawl(crawling: Crawling, folder: Path, name: str, paths: list[str]) -> CrawlResult:
    breaker = {"min_requests": 5, "probe_seconds": 0.4, "max_wait_seconds": 2}
    source = source_of(urls(*paths), breaker=breaker, robots="ignore", concurrency=1, max_attempts=20)
    way = HttpTransport(connect_to={HOST: crawling.site.address})
    try:
        async with _sharing(folder / "rates.sqlite") as breakers:
            return await crawl(
                source,
                DATE,
                plan_frontier(source, DATE, TABLES["pages"].empty()),
                transport=way,
                spool=FolderSpool(folder / name),
                load_payload=lambda *_: b"",
                user_agent=USER_AGENT,
                now=lambda: NOW,
                breakers=breakers,
            )
    finally:
        await way.close()


async def test_the_server_of_a_host_that_is_down_counts_the_probes_of_one_crawl(
    crawling: Crawling, tmp_path: Path
) -> None:
    paths = [f"p{number}" for number in range(20)]
    for path in paths:
        crawling.site.add(f"/{path}", status(503))
    first = asyncio.create_task(_crawl(crawling, tmp_path, "first", paths))
    while len(crawling.site.targets()) < 5:
        await asyncio.sleep(0.01)
    opened = time.monotonic()
    await asyncio.sleep(0.1)
    others = [asyncio.create_task(_crawl(crawling, tmp_path, f"{number}", paths)) for number in range(3)]
    results = await asyncio.gather(first, *others)
    assert {result.finish_reason for result in results} == {"paused"}
    # five opened it; then there was one probe every 0.4 s, whoever made it
    assert len(crawling.site.targets()) <= 5 + 1 + (time.monotonic() - opened) / 0.4


async def test_crawls_go_on_when_the_probe_of_one_is_answered(crawling: Crawling, tmp_path: Path) -> None:
    paths = [f"p{number}" for number in range(20)]
    for path in paths:
        crawling.site.add(f"/{path}", status(503))
    running = [asyncio.create_task(_crawl(crawling, tmp_path, f"{number}", paths)) for number in range(2)]
    while len(crawling.site.targets()) < 5:
        await asyncio.sleep(0.01)
    for path in paths:
        crawling.site.add(f"/{path}", page(path))
    results = await asyncio.gather(*running)
    assert [result.counts for result in results] == [{"fetched": 20}] * 2
