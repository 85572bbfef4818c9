"""Tables and ledger on a real S3 server: writers in processes of their own lose nothing."""

import subprocess
import sys
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.servers.s3 import S3Place
from webdata_assets_tests.store.rows import BLOG, SHOP

TIMES = 5
FRONTIER = TABLES["frontier"]


def test_writers_of_different_partitions_and_of_the_ledger_lose_nothing(
    s3_server: S3Place, tmp_path: Path
) -> None:
    module = "webdata_assets_tests.object_store.writer"
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", module, s3_server.uri, str(tmp_path), partition.key, str(TIMES)],
            cwd=REPOSITORY,
        )
        for partition in (SHOP, BLOG)
    ]
    assert [process.wait(180) for process in processes] == [0, 0]
    store = Store.open(s3_server.uri, options=s3_server.options)
    for partition in (SHOP, BLOG):
        assert store.tables.read_partition(FRONTIER, partition).height == TIMES
    states = store.ledger.states(FRONTIER)
    assert states["admitted"].to_list() == [True, True]
    assert states["rows"].to_list() == [TIMES, TIMES]
    commits = DeltaTable(store.location.table("frontier"), storage_options=s3_server.options).history()
    assert sum("run_id" in commit for commit in commits) == 2 * TIMES
    assert store.scan_admitted(FRONTIER).select(pl.len()).collect().item() == 2 * TIMES
