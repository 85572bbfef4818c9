"""The circuit breaker: a share of failures in a window of time, and one probe at a time."""

import math
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interlock import Config, WindowType
from interlock._state_machine import StateMachine
from interlock.outcome import Outcome

from webdata_assets.sources.policies import BreakerPolicy
from webdata_assets.stages.crawl.politeness.breaker import Admission, Breaker
from webdata_assets_tests.crawl.hand_clock import HandClock

POLICY = BreakerPolicy(failure_share=0.5, window_seconds=120, min_requests=20, probe_seconds=15)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def breaker(clock: HandClock) -> Breaker:
    return Breaker(POLICY, clock)


def record(breaker: Breaker, successes: int = 0, failures: int = 0) -> None:
    for _ in range(successes):
        breaker.record(True)
    for _ in range(failures):
        breaker.record(False)


def test_half_of_the_requests_may_fail_and_no_more(breaker: Breaker) -> None:
    record(breaker, successes=10, failures=10)
    assert breaker.state == "closed"
    record(breaker, failures=1)
    assert (breaker.state, breaker.admit()) == ("open", Admission.WAIT)


def test_a_few_requests_open_nothing(breaker: Breaker) -> None:
    record(breaker, failures=19)
    assert breaker.admit() is Admission.PASS
    record(breaker, failures=1)
    assert breaker.admit() is Admission.WAIT


def test_what_lies_before_the_window_counts_no_more(breaker: Breaker, clock: HandClock) -> None:
    record(breaker, failures=19)
    clock.now += 120
    record(breaker, failures=19)
    assert breaker.state == "closed"
    clock.now += 119
    record(breaker, failures=1)
    assert breaker.state == "open"


def test_one_probe_is_let_through_at_a_time(breaker: Breaker, clock: HandClock) -> None:
    record(breaker, failures=20)
    assert breaker.seconds_to_probe() == 15
    clock.now += 14
    assert (breaker.admit(), breaker.seconds_to_probe()) == (Admission.WAIT, 1)
    clock.now += 1
    assert breaker.seconds_to_probe() == 0
    assert [breaker.admit() for _ in range(3)] == [Admission.PROBE, Admission.WAIT, Admission.WAIT]
    assert (breaker.state, breaker.seconds_to_probe()) == ("half_open", 1)


def test_a_probe_that_fails_is_followed_by_another_wait(breaker: Breaker, clock: HandClock) -> None:
    record(breaker, failures=20)
    for _ in range(3):
        clock.now += 15
        assert breaker.admit() is Admission.PROBE
        breaker.record(False)
        assert (breaker.admit(), breaker.seconds_to_probe()) == (Admission.WAIT, 15)
    assert breaker.open_for() == 45


def test_a_probe_that_succeeds_forgets_what_was(breaker: Breaker, clock: HandClock) -> None:
    record(breaker, failures=20)
    clock.now += 15
    breaker.admit()
    breaker.record(True)
    assert (breaker.state, breaker.open_for(), breaker.seconds_to_probe()) == ("closed", 0, 0)
    record(breaker, failures=19)
    assert breaker.admit() is Admission.PASS


def test_the_results_of_requests_from_before_say_nothing(breaker: Breaker, clock: HandClock) -> None:
    before = breaker.era
    record(breaker, failures=20)
    clock.now += 15
    breaker.admit()
    probing = breaker.era
    breaker.record(True, before)
    assert breaker.state == "half_open"
    breaker.record(True, probing)
    assert breaker.state == "closed"
    for _ in range(40):
        breaker.record(False, before)
        breaker.record(False, probing)
    assert breaker.state == "closed"


def test_it_counts_in_little_memory(breaker: Breaker, clock: HandClock) -> None:
    def work() -> None:
        for _ in range(20_000):
            clock.now += 0.05
            breaker.record(True)

    work()
    tracemalloc.start()
    work()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 50_000


class _ScaledClock:
    """Runs such that our window is 120 of its seconds: the oracle counts by the second, we by 1/120th."""

    def __init__(self, clock: HandClock, policy: BreakerPolicy) -> None:
        self._clock = clock
        self.factor = 120 / policy.window_seconds

    def monotonic(self) -> float:
        return self._clock.monotonic() * self.factor


_STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.25, 1.0, 5.0, 14.75, 15.0, 16.0, 40.0, 130.0])),
    st.tuples(st.just("ask"), st.just(0)),
    st.tuples(st.just("succeed"), st.integers(0, 5)),
    st.tuples(st.just("fail"), st.integers(0, 5)),
)
_PHASES = st.lists(_STEPS, max_size=30) | st.integers(1, 30).map(
    # enough of one kind in a row to open it
    lambda count: [("ask", 0), ("fail", 0)] * count
)


@given(
    st.lists(_PHASES, max_size=12),
    st.sampled_from([30.0, 60.0, 120.0, 240.0]),
    st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.75, 0.9]),
    st.integers(1, 12),
)
def test_it_does_what_a_known_breaker_does(
    phases: list[list[tuple[str, float]]], window: float, share: float, least: int
) -> None:
    """Requests overlap and answer in any order, some after the state has changed; times are exact floats.

    Made comparable: the oracle opens at its threshold and we above it, so it is given the next greater one;
    it has one probe decide, as we do, and its clock is scaled to its buckets of a second. It is asked below
    its public class, because only there calls can overlap without threads.
    """
    clock = HandClock()
    policy = BreakerPolicy(failure_share=share, window_seconds=window, min_requests=least, probe_seconds=15)
    scaled = _ScaledClock(clock, policy)
    oracle = StateMachine(
        config=Config(
            failure_rate_threshold=math.nextafter(share, 1),
            minimum_number_of_calls=least,
            permitted_calls_in_half_open=1,
            wait_duration_in_open=policy.probe_seconds * scaled.factor,
            window_type=WindowType.TIME_BASED,
            window_size=120,
        ),
        clock=scaled,
    )
    breaker = Breaker(policy, clock)
    under_way: list[tuple[int, int]] = []
    for kind, value in (step for phase in phases for step in phase):
        if kind == "pass":
            clock.now += value
        elif kind == "ask":
            admission = breaker.admit()
            assert (admission is not Admission.WAIT) == oracle.acquire()
            assert (admission is Admission.PROBE) == (
                breaker.state == "half_open" and admission is not Admission.WAIT
            )
            if admission is not Admission.WAIT:
                under_way.append((breaker.era, oracle.generation))
        elif under_way:
            era, generation = under_way.pop(int(value) % len(under_way))
            breaker.record(kind == "succeed", era)
            outcome = Outcome.SUCCESS if kind == "succeed" else Outcome.FAILURE
            oracle.record(outcome, generation=generation)
        assert breaker.state == oracle.state
        if breaker.state == "open":
            assert breaker.seconds_to_probe() * scaled.factor == oracle.retry_after()
