"""Shared rates and breakers on real servers: their clock, their restarts, and four processes at once."""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.politeness import rate_store_postgres, rate_store_redis
from webdata_assets.stages.crawl.politeness.rate_store import (
    MAX_AHEAD_SECONDS,
    RateStore,
    RateStoreError,
    label_of,
)
from webdata_assets.stages.crawl.politeness.shared import open_rate_store
from webdata_assets_tests.crawl.counting_server import CountingServer
from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server
from webdata_assets_tests.servers.redis import PASSWORD, RedisServer

Server = PostgresServer | RedisServer
KINDS = ("postgres", "redis")
SETTLING_SECONDS = 1.1
RATE = 20


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    started: dict[str, Server] = {}
    with postgres_server() as postgres:
        started["postgres"] = postgres
        started["redis"] = redis_server = RedisServer(tmp_path_factory.mktemp("redis"))
        redis_server.start()
        yield started.__getitem__
        redis_server.kill()


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    return servers(request.param)


@pytest.fixture
def store(server: Server) -> Iterator[RateStore]:
    opened = open_rate_store(server.address, Path("unused"))
    _forget(server)
    # a Redis that has just begun gives no slot for a second
    opened.reserve("warm up", 0.001, 1)
    time.sleep(SETTLING_SECONDS if isinstance(server, RedisServer) else 0)
    yield opened
    opened.close()


def _forget(server: Server) -> None:
    if isinstance(server, RedisServer):
        redis.Redis.from_url(server.address).flushall()
        return
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("TRUNCATE webdata_rates, webdata_breakers")


def _move_clock(server: Server, seconds: float) -> None:
    """Make what is stored look as if the server's clock had been that far ahead when it was written."""
    if isinstance(server, RedisServer):
        client = redis.Redis.from_url(server.address, decode_responses=True)
        for key in client.scan_iter("webdata:*"):
            values: dict[str, Any] = client.hgetall(key)  # type: ignore[assignment]
            moved = {name: float(value) + seconds for name, value in values.items() if name != "id"}
            client.hset(key, mapping=moved)
        return
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(
            "UPDATE webdata_rates SET last_slot = last_slot + %(s)s, next_slot = next_slot + %(s)s, "
            "not_before = not_before + %(s)s, written_at = written_at + %(s)s",
            {"s": seconds},
        )
        connection.execute(
            "UPDATE webdata_breakers SET probe_at = probe_at + %(s)s, written_at = written_at + %(s)s",
            {"s": seconds},
        )


def approx(seconds: float) -> object:
    # the server's clock runs on between two calls
    return pytest.approx(seconds, abs=0.3)


def test_slots_follow_each_other_and_start_now_when_none_is_reserved(store: RateStore) -> None:
    assert [store.reserve("a", 5, 1) for _ in range(3)] == [approx(0), approx(5), approx(10)]
    assert store.reserve("b'); DROP TABLE webdata_rates; --", 5, 1) == approx(0)


def test_a_batch_takes_its_slots_at_once(store: RateStore) -> None:
    store.reserve("a", 1, 10)
    assert store.reserve("a", 1, 1) == approx(10)


def test_neighbours_keep_the_wider_of_their_two_spacings(store: RateStore) -> None:
    slots = [store.reserve("a", spacing, 1) for spacing in (1, 20, 1, 1)]
    assert slots == [approx(0), approx(20), approx(40), approx(41)]


def test_a_delay_holds_all_and_a_shorter_one_does_not_end_it(store: RateStore) -> None:
    store.delay("a", 60)
    store.delay("a", 1)
    assert store.delay_left("a") == approx(60)
    assert store.reserve("a", 5, 1) == approx(60)
    assert store.delay_left("b") == 0


def test_a_hostile_delay_is_capped(store: RateStore) -> None:
    store.delay("a", float("inf"))
    assert store.reserve("a", 0.5, 1) == approx(MAX_AHEAD_SECONDS)


def test_a_clock_that_was_set_back_makes_nobody_wait_for_it(store: RateStore, server: Server) -> None:
    store.delay("a", 60)
    store.reserve("b", 5, 4)
    store.open_breaker("c", 30)
    _move_clock(server, 365 * 86_400)
    assert store.delay_left("a") == approx(60)
    assert store.reserve("a", 5, 1) == approx(60)
    assert store.reserve("b", 5, 1) == approx(20)
    assert store.seconds_to_probe("c") == approx(30)


def test_one_process_has_the_probe_that_is_due_until_its_lease_is_over(
    store: RateStore, server: Server
) -> None:
    other = open_rate_store(server.address, Path("unused"))
    assert store.seconds_to_probe("a") is None
    assert not store.claim_probe("a", 5)
    store.open_breaker("a", 0.2)
    assert not other.claim_probe("a", 5)
    time.sleep(0.25)
    assert [store.claim_probe("a", 0.3), other.claim_probe("a", 0.3)] == [True, False]
    time.sleep(0.35)
    assert other.claim_probe("a", 5)
    other.close_breaker("a")
    assert store.seconds_to_probe("a") is None
    other.close()


def test_a_restart_of_the_server_is_waited_for(store: RateStore, server: Server) -> None:
    store.reserve("a", 5, 2)
    server.kill()
    server.start()
    assert store.reserve("b", 5, 1) >= 0


def test_postgres_keeps_what_it_was_told_over_a_kill(servers: Callable[[str], Server]) -> None:
    server = servers("postgres")
    store = open_rate_store(server.address, Path("unused"))
    _forget(server)
    store.delay("a", 600)
    store.open_breaker("b", 600)
    server.kill()
    server.start()
    assert store.delay_left("a") > 500
    assert store.seconds_to_probe("b") == pytest.approx(600, abs=100)
    store.close()


def test_a_redis_that_has_forgotten_gives_no_slot_at_once_and_takes_far_ones_back(
    servers: Callable[[str], Server],
) -> None:
    server = servers("redis")
    store = open_rate_store(server.address, Path("unused"))
    store.reserve("far", 30, 2)
    assert store.delay_left("far") == 0
    server.kill()
    server.start()
    assert store.delay_left("far") > 0
    assert 0.5 < store.reserve("a", 0.01, 1) <= 1
    store.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a server that is away no longer than a moment."""
    monkeypatch.setattr(rate_store_postgres, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(rate_store_redis, "PATIENCE_SECONDS", 0.3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("hasty")
def test_a_server_that_is_away_for_too_long_is_named_without_its_password(kind: str) -> None:
    scheme = "postgresql" if kind == "postgres" else "redis"
    with pytest.raises(RateStoreError, match=f"{scheme}://127.0.0.1:1/.* start the server") as caught:
        open_rate_store(f"{scheme}://me:{PASSWORD}@127.0.0.1:1/0", Path("unused"))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert PASSWORD not in _everything(caught.value)


def test_a_wrong_password_is_told_at_once_without_it(servers: Callable[[str], Server]) -> None:
    address = servers("redis").address.replace(PASSWORD, "wrong-password")
    with pytest.raises(RateStoreError, match="what its user may do") as caught:
        open_rate_store(address, Path("unused"))
    assert "wrong-password" not in _everything(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://me:{PASSWORD}@host/db",
        f"redis://me:{PASSWORD}@host:{PASSWORD}/0",
        f"redis://me:{PASSWORD}@host/0?nonsense={PASSWORD}",
        f"postgresql://me:{PASSWORD}@host/db?nonsense={PASSWORD}",
        f"postgresql://me:{PASSWORD}@127.0.0.1:{PASSWORD}/db",
        f"redis://:12/{PASSWORD}@127.0.0.1:1/0",
    ],
)
@pytest.mark.usefixtures("hasty")
def test_an_address_that_cannot_be_used_is_not_repeated(address: str) -> None:
    with pytest.raises(PermanentError) as caught:
        open_rate_store(address, Path("unused"))
    assert PASSWORD not in _everything(caught.value)


def test_a_label_has_neither_user_nor_password_nor_options() -> None:
    assert label_of("postgresql://me:pw@db.test:5432/rates?password=pw") == "postgresql://db.test:5432/rates"


@pytest.mark.parametrize("separator", ["/", "?", "#"])
def test_a_label_of_a_password_that_should_be_escaped_is_the_scheme_alone(separator: str) -> None:
    assert label_of(f"redis://:12{separator}{PASSWORD}@redis.test:6379/0") == "redis"


def _everything(error: BaseException | None) -> str:
    said = []
    while error is not None:
        said += [str(error), repr(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(said)


async def test_four_processes_keep_one_rate_together_over_a_kill_of_the_server(server: Server) -> None:
    async with CountingServer() as counting:
        arguments = (server.address, str(counting.port), str(RATE))
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "webdata_assets_tests.crawl.sharing_rates", *arguments
            )
            for _ in range(4)
        ]
        try:
            await _reach(counting, 2 * RATE)
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)
            await _reach(counting, len(counting.arrivals) + 2 * RATE)
        finally:
            for process in processes:
                assert process.returncode is None
                process.kill()
                await process.wait()
    assert counting.most_sent_in_a_second() <= RATE
    assert counting.most_arrived_in_two_seconds() <= 2 * RATE
    gaps = [later - earlier for earlier, later in itertools.pairwise(counting.arrivals)]
    assert max(gaps) < 20


async def _reach(counting: CountingServer, arrivals: int) -> None:
    async with asyncio.timeout(40):
        while len(counting.arrivals) < arrivals:
            await asyncio.sleep(0.05)
