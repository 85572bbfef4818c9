"""Runs on Celery workers with Dagster on PostgreSQL, while the launcher or PostgreSQL is killed.

What came to an end stands, what had begun goes on from the spool, and nothing is fetched twice.
"""

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.demo.server import DemoSite
from webdata_assets.orchestration.work import QUEUES
from webdata_assets.partitions import Partition
from webdata_assets_tests.orchestration.place import Place, wait_until
from webdata_assets_tests.servers.celery_workers import celery_workers
from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server
from webdata_assets_tests.servers.redis import RedisServer

pytest.importorskip("dagster_celery", reason="needs the extra celery")
pytestmark = pytest.mark.soak

FIRST, SECOND = (Partition(dt.date(2026, 6, day), "demo_shop") for day in (1, 2))
IN_FLIGHT = 4
DOWN_SECONDS = 3


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def place(
    tmp_path: Path, encoder_folder: Path, demo_site: DemoSite, postgres: PostgresServer
) -> Iterator[Place]:
    redis = RedisServer(tmp_path)
    redis.start()
    address = redis.address.removesuffix("/0")
    place = Place.make(
        tmp_path / "place", demo_site, encoder_folder, executor="celery", celery_broker=f"{address}/0",
        celery_backend=f"{address}/1", celery_lost_seconds="12", dagster_storage=postgres.address,
    )  # fmt: skip
    with celery_workers(*QUEUES, folder=place.folder, environment=place.environment):
        yield place
    redis.kill()


@pytest.fixture
def plain(tmp_path: Path, encoder_folder: Path) -> Iterator[Place]:
    with DemoSite() as site:
        plain = Place.make(tmp_path / "plain", site, encoder_folder)
        assert plain.run(FIRST) == plain.run(SECOND) == 0, plain.log()
        yield plain


@pytest.mark.parametrize("victim", ["launcher", "postgresql"])
def test_after_a_kill_amid_the_crawl_the_run_is_finished_and_nothing_is_fetched_twice(
    victim: str, place: Place, plain: Place, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    assert place.run(FIRST) == 0, place.log()
    before = len(place.site.requests)
    launcher = place.start(SECOND)
    wait_until("a third of the crawl", lambda: len(place.site.requests) >= before + 15)
    if victim == "launcher":
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
    else:
        postgres.kill()
        time.sleep(DOWN_SECONDS)
        postgres.start()
        launcher.wait(180)
    place.enter(monkeypatch)
    if launcher.returncode != 0:
        assert place.retry()
    assert place.store.content_hashes() == plain.store.content_hashes()
    assert set(place.asked()) == set(plain.asked())
    assert place.asked().total() - plain.asked().total() <= IN_FLIGHT
