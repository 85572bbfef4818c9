"""Maintenance beside writers of the same tables: nothing is lost, whoever commits first."""

from concurrent.futures import ThreadPoolExecutor

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store import Store
from webdata_assets_tests.store.maintenance.conftest import append_vectors
from webdata_assets_tests.store.rows import SHOP, frame, put, row

RECORDS = TABLES["records"]


def test_writers_and_maintenance_at_once_lose_no_row(used_store, maintained):
    root = used_store.location.root

    def write() -> None:
        store = Store.open(root)
        for number in range(1, 8):
            put(store, "records", frame("records", *(row("records", SHOP, at) for at in range(number))))
            append_vectors(store, 1)

    held = used_store.tables.read(VECTORS).height
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        while not writer.done():
            maintained(Store.open(root), only=["records", "vectors"])
        writer.result()
    opened = Store.open(root)
    assert opened.tables.read_partition(RECORDS, SHOP).height == 7
    assert opened.tables.read(VECTORS).height == held + 7


def test_a_compaction_that_loses_to_a_writer_is_left_to_the_next_time(used_store, maintained, monkeypatch):
    def lost(*_: object) -> int:
        raise TransientError("cannot compact", failure_domain=FailureDomain.SINK)

    monkeypatch.setattr(type(used_store.tables), "compact", lost)
    told = maintained(used_store, only=["vectors"])
    assert told.item(0, "contested_partitions") == 1
    monkeypatch.undo()
    assert maintained(used_store, only=["vectors"]).item(0, "compacted_partitions") == 1
