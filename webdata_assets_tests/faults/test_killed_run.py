"""A run that is killed in any stage: another brings the partition to its end, as if nothing had happened."""

import datetime as dt
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    @contextmanager
    def killable(self) -> Iterator[Callable[[str], None]]:
        """Yield what runs the partition in a process of its own, which is killed at the stage."""
        command = [sys.executable, "-m", "webdata_assets_tests.faults.killable"]
        log = self.path / "killed.log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [*command, PARTITION.source, PARTITION.date.isoformat()],
                cwd=REPOSITORY,
                env={**os.environ, **self.variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            said, answers = process.stdin, process.stdout

            def kill(stage: str) -> None:
                said.write(f"{stage}\n")
                said.flush()
                status = answers.readline()
                assert status, log.read_text()
                assert os.waitstatus_to_exitcode(int(status)) == -signal.SIGKILL, log.read_text()

            yield kill

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


Undisturbed = tuple[dict[str, str], Counter[str]]


@pytest.mark.slow
def test_a_run_killed_in_each_stage_in_turn_is_brought_to_its_end_by_another(
    folder: Folder, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
):
    allowed = 0
    with folder.killable() as kill:
        for stage in STAGES:
            kill(stage)
            assert (folder.asked().total() == 0) == (stage == "after the frontier")
            twice = folder.asked() - Counter(set(folder.asked()))
            allowed += IN_FLIGHT if stage == "in the crawl" else 0
            assert twice.total() <= allowed, stage
    assert_brought_to_its_end(folder, undisturbed, monkeypatch, replay=True, killed=len(STAGES))


@pytest.mark.soak
@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_is_brought_to_its_end_by_another(
    stage: str, folder: Folder, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
):
    _, pages = undisturbed
    with folder.killable() as kill:
        kill(stage)
    assert (folder.asked().total() == 0) == (stage == "after the frontier")
    assert_brought_to_its_end(folder, undisturbed, monkeypatch, replay=stage == "in embeddings", killed=1)
    twice = folder.asked().total() - pages.total()
    assert 0 <= twice <= (IN_FLIGHT if stage == "in the crawl" else 0)


def assert_brought_to_its_end(
    folder: Folder,
    undisturbed: Undisturbed,
    monkeypatch: pytest.MonkeyPatch,
    *,
    replay: bool,
    killed: int,
) -> None:
    """Run the partition once more; all is as if nobody had killed it, and Dagster knows which runs were."""
    hashes, pages = undisturbed
    # what was admitted before the end is not fetched again: the later stages read stored payloads
    report = folder.run(monkeypatch, replay=replay)
    assert report["admitted"], report["problems"]
    assert folder.store.content_hashes() == hashes
    assert not folder.store.location.spool(PARTITION).scratch.exists()
    assert set(folder.asked()) == set(pages)

    with open_instance(Settings()) as instance:
        finished, *dead = instance.get_runs()
    assert finished.status is dg.DagsterRunStatus.SUCCESS
    assert KILLED_TAG not in finished.tags
    assert [run.status for run in dead] == [dg.DagsterRunStatus.FAILURE] * killed
    assert all(KILLED_TAG in run.tags for run in dead)


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
