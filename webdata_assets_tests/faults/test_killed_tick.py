"""The daemon killed while a sensor's tick requests repairs: none is lost, and none is made twice."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.tags import REPAIR_TAG
from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon, running_daemon
from webdata_assets_tests.automation.history import HOUR, History
from webdata_assets_tests.automation.trained import write_task
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer

HOST = "killed.test"
SECONDS = 300
PAGE = "<title>A page</title><article><h1>A page</h1><p>A few words of text to be read here.</p></article>"


def keys(count: int) -> list[str]:
    return [f"2026-06-{day:02}|killed" for day in range(1, count + 1)]


@pytest.fixture
def lasting(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment on disk, with one source of one page."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    home = ensure_dagster_home(Settings(home=tmp_path / "home"))
    with FaultServer() as site, dg.DagsterInstance.from_config(str(home)) as instance:
        deployment = Deployment(tmp_path, instance, {HOST: site.address})
        deployment.write_source(
            {
                "name": "killed",
                "description": "One page of any date",
                "start": "2026-06-01",
                "as_of": {"header": "X-As-Of"},
                "allow_private": True,
                "fetch": {
                    "discover": [{"by": "urls", "start": [f"http://{HOST}/page"]}],
                    "max_attempts": 1,
                    "breaker": {"max_wait_seconds": 0.2},
                    "requests_per_second": 100,
                },
                "extract": {"kind": "document", "fields": {"title": "h1"}},
            }
        )
        # no retraining beside the repairs
        deployment.task = write_task(tmp_path)
        site.add(f"{HOST}/page", page(PAGE))
        yield deployment


def fail(deployment: Deployment, partitions: list[str]) -> None:
    """Write into the ledger that the pages of these partitions were incomplete an hour ago."""
    history = History(deployment, deployment.store)
    at = dt.datetime.now(dt.UTC) - HOUR
    for key in partitions:
        partition = Partition.from_key(key)
        history.write("frontier", at, partition=partition)
        history.write("pages", at, partition=partition, failed=("completeness",))
    wanted = {(repair.partition.key, repair.job) for repair in history.repairs(dt.datetime.now(dt.UTC))}
    assert wanted == {(key, CRAWL) for key in partitions}


def is_requesting(daemon: Daemon, runs: int) -> bool:
    """Whether a tick of the sensor is under way and has created that many runs at least."""
    states = [
        each for each in daemon.instance.all_instigator_state() if each.instigator_name == "recrawl_sensor"
    ]
    if not states or len(daemon.runs(CRAWL)) < runs:
        return False
    [state] = states
    [tick] = daemon.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    return tick.status is TickStatus.STARTED


def succeeded(daemon: Daemon) -> set[str]:
    return {run.tags[REPAIR_TAG] for run in daemon.runs(CRAWL) if run.is_success}


def repaired(deployment: Deployment) -> set[str]:
    admitted = deployment.store.ledger.admitted(TABLES["pages"])
    return {f"{date}|{source}" for date, source in admitted.select("date", "source").iter_rows()}


def kill_and_repair(deployment: Deployment, partitions: list[str], kills: list[int]) -> None:
    """Kill the daemon once for each number of runs that its tick has created by then; then let it end."""
    for runs in kills:
        with running_daemon(deployment, deployment.settings.dagster_home) as daemon:
            daemon.wait(f"a tick with {runs} runs", partial(is_requesting, daemon, runs), seconds=SECONDS)
            daemon.kill()
    with running_daemon(deployment, deployment.settings.dagster_home) as daemon:
        patience = SECONDS * max(1, len(partitions) // 4)
        # the runs first: the ledger costs more to look at
        daemon.wait("all runs", lambda: succeeded(daemon) >= set(partitions), seconds=patience)
        assert repaired(deployment) == set(partitions)
        daemon.wait("quiet", lambda: all(run.is_finished for run in daemon.runs(CRAWL)), seconds=SECONDS)
        before = len(daemon.ticks("recrawl_sensor"))
        daemon.wait(
            "two more ticks", lambda: len(daemon.ticks("recrawl_sensor")) >= before + 2, seconds=SECONDS
        )
        assert_once(daemon, partitions)


def assert_once(daemon: Daemon, partitions: list[str]) -> None:
    """Each partition was asked for once; a run that was killed while it ran is the one that is repeated."""
    runs = daemon.runs(CRAWL)
    asked = [run for run in runs if "dagster/parent_run_id" not in run.tags]
    run_keys = Counter(run.tags["dagster/run_key"] for run in asked)
    assert set(run_keys.values()) == {1}, daemon.report()
    assert {run.tags[REPAIR_TAG] for run in asked} == set(partitions), daemon.report()
    succeeded = Counter(run.tags[REPAIR_TAG] for run in runs if run.is_success)
    assert succeeded == Counter(partitions), daemon.report()


@pytest.mark.slow
def test_a_tick_that_was_killed_loses_no_repair_and_doubles_none(lasting: Deployment):
    partitions = keys(3)
    fail(lasting, partitions)
    kill_and_repair(lasting, partitions, [1])


@pytest.mark.soak
def test_ticks_killed_at_any_moment_lose_no_repair_and_double_none(lasting: Deployment):
    partitions = keys(12)
    fail(lasting, partitions)
    chance = random.Random(11)
    kill_and_repair(lasting, partitions, sorted(chance.sample(range(1, 12), 3)))
