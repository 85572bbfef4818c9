"""Adaptive concurrency: up on a host that takes it well, down on one that does not, always within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.politeness.adaptive import AdaptiveConcurrency
from webdata_assets_tests.crawl.hand_clock import HandClock


class Host:
    """Answers whole rounds: as many requests at once as are allowed, then time passes."""

    def __init__(self, cap: int) -> None:
        self.clock = HandClock()
        self.adaptive = AdaptiveConcurrency(cap, self.clock)

    @property
    def limit(self) -> int:
        return self.adaptive.limit

    def round(self, seconds: float = 0.05, *, failures: int = 0) -> None:
        self.clock.now += seconds
        for position in range(self.limit):
            self.adaptive.observe(seconds, failed=position < failures)
        # the next round is sent after the answers of this one
        self.clock.now += 0.001

    def rounds(self, count: int, seconds: float = 0.05, *, failures: int = 0) -> int:
        for _ in range(count):
            self.round(seconds, failures=failures)
        return self.limit


CAPS = st.integers(1, 64)


@given(CAPS, st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.floats(0, 10)), max_size=300))
def test_the_limit_stays_between_one_and_the_cap(cap: int, answers: list[tuple[float, bool, float]]) -> None:
    clock = HandClock()
    adaptive = AdaptiveConcurrency(cap, clock)
    for elapsed, failed, passed in answers:
        clock.now += passed
        adaptive.observe(elapsed, failed)
        assert 1 <= adaptive.limit <= cap


@given(CAPS, st.floats(0.0001, 60))
def test_a_healthy_host_is_at_its_cap_within_five_round_trips(cap: int, seconds: float) -> None:
    assert Host(cap).rounds(5, seconds) == cap


def test_the_start_is_low() -> None:
    assert [Host(cap).limit for cap in (1, 2, 64)] == [1, 2, 2]


@given(CAPS)
def test_a_failing_host_is_down_to_one_within_six_round_trips(cap: int) -> None:
    host = Host(cap)
    host.rounds(5)
    assert host.rounds(6, failures=1) == 1


@given(CAPS, st.integers(1, 20))
def test_it_recovers_by_one_a_round_trip(cap: int, failing: int) -> None:
    host = Host(cap)
    host.rounds(5)
    low = host.rounds(failing, failures=64)
    assert host.rounds(1) == min(cap, low + 1)
    assert host.rounds(cap) == cap


def test_many_timeouts_of_one_moment_are_one_sign_of_trouble() -> None:
    host = Host(64)
    host.rounds(5)
    host.clock.now += 30
    for _ in range(64):
        host.adaptive.observe(30, failed=True)
    assert host.limit == 32


def test_one_slow_page_is_no_sign_of_trouble() -> None:
    host = Host(8)
    host.rounds(5)
    for _ in range(20):
        host.clock.now += 20
        host.adaptive.observe(20, failed=False)
        for _ in range(7):
            host.adaptive.observe(0.05, failed=False)
    assert host.limit == 8


def test_jitter_of_a_fast_host_is_no_sign_of_trouble() -> None:
    host = Host(64)
    for seconds in (0.001, 0.02, 0.002, 0.09, 0.01, 0.05):
        host.round(seconds)
    assert host.limit == 64


def test_latency_far_above_the_best_halves_the_limit() -> None:
    host = Host(64)
    host.rounds(5, 0.1)
    host.round(0.5)
    assert host.limit == 32


def test_a_host_that_became_slower_for_good_is_not_held_down() -> None:
    host = Host(16)
    host.rounds(5, 0.05)
    assert host.rounds(5, 1.0) < 16
    assert host.rounds(20, 1.0) == 16


@pytest.mark.parametrize("workers", [4, 8])
def test_a_host_whose_answers_queue_up_is_not_asked_for_more_than_it_can_do(workers: int) -> None:
    host = Host(64)
    limits = []
    for _ in range(200):
        # that many at a time take 0.2 s each; the others wait for them
        host.round(0.2 * max(1.0, host.limit / workers))
        limits.append(host.limit)
    assert workers <= sum(limits[20:]) / len(limits[20:]) <= 6 * workers
    assert max(limits) < 64
