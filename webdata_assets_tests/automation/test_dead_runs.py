"""Runs whose process is gone, and runs that only look so."""

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.dead_runs import SILENT_SECONDS, end_dead_runs
from webdata_assets.automation.tags import KILLED_TAG
from webdata_assets.orchestration.identity import PROCESS_TAG, ProcessIdentity, is_gone, process_tag

LAUNCHED = {".dagster/repository": "__repository__@webdata"}


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job
def idle() -> None:
    """A job for runs that only exist."""
    nothing()


@pytest.fixture
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture(scope="module")
def ended() -> ProcessIdentity:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return replace(ProcessIdentity.own(), pid=process.pid)


def start(
    instance: dg.DagsterInstance,
    identity: ProcessIdentity,
    *,
    launched: bool = True,
    named: str | None = None,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
) -> str:
    run_id = str(uuid.uuid4())
    tags = {PROCESS_TAG: f"{named or run_id}@{identity}", **(LAUNCHED if launched else {})}
    return instance.create_run_for_job(idle, run_id=run_id, status=status, tags=tags).run_id


def tags_of(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return dict(run.tags)


def test_a_run_whose_process_is_gone_is_reported_as_failed(
    instance: dg.DagsterInstance, ended: ProcessIdentity
):
    dead = start(instance, ended)
    assert end_dead_runs(instance) == [dead]
    run = instance.get_run_by_id(dead)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert end_dead_runs(instance) == []


def test_what_a_command_ran_is_no_attempt_and_what_dagster_launched_is_one(
    instance: dg.DagsterInstance, ended: ProcessIdentity
):
    launched, commanded = start(instance, ended), start(instance, ended, launched=False)
    end_dead_runs(instance)
    assert KILLED_TAG not in tags_of(instance, launched)
    assert KILLED_TAG in tags_of(instance, commanded)


def test_a_run_whose_process_lives_or_was_never_told_is_left_alone(instance: dg.DagsterInstance):
    start(instance, ProcessIdentity.own())
    instance.create_run_for_job(idle, status=dg.DagsterRunStatus.STARTED, tags=LAUNCHED)
    assert end_dead_runs(instance) == []


def test_a_retry_that_took_over_the_tags_of_a_dead_run_is_left_alone(
    instance: dg.DagsterInstance, ended: ProcessIdentity
):
    start(instance, ended, named=str(uuid.uuid4()), status=dg.DagsterRunStatus.NOT_STARTED)
    assert end_dead_runs(instance) == []


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of a socket on which a server listens, until it is closed and stays behind."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(address := f"{folder}/server")
        server.listen()
        yield address


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_run_that_died_with_its_code_server_before_it_told_its_process_is_reported_as_failed(
    instance: dg.DagsterInstance, listening: str, status: dg.DagsterRunStatus
):
    def starting(address: str) -> str:
        tags = {**LAUNCHED, ".dagster/grpc_info": json.dumps({"host": "localhost", "socket": address})}
        return instance.create_run_for_job(idle, status=status, tags=tags).run_id

    starting(listening)
    dead = starting(f"{listening}-of-a-server-that-is-gone")
    now = dt.datetime.now(dt.UTC)
    later = now + dt.timedelta(seconds=SILENT_SECONDS + 1)
    assert end_dead_runs(instance, now=now) == []
    # another machine's socket is not to be found here either
    assert end_dead_runs(instance) == []
    assert end_dead_runs(instance, now=later) == [dead]


@pytest.mark.parametrize("changed", [{"host": "another"}, {"namespace": "1"}])
def test_a_run_in_another_container_or_on_another_machine_is_left_alone(
    instance: dg.DagsterInstance, ended: ProcessIdentity, changed: dict[str, str]
):
    start(instance, replace(ended, **changed))
    assert end_dead_runs(instance) == []


def test_a_run_from_before_the_machine_was_booted_is_dead(instance: dg.DagsterInstance):
    dead = start(instance, replace(ProcessIdentity.own(), boot="an-earlier-one", namespace="1"))
    assert end_dead_runs(instance) == [dead]


def test_a_later_process_with_the_same_id_is_another_one():
    own = ProcessIdentity.own()
    assert not is_gone(own)
    assert is_gone(replace(own, started="1"))


def test_a_process_that_ended_and_is_not_reaped_is_gone():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert process.stdin
    started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    identity = replace(ProcessIdentity.own(), pid=process.pid, started=started)
    assert not is_gone(identity)
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(identity)
    process.wait()


def test_an_identity_is_read_as_it_was_written():
    identity = replace(ProcessIdentity.own(), host="a/host")
    assert ProcessIdentity.parse(str(identity)) == identity
    assert ProcessIdentity.parse("4711-12345") is None
    assert process_tag("run")[PROCESS_TAG] == f"run@{ProcessIdentity.own()}"
