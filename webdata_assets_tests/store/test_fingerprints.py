"""Reading all fingerprints: only those that nobody wrote meanwhile."""

import pytest

from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.stages.dedup.fingerprint import METHOD
from webdata_assets.store.fingerprints import read_fingerprints
from webdata_assets.store.tables import Tables
from webdata_assets_tests.store.rows import BLOG, SHOP, admit, frame, put, row


def fingerprints(partition):
    return frame("fingerprints", row("fingerprints", partition, method=METHOD))


@pytest.fixture
def admitted(store):
    for partition in (SHOP, BLOG):
        put(store, "fingerprints", fingerprints(partition), partition)
        admit(store, "fingerprints", partition)
    return store


def test_admitted_partitions_are_read(admitted):
    found = read_fingerprints(admitted)
    assert found.rows["source"].sort().to_list() == found.partitions["source"].to_list() == ["blog", "shop"]


def test_a_partition_that_is_written_while_it_is_read_is_left_out(admitted, monkeypatch):
    scan = Tables.scan

    def written_meanwhile(tables, table):
        if table is FINGERPRINTS:
            admitted.ledger.begin_write(
                FINGERPRINTS, SHOP, data_version="0" * 64, code_version=None, rows=1, extracted=None,
                run_id="run",
            )  # fmt: skip
        return scan(tables, table)

    monkeypatch.setattr(Tables, "scan", written_meanwhile)
    found = read_fingerprints(admitted)
    assert found.rows["source"].to_list() == found.partitions["source"].to_list() == ["blog"]
