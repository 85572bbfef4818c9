"""Pacing: spacing, concurrency, delays, backoff."""

import asyncio
import datetime as dt
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.politeness.pacing import HostPace, Politeness
from webdata_assets.stages.crawl.retry import Backoff, parse_retry_after
from webdata_assets_tests.crawl.harness import NOW, Crawling, FastClock, source_of, urls
from webdata_assets_tests.site.answers import page, slow


async def _turns(politeness: Politeness, clock: FastClock, host: str, count: int) -> list[float]:
    moments: list[float] = []

    async def one() -> None:
        async with politeness.turn(host):
            moments.append(clock.monotonic())

    await asyncio.gather(*(one() for _ in range(count)))
    return moments


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(moments)]


async def test_requests_to_a_host_are_spaced_evenly() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=4, concurrency=64, clock=clock)
    moments = await _turns(politeness, clock, "a", 10)
    assert min(gaps(moments)) >= 0.25 - 1e-9


async def test_hosts_do_not_wait_for_each_other() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=0.01, concurrency=1, clock=clock)
    for host in "abc":
        await _turns(politeness, clock, host, 1)
    assert clock.slept == []


async def test_a_delay_holds_every_waiter_and_lets_them_go_one_by_one() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=10, concurrency=64, clock=clock)
    start = clock.monotonic()
    politeness.delay("a", 60)
    moments = await _turns(politeness, clock, "a", 5)
    assert moments[0] >= start + 60
    assert min(gaps(moments)) >= 0.1 - 1e-9


async def test_a_shorter_delay_does_not_end_a_longer_one() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=10, concurrency=1, clock=clock)
    politeness.delay("a", 60)
    politeness.delay("a", 1)
    assert (await _turns(politeness, clock, "a", 1))[0] >= 1_060


async def test_a_slower_wish_of_the_host_is_heeded_and_a_faster_one_is_not() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=10, concurrency=64, clock=clock)
    politeness.slow_down("a", 0.01)
    politeness.slow_down("a", 2)
    started = clock.monotonic()
    moments = await _turns(politeness, clock, "a", 4)
    assert min(gaps([started, *moments])) >= 2 - 1e-9


async def test_a_high_rate_is_kept_with_few_sleeps() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=1000, concurrency=1, clock=clock)
    moments = await _turns(politeness, clock, "a", 1000)
    assert 0.95 <= moments[-1] - moments[0] <= 1.05
    assert len(clock.slept) <= 110
    for first, last in itertools.pairwise(moments[::100]):
        assert last - first >= 0.1 - 0.03


async def _most_at_once(politeness: Politeness, host: str, tasks: int) -> int:
    flying = most = 0

    async def one() -> None:
        nonlocal flying, most
        async with politeness.turn(host):
            flying += 1
            most = max(most, flying)
            for _ in range(10):
                await asyncio.sleep(0)
            flying -= 1

    await asyncio.gather(*(one() for _ in range(tasks)))
    return most


async def test_a_host_that_answers_well_is_asked_for_more_at_once_up_to_the_limit() -> None:
    politeness = Politeness(requests_per_second=1e6, concurrency=8, clock=FastClock())
    assert await _most_at_once(politeness, "a", 20) == 2
    for _ in range(20):
        politeness.observe("a", 0.1, failed=False)
    assert await _most_at_once(politeness, "a", 40) == 8
    assert await _most_at_once(politeness, "b", 20) == 2


async def test_a_host_that_fails_is_asked_one_by_one() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=1e6, concurrency=8, clock=clock)
    for _ in range(20):
        politeness.observe("a", 0.1, failed=False)
    for _ in range(3):
        await clock.sleep(1)
        politeness.observe("a", 0.1, failed=True)
    assert await _most_at_once(politeness, "a", 20) == 1


async def test_the_report_says_how_each_host_was_asked() -> None:
    clock = FastClock()
    politeness = Politeness(requests_per_second=10, concurrency=8, clock=clock)
    await _turns(politeness, clock, "a", 3)
    politeness.slow_down("b", 5)
    for _ in range(20):
        politeness.observe("b", 0.1, failed=False)
    await clock.sleep(1)
    politeness.observe("b", 0.1, failed=True)
    assert politeness.report() == {
        "a": HostPace(3, 0.1, concurrency=2, min_concurrency=2, max_concurrency=2),
        "b": HostPace(0, 5, concurrency=4, min_concurrency=2, max_concurrency=8),
    }


async def test_a_cancelled_turn_gives_its_place_back() -> None:
    politeness = Politeness(requests_per_second=1e6, concurrency=1, clock=FastClock())

    async def stay() -> None:
        async with politeness.turn("a"):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(stay()) for _ in range(3)]
    for task in tasks:
        await asyncio.sleep(0.01)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(_most_at_once(politeness, "a", 3), 1) == 1


def test_no_more_requests_are_in_flight_than_allowed(crawling: Crawling) -> None:
    flying = most = 0

    async def watched(request: object) -> object:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        try:
            return await slow(0.02, page("x"))(request)
        finally:
            flying -= 1

    paths = [str(number) for number in range(12)]
    for path in paths:
        crawling.site.add(f"/{path}", watched)
    crawling.run(source_of(urls(*paths), concurrency=3))
    assert most == 3


@given(st.integers(1, 2_000), st.integers())
def test_backoff_is_full_jitter_below_its_cap(attempt: int, seed: int) -> None:
    waits = [Backoff(jitter=random.Random(seed)).seconds(attempt) for _ in range(2)]
    assert waits[0] == waits[1]
    assert 0 <= waits[0] <= min(30.0, 0.5 * 2.0 ** min(attempt - 1, 63))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("0", 0), (" 120 ", 120),
        ("Tue, 02 Jun 2026 12:01:00 GMT", 60), ("Tue, 02 Jun 2026 11:00:00 GMT", 0),
        ("Tue, 02 Jun 2026 12:01:00", 60), ("9" * 400, float("inf")), ("٣", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_the_standard_says(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_read_without_an_error(value: str) -> None:
    seconds = parse_retry_after(value, dt.datetime.now(dt.UTC))
    assert seconds is None or seconds >= 0
