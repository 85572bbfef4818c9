"""The store of shared rates: slots in order, delays, clocks that jump, and files that are not in order."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyrate_limiter import GCRA, Rate

from webdata_assets.errors import FailureDomain
from webdata_assets.stages.crawl.politeness.rate_store import MAX_AHEAD_SECONDS, RateStoreError
from webdata_assets.stages.crawl.politeness.rate_store_sqlite import SqliteRateStore


class WallClock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def store(tmp_path: Path, clock: WallClock) -> Iterator[SqliteRateStore]:
    opened = SqliteRateStore(tmp_path / "new" / "rates.sqlite", clock)
    yield opened
    opened.close()


def approx(seconds: float) -> object:
    return pytest.approx(seconds, abs=1e-5)


def test_slots_follow_each_other_and_start_now_when_none_is_reserved(
    store: SqliteRateStore, clock: WallClock
) -> None:
    assert [store.reserve("a", 0.5, 1) for _ in range(3)] == [0, approx(0.5), approx(1)]
    clock.now += 60
    assert store.reserve("a", 0.5, 1) == 0


def test_hosts_have_slots_of_their_own(store: SqliteRateStore) -> None:
    assert [store.reserve(host, 0.5, 1) for host in ("a", "b", "a'); DROP TABLE hosts; --")] == [0, 0, 0]


def test_a_batch_takes_its_slots_at_once(store: SqliteRateStore) -> None:
    store.reserve("a", 0.1, 10)
    assert store.reserve("a", 0.1, 1) == approx(1)


def test_neighbours_keep_the_wider_of_their_two_spacings(store: SqliteRateStore) -> None:
    spacings = (0.1, 2.0, 0.1, 0.1)
    assert [store.reserve("a", spacing, 1) for spacing in spacings] == [0, approx(2), approx(4), approx(4.1)]


def test_a_delay_holds_all_and_a_shorter_one_does_not_end_it(
    store: SqliteRateStore, clock: WallClock
) -> None:
    store.delay("a", 60)
    store.delay("a", 1)
    assert store.delay_left("a") == approx(60)
    assert [store.reserve("a", 0.5, 1) for _ in range(2)] == [approx(60), approx(60.5)]
    assert store.delay_left("b") == 0
    clock.now += 61
    assert store.delay_left("a") == 0


def test_a_hostile_delay_is_capped(store: SqliteRateStore) -> None:
    store.delay("a", float("inf"))
    assert store.reserve("a", 0.5, 1) == approx(MAX_AHEAD_SECONDS)


def test_a_clock_that_is_set_back_makes_nobody_wait_for_it(store: SqliteRateStore, clock: WallClock) -> None:
    store.delay("a", 60)
    store.reserve("b", 0.5, 4)
    clock.now -= 3600
    assert store.delay_left("a") == approx(60)
    assert store.reserve("a", 0.5, 1) == approx(60)
    assert store.reserve("b", 0.5, 1) == approx(2)


def test_a_clock_that_was_a_year_ahead_for_a_while_is_forgiven(
    store: SqliteRateStore, clock: WallClock
) -> None:
    clock.now += 365 * 86400
    store.reserve("a", 0.5, 1)
    clock.now -= 365 * 86400
    assert store.reserve("a", 0.5, 1) == approx(0.5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 1000))
def test_slots_are_those_of_the_generic_cell_rate_algorithm(
    store: SqliteRateStore, clock: WallClock, pauses: list[int], rate: int
) -> None:
    """A known limiter admits at a slot, and not a millisecond before; it counts in whole milliseconds."""
    host = f"{rate} {pauses}"
    limits, algorithm = [Rate(rate, 1000 * rate, burst=1)], GCRA()
    state = algorithm.initial(limits)
    for pause in pauses:
        clock.now += pause / 1000
        slot = round((clock.now + store.reserve(host, 1.0, 1)) * 1000)
        assert not algorithm.step(limits, state, slot - 1, 1)[1].allowed or slot == round(clock.now * 1000)
        state, decision = algorithm.step(limits, state, slot, 1)
        assert decision.allowed


def _overwritten(good: bytes) -> bytes:
    return good[:100] + b"\xff" * (len(good) - 100)


@pytest.mark.parametrize("damage", [lambda _: b"no database" * 1000, _overwritten])
def test_a_file_that_is_damaged_is_named_with_the_remedy(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "rates.sqlite"
    store = SqliteRateStore(path)
    store.reserve("a", 0.5, 1)
    store.close()
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(RateStoreError, match=r"rates\.sqlite .* delete the file") as caught:
        SqliteRateStore(path).reserve("a", 0.5, 1)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_file_that_is_deleted_while_in_use_is_not_written_on(
    store: SqliteRateStore, tmp_path: Path
) -> None:
    store.reserve("a", 0.5, 1)
    (tmp_path / "new" / "rates.sqlite").unlink()
    with pytest.raises(RateStoreError, match="deleted or replaced"):
        store.reserve("a", 0.5, 1)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RateStoreError, match=r"file/rates\.sqlite"):
        SqliteRateStore(tmp_path / "file" / "rates.sqlite")


def test_two_stores_on_one_file_share_its_slots(tmp_path: Path, clock: WallClock) -> None:
    stores = [SqliteRateStore(tmp_path / "rates.sqlite", clock) for _ in range(2)]
    slots = [store.reserve("a", 0.5, 1) for store in stores * 3]
    assert all(later - earlier == approx(0.5) for earlier, later in itertools.pairwise(slots))
