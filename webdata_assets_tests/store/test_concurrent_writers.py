"""Writers in processes of their own: first writers that race, and one that is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets.errors import NotAdmittedError
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import BLOG, SHOP, admit, frame, put, row
from webdata_assets_tests.store.writer import WRITERS

FRONTIER = TABLES["frontier"]
ROOT = Path(__file__).parents[2]


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "webdata_assets_tests.store.writer", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_all(*processes: subprocess.Popen[str]) -> None:
    assert len(processes) == WRITERS
    try:
        for process in processes:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_first_writers_that_race_create_one_table_and_lose_nothing(tmp_path):
    rounds = 10
    run_all(*(start("write_first", tmp_path, partition.key, rounds) for partition in (SHOP, BLOG)))
    for round_ in range(rounds):
        store = Store.open(str(tmp_path / f"store-{round_}"))
        assert sorted(store.tables.scan(FRONTIER).collect()["source"]) == ["blog", "shop"]
        assert store.ledger.states(FRONTIER).height == 2


def test_writers_of_different_partitions_lose_nothing(tmp_path):
    times = 12
    run_all(*(start("write_many", tmp_path, partition.key, times) for partition in (SHOP, BLOG)))
    store = Store.open(str(tmp_path / "store"))
    for partition in (SHOP, BLOG):
        assert store.tables.read_partition(FRONTIER, partition).height == times
    assert sum(store.ledger.verdict_counts()) == 0
    assert store.ledger.states(FRONTIER)["rows"].to_list() == [times, times]


def test_a_writer_killed_before_its_commit_leaves_nothing_admitted(tmp_path):
    store = Store.open(str(tmp_path))
    put(store, "frontier", frame("frontier", row("frontier")))
    admit(store, "frontier")
    killed = start("die_before_commit", tmp_path, SHOP.key)
    try:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "begun\n"
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    assert store.ledger.admitted(FRONTIER).height == 0
    assert store.scan_admitted(FRONTIER).collect().height == 0
    with pytest.raises(NotAdmittedError, match="did not run on its newest data"):
        store.read_admitted(FRONTIER, SHOP)
