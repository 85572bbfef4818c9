"""Maintenance and rollback of a store in an object store."""

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store import Store
from webdata_assets.store.rollback import roll_back
from webdata_assets_tests.store.maintenance.conftest import append_vectors
from webdata_assets_tests.store.rows import SHOP, admit, frame, put, row


def test_maintenance_and_rollback_work_in_an_object_store(s3_server, maintained):
    store = Store.open(s3_server.uri, options=s3_server.options)
    for number in (1, 2):
        put(store, "frontier", frame("frontier", *(row("frontier", SHOP, at) for at in range(number))))
        admit(store, "frontier", schema=number == 1)
    append_vectors(store, 3)
    store.blobs.put(b"\0young")
    before, vectors = store.content_hashes(), store.tables.read(VECTORS)
    told = maintained(store).rows_by_key("layer", named=True, unique=True)
    assert store.content_hashes() == before
    assert store.tables.read(VECTORS).equals(vectors)
    assert told["vectors"]["compacted_partitions"] == told["vectors"]["files"] == 1
    assert told["blobs"]["files"] == 1
    [back] = roll_back(store, "frontier", 1, SHOP)
    assert (back.rows, back.admitted) == (1, True)
    assert store.read_admitted(TABLES["frontier"], SHOP).height == 1
