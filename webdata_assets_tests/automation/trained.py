"""A deployment that has learnt once, and a daemon's retrainings of it.

What belongs here: what tests of triggers need to set up and to watch. What does not: assertions of causes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from webdata_assets.automation.jobs import CRAWL, RETRAIN
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.demo.server import DemoSite
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon
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


def train_once(folder: Path, encoders: Path) -> None:
    """Make a deployment with one admitted partition and a champion that was trained on it."""
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoders)
    write_task(folder)
    with DemoSite() as site, opened(folder) as deployment:
        deployment.connect_to = dict(site.connect_to)
        deployment.take_packaged("demo_shop", "demo_blog")
        assert deployment.run(CRAWL, LEARNT).success
        assert deployment.run(RETRAIN).success


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
