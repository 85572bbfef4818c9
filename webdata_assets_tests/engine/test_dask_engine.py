"""Dask workers: who works, who is refused, and what happens when machines are gone."""

import importlib
import socket
import sys
import time
from functools import partial

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.engine import dask as dask_engine
from webdata_assets.stages.engine.dask import DaskEngine
from webdata_assets_tests.engine import functions
from webdata_assets_tests.servers.dask import DaskServers


def mapped(address, function=functions.shouted, inputs=("x",), **named):
    engine = DaskEngine(address, **named)
    try:
        return list(engine.map(function, inputs))
    finally:
        engine.close()


def test_both_workers_work(engine, dask):
    pids = {pid for _, pid in engine.map(functions.process_of, range(20))}
    assert pids == {worker.pid for worker in dask.workers}


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(dask_engine, "_CONNECT_SECONDS", 1.0)


def test_an_address_that_nobody_answers_is_told_within_seconds(hasty):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(TransientError, match=f"no Dask scheduler answers at {address}") as caught:
            mapped(address)
    assert caught.value.failure_domain is FailureDomain.RESOURCE
    assert time.monotonic() - begun < 10


def test_a_server_that_is_no_scheduler_is_told_within_seconds(hasty):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(TransientError, match="no Dask scheduler answers"):
            mapped(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("address", ["dask", "redis://127.0.0.1:6379", "tls://127.0.0.1:8786"])
def test_what_is_no_address_is_an_error_of_configuration(address):
    with pytest.raises(PermanentError, match="such as tcp://scheduler:8786") as caught:
        mapped(address)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PermanentError, match=r"webdata_assets\[dask\]"):
        mapped("tcp://127.0.0.1:8786")


def test_a_worker_with_other_code_is_refused(dask, monkeypatch):
    monkeypatch.setattr(dask_engine, "code_version", lambda: "another")
    with pytest.raises(PermanentError, match="runs other code") as caught:
        mapped(dask.address)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_scheduler_that_lacks_the_code_is_told_what_to_install(engine, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def same(given): return given")
    monkeypatch.syspath_prepend(tmp_path)
    same = importlib.import_module("only_here").same
    with pytest.raises(PermanentError, match=r"scheduler at .* cannot import") as caught:
        list(engine.map(same, [1]))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_bug_has_the_traceback_of_the_machine_where_it_happened(engine):
    with pytest.raises(ZeroDivisionError) as caught:
        list(engine.map(functions.broken, [0]))
    assert "functions.py" in caught.value.__notes__[0]


def test_the_inputs_of_a_killed_worker_are_worked_on_by_another(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    with DaskServers(tmp_path / "dask") as servers:
        servers.add_workers(2)
        engine = DaskEngine(servers.address)
        answers = engine.map(partial(functions.noted, notes), range(8))
        assert next(answers) == (0, 0)
        servers.kill_worker(1)
        assert list(answers) == [(number, number) for number in range(1, 8)]
        engine.close()
        killed = servers.workers[1].pid
    begun = [tuple(map(int, note.name.split("-"))) for note in notes.iterdir()]
    assert {number for number, pid in begun if pid != killed} >= {4, 5, 6, 7}
    # lost with it: what it was at, and on a busy machine one answer that nobody had fetched yet
    assert len(begun) <= 10


def test_without_workers_the_wait_has_an_end(tmp_path):
    with DaskServers(tmp_path) as servers:
        with pytest.raises(TransientError, match="no worker has been connected") as caught:
            mapped(servers.address, no_worker_seconds=1)
        assert caught.value.failure_domain is FailureDomain.RESOURCE
        engine = DaskEngine(servers.address)
        answers = engine.map(functions.shouted, ["x"])
        servers.add_workers(1)
        assert list(answers) == [("x", b"X")]
        answers = engine.map(functions.process_of, range(100))
        next(answers)
        servers.kill_scheduler()
        with pytest.raises(TransientError, match="was lost"):
            list(answers)
        engine.close()


def test_a_scheduler_that_is_lost_and_back_is_worked_with_again(tmp_path):
    with DaskServers(tmp_path) as servers:
        servers.add_workers(1)
        engine = DaskEngine(servers.address, no_worker_seconds=5)
        assert list(engine.map(functions.shouted, ["x"])) == [("x", b"X")]
        servers.kill_scheduler()
        for _ in range(2):
            with pytest.raises(TransientError) as caught:
                list(engine.map(functions.shouted, ["x"]))
            assert caught.value.failure_domain is FailureDomain.RESOURCE
        servers.restart_scheduler()
        servers.add_workers(1)
        for attempt in range(10):
            # a busy machine may take longer than that to connect again: the error is transient
            try:
                answers = list(engine.map(functions.shouted, ["x"]))
                break
            except TransientError:
                assert attempt < 9
        assert answers == [("x", b"X")]
        engine.close()
