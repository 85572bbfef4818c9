"""Runs whose process is gone, and runs that only look so."""

import os
import subprocess
import sys
import time

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from webdata_assets.automation.dead_runs import end_dead_runs


@dg.job
def idle() -> None:
    pass


@pytest.fixture
def instance(tmp_path_factory: pytest.TempPathFactory):
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


OURS, THEIRS = "__repository__@webdata", "__repository__@another"


def start(instance: dg.DagsterInstance, pid: int | None, repository: str = OURS) -> str:
    tags = {".dagster/repository": repository}
    run = instance.create_run_for_job(idle, status=dg.DagsterRunStatus.STARTED, tags=tags)
    if pid is not None:
        data = EngineEventData.in_process(pid)
        instance.report_engine_event(f"Started process for run (pid: {pid}).", run, data)
    return run.run_id


def test_a_run_whose_process_is_gone_is_reported_as_failed(instance: dg.DagsterInstance):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = start(instance, ended.pid)
    assert end_dead_runs(instance, OURS) == [dead]
    run = instance.get_run_by_id(dead)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert end_dead_runs(instance, OURS) == []


def test_a_run_whose_process_lives_or_was_never_told_is_left_alone(instance: dg.DagsterInstance):
    start(instance, os.getpid())
    start(instance, None)
    assert end_dead_runs(instance, OURS) == []


def test_a_later_process_with_the_same_id_is_another_one(instance: dg.DagsterInstance):
    days_ago = time.time() - 1e6
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("time.time", lambda: days_ago)
        dead = start(instance, os.getpid())
    assert end_dead_runs(instance, OURS) == [dead]


def test_runs_of_another_code_location_may_live_in_another_container(instance: dg.DagsterInstance):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    start(instance, ended.pid, THEIRS)
    assert end_dead_runs(instance, OURS) == end_dead_runs(instance, None) == []
