"""Lineage of a record: from its id, a payload's hash and a URL to everything that came of them."""

import datetime as dt
from collections.abc import Mapping

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.releases import SNAPSHOT_DIGITS
from webdata_assets.store.store import data_version
from webdata_assets.store.trace import Trace, UnknownKeyError, find_payload, trace
from webdata_assets_tests.store.rows import BLOG, DAY, NOON, SHOP, admit, digest, frame, put, row

NEXT = Partition(DAY + dt.timedelta(days=1), "shop")
RECORD = f"{0:032x}"
URL = "https://shop.example.com/0"
HASH = digest(b"<h1>Item 0</h1>")


@pytest.fixture
def traced(store: Store) -> Store:
    """Two days of a shop and one of a blog; the shop's second day found its pages unchanged."""
    for partition, outcome in ((SHOP, "fetched"), (NEXT, "unchanged"), (BLOG, "fetched")):
        seen: Mapping[str, object] = (
            {} if outcome == "fetched" else {"payload": None, "payload_bytes": None, "payload_date": DAY}
        )
        numbers = (0, 1) if partition != BLOG else (2,)
        rows = [row("pages", partition, number, **{"outcome": outcome, **seen}) for number in numbers]
        put(store, "pages", frame("pages", *rows), partition, run_id=f"crawl {partition}")
        admit(store, "pages", partition)
    for partition in (SHOP, BLOG):
        number = 0 if partition == SHOP else 2
        put(
            store,
            "records",
            frame("records", row("records", partition, number)),
            partition,
            code_version="v1",
        )
        admit(store, "records", partition)
        put(store, "embeddings", frame("embeddings", row("embeddings", partition, number)), partition)
        admit(store, "embeddings", partition, unit_vectors=False)
    put(store, "quarantine", frame("quarantine", row("quarantine", SHOP, 1), row("quarantine", SHOP, 0)))
    return store


def publish(store: Store) -> None:
    """Put the record into corpus, index, a release, a training set, a model and a delivery."""
    current = {
        "source": "shop", "record_id": RECORD, "date": DAY, "state": "live", "kind": "product", "url": URL,
        "extra": "{}", "content_hash": digest("0"),
    }  # fmt: skip
    corpus = put(store, "corpus", frame("corpus", current), None)
    held = {
        "chunk_id": f"{RECORD}-0000", "record_id": RECORD, "source": "shop", "date": DAY,
        "text_hash": digest("text"), "model_id": "model@1/8", "row_hash": digest("row"),
    }  # fmt: skip
    index = put(store, "vector_index", frame("vector_index", held), None)
    releases = [
        {"release": number, "index_snapshot": snapshot, "chunks": 1, "reason": "new", "run_id": "run",
         "released_at": NOON}
        for number, snapshot in ((1, "older"), (2, index[:SNAPSHOT_DIGITS]))
    ]  # fmt: skip
    put(store, "release", frame("release", *releases), None)
    examples = frame(
        "training_set",
        {"record_id": RECORD, "source": "shop", "date": DAY, "split": "train", "label": "a"},
        {"record_id": f"{9:032x}", "source": "shop", "date": DAY, "split": "test", "label": "b"},
    )
    put(store, "training_set", examples, None)
    trained = data_version(TABLES["training_set"], examples.filter(pl.col("split") == "train"))
    models = [
        {"version": version, "metric": "accuracy", "score": 0.9, "training_fingerprint": fingerprint,
         "trained_at": NOON}
        for version, fingerprint in (("a" * 16, trained), ("b" * 16, digest("another training set")))
    ]  # fmt: skip
    put(store, "model", frame("model", *models), None)
    delivered = [
        {"sink": sink, "target": sink, "rows": 1, "content_hash": digest("x"), "source_hash": digest("x"),
         "corpus_version": version, "run_id": "delivery run", "delivered_at": NOON}
        for sink, version in (("delta", corpus), ("parquet", digest("an older corpus")))
    ]  # fmt: skip
    put(store, "delivery", frame("delivery", *delivered), None)


def test_a_record_leads_to_its_visits_payload_run_code_and_checks(traced: Store) -> None:
    found = trace(traced, RECORD)
    assert (found.found_as, found.key) == ("record", RECORD)
    assert [(page["date"], page["outcome"], page["url"]) for page in found.pages] == [
        (DAY, "fetched", URL),
        (NEXT.date, "unchanged", URL),
    ]
    (record,) = found.records
    assert (record["payload_hash"], record["payload_date"], record["extractor"]) == (HASH, DAY, "v1")
    states = {(state.layer, state.partition): state for state in found.partitions}
    assert set(states) == {
        ("pages", SHOP.key), ("pages", NEXT.key), ("records", SHOP.key), ("embeddings", SHOP.key),
    }  # fmt: skip
    assert states["pages", NEXT.key].run_id == f"crawl {NEXT}"
    assert states["records", SHOP.key].code_version == "v1"
    assert states["records", SHOP.key].admitted
    embedded = states["embeddings", SHOP.key]
    assert not embedded.admitted
    assert [check["check"] for check in embedded.checks if not check["passed"]] == ["unit_vectors"]
    assert [(chunk["chunk_id"], chunk["model_id"], chunk["in_index"]) for chunk in found.chunks] == [
        (f"{RECORD}-0000", "model@1/8", False)
    ]
    assert [refused["url"] for refused in found.quarantined] == [URL]


def test_a_published_record_leads_to_index_release_model_and_deliveries(traced: Store) -> None:
    publish(traced)
    found = trace(traced, RECORD)
    assert [row["state"] for row in found.corpus] == ["live"]
    assert found.chunks[0]["in_index"]
    assert found.index is not None
    assert [release["release"] for release in found.index["releases"]] == [2]
    assert [(row["label"], row["split"]) for row in found.training] == [("a", "train")]
    assert [row["version"] for row in found.models] == ["a" * 16]
    assert [(row["sink"], row["of_current_corpus"]) for row in found.deliveries] == [
        ("delta", True),
        ("parquet", False),
    ]


def test_a_record_held_back_for_testing_trained_no_model(traced: Store) -> None:
    publish(traced)
    rows = traced.tables.read(TABLES["training_set"]).with_columns(split=pl.lit("test"))
    put(traced, "training_set", rows, None)
    assert trace(traced, RECORD).models == []


@pytest.mark.parametrize("digits", [64, 32, 8])
def test_a_payload_leads_back_to_its_pages_and_records(traced: Store, digits: int) -> None:
    found = trace(traced, HASH[:digits])
    assert (found.found_as, found.key) == ("payload", HASH)
    assert {page["url"] for page in found.pages} == {URL}
    assert [record["record_id"] for record in found.records] == [RECORD]


def test_a_url_leads_to_its_visits_and_records(traced: Store) -> None:
    found = trace(traced, "https://blog.example.com/2")
    assert [page["date"] for page in found.pages] == [DAY]
    assert [record["record_id"] for record in found.records] == [f"{2:032x}"]


def test_a_page_without_a_record_is_found_too(traced: Store) -> None:
    found = trace(traced, "https://shop.example.com/1")
    assert found.records == []
    assert [refused["rule"] for refused in found.quarantined] == ["required"]
    assert len(found.pages) == 2


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("f" * 32, "looked through records and pages of"),
        ("f" * 64, "looked through pages of"),
        ("https://shop.example.com/nowhere", "looked through pages and records of"),
        ("lamp", "neither a record's id"),
        ("' OR 1=1", "neither a record's id"),
        ("abc", "neither a record's id"),
    ],
)
def test_an_unknown_key_says_what_was_looked_through(traced: Store, key: str, told: str) -> None:
    with pytest.raises(UnknownKeyError, match=told):
        trace(traced, key)


def test_an_empty_store_holds_no_key(store: Store) -> None:
    with pytest.raises(UnknownKeyError):
        trace(store, RECORD)


def test_digits_of_several_payloads_are_refused(store: Store) -> None:
    alike = ["ab" * 4 + last * 56 for last in "01"]
    pages = [row("pages", SHOP, number, payload_hash=alike[number]) for number in (0, 1)]
    put(store, "pages", frame("pages", *pages))
    with pytest.raises(UnknownKeyError, match="2 payloads begin with abababab"):
        find_payload(store, "abababab")
    assert find_payload(store, f"{'ab' * 4}1")["payload_hash"] == alike[1]


def test_a_trace_is_plain_values(traced: Store) -> None:
    values = trace(traced, RECORD).as_json()
    assert set(values) == set(Trace.__dataclass_fields__)
    assert values["partitions"][0]["layer"] == "pages"
