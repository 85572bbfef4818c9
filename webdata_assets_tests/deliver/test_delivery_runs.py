"""Deliveries by real runs: each sink by itself, verified, without effect twice, following retractions."""

import base64
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from deltalake import DeltaTable

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.checks.sink_verdicts import verified_sinks
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Delivery
from webdata_assets_tests.deliver.delivering import FIRST, LATER, PAGES, WHOLE, Delivering
from webdata_assets_tests.deliver.killable import MOMENTS
from webdata_assets_tests.deliver.receiving import Receiver, receiver
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.faults.injecting import OTHER_LAYOUT
from webdata_assets_tests.site.answers import page

PACKAGED = {"records", "records_parquet"}


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def sinks_of_every_engine(delivering: Delivering, warehouse: str, hook: str) -> dict[str, str]:
    """Declare sinks beside the packaged ones; return every sink's content."""
    declared: Mapping[str, dict[str, Any]] = {
        "in_orc": {"kind": "orc"},
        "in_arrow": {"kind": "arrow", "sources": ["lamps"]},
        "in_drops": {"kind": "drop"},
        "in_posts": {"kind": "webhook", "url": hook, "secret_env": "HOOK_SECRET"},
        "in_duckdb": {"kind": "duckdb"},
        "in_postgres": {"kind": "postgres", "uri": warehouse, "table": "records"},
        "vectors": {"kind": "lance", "content": "chunks"},
        "in_pgvector": {"kind": "postgres", "uri": warehouse, "content": "chunks"},
    }
    for name, keys in declared.items():
        delivering.declare(name, **keys)
    contents = {name: keys.get("content", "records") for name, keys in declared.items()}
    return {**dict.fromkeys(PACKAGED, "records"), **contents}


def test_three_launches_end_in_one_state(delivering: Delivering):
    written = data_files(delivering)
    before, rows = delivering.hashes(), delivering.rows()
    assert {row["rows"] for row in rows.values()} == {WHOLE}
    assert before == {name: row["source_hash"] for name, row in rows.items()}
    assert delivering.publish().success
    assert delivering.deliver(*PACKAGED).success
    assert delivering.hashes() == before
    assert data_files(delivering) == written
    again = delivering.rows()
    assert {name: row["sequence"] for name, row in again.items()} == {
        name: row["sequence"] for name, row in rows.items()
    }
    assert sum(row["inserted"] + row["updated"] + row["deleted"] for row in again.values()) == 0
    assert verified_sinks(delivering.store) == PACKAGED


def test_retractions_reach_every_kind_of_sink(
    page_lost: Delivering, warehouse: str, hook: Receiver, monkeypatch: pytest.MonkeyPatch
):
    delivering = page_lost
    monkeypatch.setenv("HOOK_SECRET", base64.b64encode(b"x" * 32).decode())
    contents = sinks_of_every_engine(delivering, warehouse, hook.url)
    assert delivering.deliver(*contents).success
    whole = delivering.live()
    assert len(whole) == WHOLE
    for name in contents:
        only = {"lamps"} if name == "in_arrow" else set(PAGES)
        held = delivering.held(name)
        assert set(held["source"]) == only, name
        assert held["record_id"].n_unique() == sum(len(PAGES[source]) for source in only), name

    # a page that is gone is a tombstone; a partition that fails later is admitted no more
    for number in PAGES["bells"]:
        delivering.site.add(f"/page/{number}", page(OTHER_LAYOUT))
    assert delivering.deployment.run(CRAWL, f"{FIRST}|bells").failed_checks
    assert delivering.publish().success
    live = delivering.live()
    assert live < whole
    assert len(live) == len(PAGES["lamps"]) - 1
    for name in contents:
        assert set(delivering.held(name)["record_id"]) == live, name
    assert verified_sinks(delivering.store) == set(contents)


def test_a_partition_that_failed_since_the_corpus_was_made_is_not_delivered(delivering: Delivering):
    for number in PAGES["bells"]:
        delivering.site.add(f"/page/{number}", page(OTHER_LAYOUT))
    assert delivering.deployment.run(CRAWL, f"{FIRST}|bells").failed_checks
    delivering.declare("fresh", kind="parquet")
    delivering.declare("vectors", kind="lance", content="chunks")
    assert delivering.deliver("fresh", "vectors", *PACKAGED).success
    for name in ("fresh", "vectors", *PACKAGED):
        assert set(delivering.held(name)["source"]) == {"lamps"}, name


@pytest.mark.soak
def test_partitions_that_are_not_admitted_are_never_delivered(delivering: Delivering):
    before = delivering.hashes()
    for number in PAGES["bells"]:
        delivering.site.add(f"/page/{number}", page(OTHER_LAYOUT))
    assert not delivering.deployment.run(CRAWL, f"{LATER}|bells").success
    assert delivering.publish().success
    assert delivering.hashes() == before


def test_chunks_are_those_of_the_admitted_index_with_their_vectors(delivering: Delivering):
    delivering.declare("vectors", kind="lance", content="chunks")
    assert delivering.deliver("vectors").success
    held = delivering.held("vectors")
    manifest = delivering.store.read_admitted(TABLES["vector_index"])
    assert held.select("chunk_id", "text_hash").equals(manifest.select("chunk_id", "text_hash"))
    embedded = delivering.store.tables.scan(TABLES["embeddings"]).collect().sort("chunk_id")
    assert held["vector"].equals(embedded["vector"])
    # the other sinks' rows stay as they were
    assert set(delivering.rows()) == {*PACKAGED, "vectors"}


def test_a_sink_that_is_down_halts_itself_alone(delivering: Delivering):
    blocked = delivering.deployment.folder / "blocked"
    blocked.write_text("in the way")
    delivering.declare("a_broken_one", kind="delta", uri=str(blocked / "target"))
    shutil.rmtree(delivering.store.location.folder("delivered"))
    outcome = delivering.deliver("a_broken_one", *PACKAGED)
    assert not outcome.success
    assert outcome.failed_checks == ("delivery.delivered",)
    live = delivering.live()
    for name in PACKAGED:
        assert set(delivering.held(name)["record_id"]) == live
    assert verified_sinks(delivering.store) == PACKAGED
    row = delivering.rows()["a_broken_one"]
    assert (row["state"], row["failure_domain"], row["rows"]) == ("failed", "sink", None)
    assert "a_broken_one" in delivering.verdict("delivered")["detail"]
    assert delivering.store.ledger.admitted(DELIVERY).is_empty()

    blocked.unlink()
    assert delivering.deliver("a_broken_one").success
    assert verified_sinks(delivering.store) == {*PACKAGED, "a_broken_one"}
    assert set(delivering.held("a_broken_one")["record_id"]) == live


def test_a_target_that_falsifies_what_it_gets_keeps_what_it_had(delivering: Delivering, warehouse: str):
    delivering.declare("records_in_db", kind="postgres", uri=warehouse)
    assert delivering.deliver("records_in_db").success
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "CREATE FUNCTION lie() RETURNS trigger AS $$ BEGIN NEW.title := 'lie'; RETURN NEW; END $$ "
            "LANGUAGE plpgsql; CREATE TRIGGER lie BEFORE INSERT OR UPDATE ON records_in_db "
            "FOR EACH ROW EXECUTE FUNCTION lie(); DELETE FROM records_in_db WHERE title LIKE '%3%'"
        )
    before = delivering.hashes()["records_in_db"]
    outcome = delivering.deliver("records_in_db")
    assert outcome.failed_checks == ("delivery.delivered",)
    assert "what it held before is back" in delivering.verdict("delivered")["detail"]
    assert delivering.hashes()["records_in_db"] == before
    assert verified_sinks(delivering.store) == PACKAGED


def test_an_edited_target_fails_its_check_and_is_brought_back(delivering: Delivering):
    before = delivering.hashes()
    DeltaTable(delivering.store.location.delivered("records")).delete("title LIKE '%3%'")
    assert delivering.hashes()["records"] != before["records"]
    assert delivering.deliver(*PACKAGED).success
    assert delivering.hashes() == before


def test_a_broken_contract_stops_before_the_sink(delivering: Delivering):
    columns: dict[str, Any] = {"url": {"type": "string", "required": True}, "title": "string"}
    delivering.declare("promised", kind="parquet", contract={"columns": columns})
    assert delivering.deliver("promised").success
    assert delivering.held("promised").columns == ["record_id", "url", "title", "row_hash"]
    before, written = delivering.hashes()["promised"], files(delivering, "promised")
    delivering.declare(
        "promised",
        kind="parquet",
        contract={"columns": {**columns, "title": "timestamp", "headline": "string"}},
    )
    assert delivering.deliver("promised").failed_checks == ("delivery.contract",)
    detail = delivering.verdict("contract")["detail"]
    assert "headline is not offered" in detail
    assert "title is promised as timestamp and is string now" in detail
    assert verified_sinks(delivering.store) == PACKAGED
    assert files(delivering, "promised") == written
    delivering.declare("promised", kind="parquet", contract={"columns": columns})
    assert delivering.hashes()["promised"] == before


def test_a_newer_delivery_is_not_taken_back_by_an_older_one(delivering: Delivering):
    rows = delivering.rows()["records"]
    sink = delivering.sink("records")
    held = sink.read()
    few = held.head(3)
    sink.merge(few, Delivery(10**9, "somebody", hash_of(few, sink.shape)))
    outcome = delivering.deliver("records")
    assert outcome.failed_checks == ("delivery.delivered",)
    assert "newer delivery" in delivering.verdict("delivered")["detail"]
    assert "webdata sinks deliver records --take-over" in delivering.verdict("delivered")["detail"]
    assert delivering.rows()["records"]["sequence"] == rows["sequence"]
    assert sink.read().height == 3


def test_a_store_that_was_made_anew_takes_over_and_goes_on_from_there(page_lost: Delivering):
    delivering = page_lost
    sink = delivering.sink("records")
    few = sink.read().head(3)
    sink.merge(few, Delivery(10**9, "of the store before", hash_of(few, sink.shape)))
    assert delivering.deliver("records", take_over=True).success
    assert set(delivering.held("records")["record_id"]) == delivering.live()
    taken = delivering.rows()["records"]
    assert taken["offset"] > 0

    # without asking again, and in order: receivers of events drop what is older than they know
    assert delivering.publish().success
    later = delivering.rows()["records"]
    assert (later["rows"], later["offset"]) == (WHOLE - 1, taken["offset"])
    assert later["sequence"] > taken["sequence"]
    assert delivering.rows()["records_parquet"]["offset"] == 0


def test_a_contract_that_grows_reaches_every_kind_and_halts_none(
    delivering: Delivering, warehouse: str, hook: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOOK_SECRET", base64.b64encode(b"x" * 32).decode())
    kinds: Mapping[str, dict[str, Any]] = {
        **{kind: {"kind": kind} for kind in ("delta", "parquet", "orc", "arrow", "drop", "lance", "duckdb")},
        "postgres": {"kind": "postgres", "uri": warehouse},
        "webhook": {"kind": "webhook", "url": hook.url, "secret_env": "HOOK_SECRET"},
    }
    for columns in ({"url": "string"}, {"url": "string", "title": "string"}):
        for kind, keys in kinds.items():
            delivering.declare(f"as_{kind}", **keys, contract={"columns": columns})
        outcome = delivering.deliver(*(f"as_{kind}" for kind in kinds))
        assert outcome.success, outcome
        for kind in kinds:
            held = delivering.held(f"as_{kind}")
            assert held.columns == ["record_id", *columns, "row_hash"]
            assert held.select(list(columns)).null_count().row(0) == (0,) * len(columns), kind


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(moment, marks=[] if moment == "before_the_manifest_moves" else [pytest.mark.soak])
        for moment in MOMENTS
    ],
)
def test_a_kill_in_the_middle_of_a_delivery_loses_and_doubles_nothing(delivering: Delivering, moment: str):
    whole = delivering.hashes()
    shutil.rmtree(delivering.store.location.folder("delivered"))
    settings = delivering.deployment.settings
    names = ("store", "home", "sources", "sinks", "task")
    environ = {f"WEBDATA_{name.upper()}": str(getattr(settings, name)) for name in names}
    killed = subprocess.run(
        [sys.executable, "-m", "webdata_assets_tests.deliver.killable", moment],
        env={**delivering.process_environ(), **environ},
        cwd=REPOSITORY,
        check=False,
        timeout=200,
    )
    assert killed.returncode == -signal.SIGKILL
    assert {delivering.held(name).height for name in PACKAGED} <= {0, WHOLE}
    assert delivering.deliver(*PACKAGED).success
    assert delivering.hashes() == whole
    assert verified_sinks(delivering.store) == PACKAGED


def data_files(delivering: Delivering) -> set[str]:
    """Return the files with rows of the packaged sinks."""
    return {path for name in PACKAGED for path in files(delivering, name) if path.endswith(".parquet")}


def files(delivering: Delivering, name: str) -> dict[str, int]:
    """Return every file of a sink in the store, and when it was written."""
    folder = Path(delivering.store.location.delivered(name))
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path): path.stat().st_mtime_ns for path in found}
