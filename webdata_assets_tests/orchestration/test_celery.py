"""Runs whose steps two Celery workers carry out: as good as in one process, also when a worker is killed."""

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.cli.instance import execute, open_instance
from webdata_assets.definitions import build_defs
from webdata_assets.demo.server import DemoSite
from webdata_assets.errors import PermanentError
from webdata_assets.orchestration.work import QUEUES
from webdata_assets.partitions import Partition
from webdata_assets_tests.orchestration.place import Place, wait_until
from webdata_assets_tests.servers.celery_workers import CeleryWorker, celery_workers
from webdata_assets_tests.servers.redis import RedisServer

pytest.importorskip("dagster_celery", reason="needs the extra celery")

PARTITION = Partition(dt.date(2026, 6, 1), "demo_shop")
CRAWL_STEPS = ("frontier", "crawl_pages")
LOST_SECONDS = 12


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def place(tmp_path: Path, encoder_folder: Path, demo_site: DemoSite, redis: RedisServer) -> Place:
    address = redis.address.removesuffix("/0")
    return Place.make(
        tmp_path / "place", demo_site, encoder_folder, executor="celery",
        celery_broker=f"{address}/0", celery_backend=f"{address}/1", celery_lost_seconds=str(LOST_SECONDS),
    )  # fmt: skip


@pytest.fixture
def plain(tmp_path: Path, encoder_folder: Path) -> Iterator[Place]:
    """The same in this process, on a site of its own."""
    with DemoSite() as site:
        yield Place.make(tmp_path / "plain", site, encoder_folder)


@pytest.fixture
def workers(place: Place) -> Iterator[dict[str, CeleryWorker]]:
    with celery_workers(*QUEUES, folder=place.folder, environment=place.environment) as running:
        yield running


@pytest.mark.slow
def test_two_workers_do_what_one_process_does_and_a_killed_one_costs_nothing_twice(
    place: Place,
    plain: Place,
    workers: dict[str, CeleryWorker],
    monkeypatch: pytest.MonkeyPatch,
):
    plain.run_here(PARTITION)
    settings = place.enter(monkeypatch)

    def cut_power() -> None:
        wait_until("half of the crawl", lambda: len(place.site.requests) >= 20)
        workers["crawl"].kill()

    with ThreadPoolExecutor(1) as beside, open_instance(settings) as instance:
        cut = beside.submit(cut_power)
        outcome = execute(build_defs(settings=settings), instance, CRAWL, partition=PARTITION)
        cut.result()
    assert not outcome.success
    assert f"nothing is known of the step for {LOST_SECONDS} s" in str(outcome.error)
    again = CeleryWorker("crawl", place.folder / "home", place.environment)
    try:
        again.wait()
        assert place.retry()
    finally:
        again.stop()
    with open_instance(settings) as instance:
        runs = [run.run_id for run in instance.get_runs()]
        assert len(runs) == 2
        for run_id in runs:
            assert queues_of(instance, run_id) == {
                step: "crawl" if step in CRAWL_STEPS else "compute" for step in steps_of(instance, run_id)
            }
        finished = steps_of(instance, runs[0])
    assert "crawl_pages" in finished
    assert len(finished - set(CRAWL_STEPS)) > 1
    assert place.store.content_hashes() == plain.store.content_hashes()
    asked, plainly = place.asked(), plain.asked()
    assert set(asked) == set(plainly)
    assert asked.total() - plainly.total() <= 4, "no more than what was in flight is asked for twice"


def steps_of(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    starts = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_START)
    return {entry.step_key for entry in starts if entry.step_key}


def queues_of(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Return step → the queue that the executor says it was handed to."""
    told = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    lines = [(entry.step_key, entry.message) for entry in told if "Submitting celery task" in entry.message]
    return {step: line.rpartition('to queue "')[2].rstrip('".') for step, line in lines if step}


def test_a_step_that_nobody_knows_of_is_lost_and_one_in_the_queue_is_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    from webdata_assets.errors import TransientError
    from webdata_assets.orchestration.celery_steps import WatchedStep, worker_application

    app = worker_application(place.enter(monkeypatch))
    waiting = app.send_task("execute_plan", queue="crawl")
    now = [0.0]
    queued = WatchedStep(app, waiting, "crawl", LOST_SECONDS, clock=lambda: now[0])
    unknown = WatchedStep(app, app.AsyncResult("of-nobody"), "compute", LOST_SECONDS, clock=lambda: now[0])
    for now[0] in (5.0, 10.0, 15.0):
        assert not queued.ready()
        assert unknown.ready() == (now[0] > LOST_SECONDS)
    with pytest.raises(TransientError, match="last with queue compute"):
        unknown.get()


def test_no_step_waits_behind_another_at_a_busy_worker(place: Place, monkeypatch: pytest.MonkeyPatch):
    from celery.contrib.testing.worker import start_worker

    from webdata_assets.orchestration.celery_steps import (
        CeleryStepsExecutor,
        WatchedStep,
        application,
    )

    app = application(CeleryStepsExecutor(place.enter(monkeypatch)))
    at_work, done = Event(), Event()

    @app.task(name="busy")
    def busy() -> None:
        at_work.set()
        done.wait(60)

    with start_worker(app, concurrency=1, pool="threads", queues=["crawl"], perform_ping_check=False):
        app.send_task("busy", queue="crawl")
        assert at_work.wait(30)
        second = app.send_task("busy", queue="crawl")
        time.sleep(2)
        try:
            assert WatchedStep(app, second, "crawl", LOST_SECONDS)._waiting() == 1
        finally:
            done.set()
        second.get(timeout=30)


def test_a_worker_with_another_storage_says_so(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from webdata_assets.orchestration import celery_steps

    app = celery_steps.worker_application(place.enter(monkeypatch))
    monkeypatch.setattr(celery_steps, "run_of", lambda _: "of-another-deployment")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(PermanentError, match="WEBDATA_DAGSTER_STORAGE"):
        app.tasks["execute_plan"]()
    with dg.DagsterInstance.get() as instance:
        assert celery_steps._ended(instance, ["of-another-deployment"]) == set()
