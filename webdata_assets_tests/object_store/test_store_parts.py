"""Blobs, models, reports and the index on a real S3 server."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.artefacts import read_artefact, write_artefact
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.store import Store
from webdata_assets.store.payloads import PayloadCorruptError, PayloadMissingError
from webdata_assets.store.reports import read_report, report_file, write_report
from webdata_assets_tests.index.many import EVERYTHING, chunks, numbers
from webdata_assets_tests.servers.s3 import S3Place

DAY = dt.date(2026, 6, 1)
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(300)


@pytest.fixture
def store(s3_server: S3Place, tmp_path: Path) -> Store:
    return machine(s3_server, tmp_path / "one")


def machine(place: S3Place, cache: Path) -> Store:
    """The store as a machine with an own cache opens it."""
    return Store.open(place.uri, options=place.options, cache=cache)


def test_blobs_are_stored_once_and_verified(store: Store) -> None:
    blobs = store.blobs
    blobs.put_all([IMAGE, b"\0pdf", IMAGE])
    digest = blobs.put(IMAGE)
    assert digest == blake3(IMAGE).hexdigest()
    assert blobs.get(digest) == IMAGE
    assert blobs.has(digest)
    assert len(list(store.location.objects("blobs").list())) == 2
    with pytest.raises(PayloadMissingError):
        blobs.get("0" * 64)
    store.location.objects("blobs").put(f"{digest[:2]}/{digest}", IMAGE[:-1] + b"X")
    with pytest.raises(PayloadCorruptError):
        blobs.get(digest)


def test_a_blob_that_was_cut_off_is_mended_by_putting_it_again(store: Store) -> None:
    digest = store.blobs.put(IMAGE)
    store.location.objects("blobs").put(f"{digest[:2]}/{digest}", IMAGE[:-1])
    store.blobs.put(IMAGE)
    assert store.blobs.get(digest) == IMAGE


def save(content: bytes, folder: Path) -> None:
    write_artefact(folder, {"weights": content}, {"kind": "test"})


def test_a_published_model_is_fetched_by_another_machine(
    store: Store, s3_server: S3Place, tmp_path: Path
) -> None:
    for _ in range(2):
        assert store.models.publish("v1", lambda folder: save(b"1", folder)) == "models/v1"
    folder = machine(s3_server, tmp_path / "other").models.fetch("v1")
    assert folder.is_relative_to(tmp_path / "other")
    artefact = read_artefact(folder, failure_domain=FailureDomain.MODEL)
    assert (artefact.files, artefact.facts) == ({"weights": b"1"}, {"kind": "test"})
    assert store.models.fetch("v1") == store.models.fetch("v1")


def test_another_model_under_a_version_is_refused(store: Store) -> None:
    store.models.publish("v1", lambda folder: save(b"1", folder))
    with pytest.raises(FileExistsError, match="already holds something else"):
        store.models.publish("v1", lambda folder: save(b"2", folder))
    store.models.verify("v1")


def test_half_a_model_is_none(store: Store) -> None:
    store.location.objects("models", "v1").put("weights", b"1")
    with pytest.raises(PermanentError, match="no readable artefact") as caught:
        store.models.fetch("v1")
    assert caught.value.failure_domain is FailureDomain.MODEL
    store.models.publish("v1", lambda folder: save(b"1", folder))
    store.models.verify("v1")


def test_a_model_that_was_changed_in_the_store_is_refused(
    store: Store, s3_server: S3Place, tmp_path: Path
) -> None:
    store.models.publish("v1", lambda folder: save(b"1", folder))
    store.location.objects("models", "v1").put("weights", b"2")
    for action in (store.models.verify, machine(s3_server, tmp_path / "other").models.fetch):
        with pytest.raises(PermanentError, match="weights was changed: expected sha256"):
            action("v1")


def test_a_damaged_copy_of_a_model_is_fetched_again(store: Store) -> None:
    store.models.publish("v1", lambda folder: save(b"1", folder))
    copy = store.models.fetch("v1")
    (copy / "weights").write_bytes(b"2")
    assert (store.models.fetch("v1") / "weights").read_bytes() == b"1"


def test_a_report_is_an_object_and_opens_as_a_file(store: Store) -> None:
    assert report_file(store.location, DAY) is None
    uri = write_report(store.location, DAY, b"<p>one</p>")
    assert uri == f"{store.location.root}/reports/2026-06-01.html"
    assert store.location.relative(uri) == "reports/2026-06-01.html"
    assert store.location.objects("reports").get("latest.html") == read_report(store.location, DAY)
    file = report_file(store.location, DAY)
    assert file is not None
    assert file.read_bytes() == b"<p>one</p>"


def test_named_states_of_the_index_stay_as_they_are(store: Store) -> None:
    first = chunks(30)
    index = store.index()
    assert index.at().count() == 0
    index.sync(first)
    index.name("one")
    index.sync(first.head(10))
    index.name("two")
    again = store.index()
    assert {name: again.at(name).count() for name in again.names()} == {"one": 30, "two": 10}
    vector = np.array(first["vector"][20].to_list(), dtype=np.float32)
    assert numbers(again.at("one").nearest(vector, 1, EVERYTHING)) == [20]
    assert again.at("two").matching("kettle", 50, EVERYTHING).height == 10
    assert again.at("one").rows(CHUNK_SCHEMA.names()).equals(_sorted(first))
    again.forget(["two"])
    assert store.index().names() == ["two"]


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("chunk_id").select(CHUNK_SCHEMA.names())


def test_the_store_says_what_is_wrong_before_any_work(s3_server: S3Place) -> None:
    wrong = Store.open(s3_server.uri, options={**s3_server.options, "AWS_SECRET_ACCESS_KEY": "wrong"})
    with pytest.raises(PermanentError, match="is refused") as caught:
        wrong.location.check_writable()
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
