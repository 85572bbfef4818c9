"""Every trigger of a retraining under a real daemon: it fires, and for one cause it fires once."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from webdata_assets.automation.jobs import CRAWL, PUBLISH, RETRAIN
from webdata_assets.automation.sensors import CAUSE_TAG
from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.demo.server import DemoSite
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon, running_daemon
from webdata_assets_tests.deployment import Deployment

LEARNT, NEW = "2026-06-01|demo_shop", "2026-06-01|demo_blog"
RUN_SECONDS = 200
NEVER = {"after_partitions": 99, "after_repair": False, "on_drift": False, "below_floor": False}


def write_task(folder: Path, *, floor: float = 0.1, **retrain: Any) -> Path:
    task = {
        "name": "topic",
        "description": "The topic of a record",
        "label": {"field": "category"},
        "evaluation": {"group_by": "record", "floor": floor},
        "drift": {"min_rows": 10},
        "retrain": {**NEVER, **retrain},
    }
    path = folder / "task.yaml"
    path.write_text(yaml.safe_dump(task))
    return path


@contextmanager
def opened(folder: Path) -> Iterator[Deployment]:
    dagster_home = ensure_dagster_home(Settings(home=folder / "home"))
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        yield Deployment(folder, instance, {}, task=folder / "task.yaml")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    """A deployment with one admitted partition and a champion that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    write_task(folder)
    with DemoSite() as site, opened(folder) as deployment:
        deployment.connect_to = dict(site.connect_to)
        deployment.take_packaged("demo_shop", "demo_blog")
        assert deployment.run(CRAWL, LEARNT).success
        assert deployment.run(RETRAIN).success
    return folder


@pytest.fixture
def lasting(
    tmp_path: Path, trained: Path, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """A copy of it, with its instance on disk, connected to the demo site."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "deployment"
    shutil.copytree(trained, folder, symlinks=True)
    with opened(folder) as deployment:
        deployment.connect_to = dict(demo_site.connect_to)
        yield deployment


def wait_for_retraining(daemon: Daemon) -> dg.DagsterRun:
    daemon.wait("a retraining", lambda: any(run.is_finished for run in runs(daemon)), seconds=RUN_SECONDS)
    [run] = runs(daemon)
    assert run.is_success, daemon.report()
    return run


def runs(daemon: Daemon) -> list[dg.DagsterRun]:
    """Return every retraining that the daemon launched, oldest first."""
    launched = daemon.instance.get_runs(dg.RunsFilter(job_name=RETRAIN))
    return [run for run in reversed(launched) if CAUSE_TAG in run.tags]


def wait_for_ticks(daemon: Daemon, count: int) -> None:
    before = len(daemon.ticks("retrain_sensor"))
    daemon.wait(
        f"{count} more ticks",
        lambda: len(daemon.ticks("retrain_sensor")) >= before + count,
        seconds=30 * count,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "causes", "publishings"),
    [
        ({"after_partitions": 1}, ("1 newly admitted partitions",), 0),
        ({"on_drift": True}, ("drifted_share", "domain_auc"), 1),
        ({"below_floor": True, "floor": 0.9}, ("metric macro_f1 ",), 1),
    ],
)
def test_the_daemon_retrains_once_for_one_cause(
    lasting: Deployment, rules: dict[str, Any], causes: tuple[str, ...], publishings: int
):
    write_task(lasting.folder, **rules)
    assert lasting.run(CRAWL, NEW).success
    with running_daemon(lasting, lasting.settings.dagster_home) as daemon:
        run = wait_for_retraining(daemon)
        assert run.tags[CAUSE_TAG].startswith(causes)
        wait_for_ticks(daemon, 3)
        assert len(runs(daemon)) == 1, daemon.report()
        assert len(daemon.runs(PUBLISH)) == publishings, daemon.report()


@pytest.mark.slow
def test_the_schedule_of_the_task_retrains_what_is_new_and_then_rests(lasting: Deployment):
    write_task(lasting.folder, schedule="* * * * *")
    assert lasting.run(CRAWL, NEW).success
    with running_daemon(lasting, lasting.settings.dagster_home) as daemon:
        assert wait_for_retraining(daemon).tags["dagster/schedule_name"] == "retrain_schedule"
        since = time.monotonic()
        daemon.wait(
            "a tick of the schedule with nothing new",
            lambda: "since the last training" in (daemon.ticks("retrain_schedule")[-1].skip_reason or ""),
            seconds=150,
        )
        assert time.monotonic() - since < 150
        assert len(runs(daemon)) == 1, daemon.report()
