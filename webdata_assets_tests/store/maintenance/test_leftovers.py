"""Leftovers: what nothing names goes when it is old; what any version names, or anyone works on, stays."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.store.maintenance import leftovers
from webdata_assets.store.maintenance.leftovers import sweep
from webdata_assets.store.rollback import roll_back
from webdata_assets_tests.store.maintenance.conftest import NOW, age
from webdata_assets_tests.store.rows import SHOP, admit, digest, frame, put, row

OLD, YOUNG = 30, 0.5


def page_with_blob(store, body):
    store.blobs.put(body)
    return frame("pages", row("pages", payload=None, in_blobs=True, payload_hash=digest(body)))


def blob(store, body):
    return store.location.folder("blobs") / digest(body)[:2] / digest(body)


@pytest.mark.parametrize(("days", "stays"), [(YOUNG, True), (OLD, False)])
def test_a_blob_that_no_page_names_goes_once_it_is_old(store, days, stays):
    put(store, "pages", page_with_blob(store, b"\0named"))
    store.blobs.put(b"\0unnamed")
    for body in (b"\0named", b"\0unnamed"):
        age(blob(store, body), days)
    sweep(store, 7, NOW)
    assert blob(store, b"\0named").exists()
    assert blob(store, b"\0unnamed").exists() == stays


def test_a_blob_that_only_an_earlier_version_names_stays_as_long_as_that_version(store):
    put(store, "pages", page_with_blob(store, b"\0first"))
    put(store, "pages", page_with_blob(store, b"\0second"))
    age(blob(store, b"\0first"), OLD)
    assert sweep(store, 7, NOW)["blobs"] == 0
    assert blob(store, b"\0first").exists()


def test_a_blob_that_is_put_again_is_young_again(store):
    store.blobs.put(b"\0seen again")
    age(blob(store, b"\0seen again"), OLD)
    store.blobs.put(b"\0seen again")
    sweep(store, 7, dt.datetime.now(dt.UTC))
    assert blob(store, b"\0seen again").exists()


def test_a_blob_that_is_put_again_while_names_are_read_stays(store, monkeypatch):
    store.blobs.put(b"\0seen again")
    age(blob(store, b"\0seen again"), OLD)
    read = leftovers._values

    def read_beside_a_writer(*given):
        names = read(*given)
        store.blobs.put(b"\0seen again")
        return names

    monkeypatch.setattr(leftovers, "_values", read_beside_a_writer)
    sweep(store, 7, dt.datetime.now(dt.UTC))
    assert blob(store, b"\0seen again").exists()


@pytest.mark.parametrize(("finished", "stays"), [(True, False), (False, True)])
def test_an_old_spool_goes_if_its_partition_was_written_since(store, finished, stays):
    entry = store.location.folder("spool", SHOP.source, SHOP.date.isoformat()) / "one.entries"
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"{}\n")
    age(entry, OLD)
    if finished:
        put(store, "pages", frame("pages", row("pages")))
        admit(store, "pages")
    sweep(store, 7, NOW)
    assert entry.exists() == stays
    assert entry.parent.exists() == stays


def test_the_spool_of_a_killed_crawl_stays_when_its_partition_went_back(store):
    put(store, "pages", frame("pages", row("pages")))
    version = store.tables.version(TABLES["pages"])
    put(store, "pages", frame("pages", row("pages"), row("pages", number=1)))
    entry = store.location.folder("spool", SHOP.source, SHOP.date.isoformat()) / "one.entries"
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"{}\n")
    roll_back(store, "pages", version, SHOP)
    sweep(store, 7, NOW + dt.timedelta(days=OLD))
    assert entry.exists()


def test_a_model_goes_unless_the_registry_or_a_release_names_it(store):
    release = TABLES["release"]
    values = {
        "release": 1, "index_snapshot": "x", "chunks": 0, "model_version": "b" * 16, "reason": "first",
        "run_id": "run",
    }  # fmt: skip
    put(store, "release", pl.DataFrame([values], schema=release.polars_schema), None)
    for version in ("a" * 16, "b" * 16):
        path = store.location.folder("models", version) / "model.onnx"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"weights")
        age(path, OLD)
    assert sweep(store, 7, NOW)["models"] == 1
    assert [path.name for path in store.location.folder("models").iterdir()] == ["b" * 16]
