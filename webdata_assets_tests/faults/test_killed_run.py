"""A run that is killed in any stage: another brings the partition to its end, as if nothing had happened."""

import datetime as dt
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webdata_assets.automation.tags import KILLED_TAG
from webdata_assets.cli.instance import open_instance
from webdata_assets.cli.partitions import run_partition
from webdata_assets.demo.server import DemoSite
from webdata_assets.orchestration.identity import PROCESS_TAG, ProcessIdentity
from webdata_assets.partitions import Partition
from webdata_assets.settings import Settings
from webdata_assets.sources.registry import load_sources
from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.faults.killable import STAGES

PARTITION = Partition(dt.date(2026, 6, 4), "demo_shop")
IN_FLIGHT = load_sources(Settings().sources).get(PARTITION.source).fetch.concurrency
KILL_SECONDS = 200


@dataclass(frozen=True)
class Folder:
    """A store and a home, which processes find by their settings."""

    path: Path
    site: DemoSite

    @property
    def variables(self) -> dict[str, str]:
        return {
            "WEBDATA_STORE": str(self.path / "store"),
            "WEBDATA_HOME": str(self.path / "home"),
            "WEBDATA_CONNECT_TO": ",".join(f"{host}={to}" for host, to in self.site.connect_to.items()),
        }

    @property
    def store(self) -> Store:
        return Store.open(self.variables["WEBDATA_STORE"])

    def run(self, monkeypatch: pytest.MonkeyPatch, *, replay: bool = False) -> dict[str, Any]:
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)
        return run_partition(PARTITION.source, PARTITION.date, replay=replay)

    def kill(self, stage: str) -> None:
        """Run the partition in a process of its own, which is killed at the stage."""
        command = [sys.executable, "-m", "webdata_assets_tests.faults.killable", stage]
        command += [PARTITION.source, PARTITION.date.isoformat()]
        ended = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **self.variables},
            timeout=KILL_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    def asked(self) -> Counter[str]:
        """Return how often each page was asked for."""
        return Counter(visit.path for visit in self.site.requests if visit.path != "/robots.txt")


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job
def idle() -> None:
    """A job for runs that only exist."""
    nothing()


@pytest.fixture(autouse=True)
def own_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def folder(tmp_path: Path, encoder_folder: Path, demo_site: DemoSite) -> Folder:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    return Folder(tmp_path, demo_site)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path
) -> Iterator[tuple[dict[str, str], Counter[str]]]:
    """Content hashes of every table, and what was asked for, of a run that nobody killed."""
    path = tmp_path_factory.mktemp("undisturbed")
    (path / "home").mkdir()
    (path / "home" / "encoders").symlink_to(encoder_folder)
    with DemoSite() as site, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        whole = Folder(path, site)
        assert whole.run(monkeypatch)["admitted"]
        yield whole.store.content_hashes(), whole.asked()


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_is_brought_to_its_end_by_another(
    stage: str,
    folder: Folder,
    undisturbed: tuple[dict[str, str], Counter[str]],
    monkeypatch: pytest.MonkeyPatch,
):
    hashes, pages = undisturbed
    folder.kill(stage)
    assert (folder.asked().total() == 0) == (stage == "after the frontier")
    # what was admitted before the end is not fetched again: the later stages read stored payloads
    report = folder.run(monkeypatch, replay=stage == "in embeddings")
    assert report["admitted"], report["problems"]
    assert folder.store.content_hashes() == hashes
    assert not folder.store.location.spool(PARTITION).scratch.exists()

    assert set(folder.asked()) == set(pages)
    twice = folder.asked().total() - pages.total()
    assert 0 <= twice <= (IN_FLIGHT if stage == "in the crawl" else 0)

    with open_instance(Settings()) as instance:
        killed, finished = reversed(instance.get_runs())
    assert (killed.status, finished.status) == (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)
    assert KILLED_TAG in killed.tags
    assert KILLED_TAG not in finished.tags


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_run_whose_process_is_dead_holds_no_slot(status: dg.DagsterRunStatus, tmp_path: Path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    settings = Settings(home=tmp_path)
    with open_instance(settings) as instance:
        run_id = str(uuid.uuid4())
        tags = {PROCESS_TAG: f"{run_id}@{replace(ProcessIdentity.own(), pid=ended.pid)}"}
        dead = instance.create_run_for_job(idle, run_id=run_id, status=status, tags=tags)
        foreign = instance.create_run_for_job(idle, status=status)
    with open_instance(settings) as instance:
        found = {run.run_id: run for run in instance.get_runs()}
    assert found[dead.run_id].status is dg.DagsterRunStatus.FAILURE
    assert KILLED_TAG in found[dead.run_id].tags
    assert found[foreign.run_id].status is status
