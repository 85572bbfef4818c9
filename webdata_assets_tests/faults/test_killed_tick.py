"""The daemon killed while a sensor's tick requests repairs: none is lost, and none is made twice."""

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
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon, running_daemon
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
    """A deployment on disk, whose one source lacks its page until the fault server has it."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    home = ensure_dagster_home(Settings(home=tmp_path / "home"))
    with FaultServer() as site, dg.DagsterInstance.from_config(str(home)) as instance:
        deployment = Deployment(tmp_path, instance, {HOST: "127.0.0.1:1"})
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
        site.add(f"{HOST}/page", page(PAGE))
        deployment.site_address = site.address  # type: ignore[attr-defined]
        yield deployment


def fail(deployment: Deployment, partitions: list[str]) -> None:
    """Crawl while nobody listens; from then on the site answers."""
    for key in partitions:
        assert "pages.completeness" in deployment.run(CRAWL, key).failed_checks
    deployment.connect_to = {HOST: deployment.site_address}  # type: ignore[attr-defined]


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
        daemon.wait("all repairs", lambda: repaired(deployment) == set(partitions), seconds=patience)
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
    partitions = keys(4)
    fail(lasting, partitions)
    kill_and_repair(lasting, partitions, [1])


@pytest.mark.soak
def test_ticks_killed_at_any_moment_lose_no_repair_and_double_none(lasting: Deployment):
    partitions = keys(12)
    fail(lasting, partitions)
    chance = random.Random(11)
    kill_and_repair(lasting, partitions, sorted(chance.sample(range(1, 12), 3)))
