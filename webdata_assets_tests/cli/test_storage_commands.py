"""`webdata maintain`, `rollback` and `migrate` on a store, with a real Dagster instance."""

import shutil

import dagster as dg
import pytest

from webdata_assets.cli.instance import open_instance
from webdata_assets.cli.waiting import wait_for_writers
from webdata_assets.schemas import TABLES
from webdata_assets.settings import PACKAGED_SOURCES, Settings
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.store.rows import SHOP, admit, frame, put, row

RECORDS = TABLES["records"]


@pytest.fixture
def store(webdata: Webdata) -> Store:
    """A store with two versions of one partition, the second of which failed."""
    webdata.sources.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGED_SOURCES / "demo_shop.yaml", webdata.sources)
    opened = Store.open(str(webdata.store))
    put(opened, "records", frame("records", row("records")))
    admit(opened, "records")
    put(opened, "records", frame("records", row("records"), row("records", number=1)))
    admit(opened, "records", schema=False)
    return opened


def events(webdata: Webdata, asset: str) -> list[dg.AssetMaterialization]:
    with open_instance(Settings(home=webdata.folder / "home")) as instance:
        records = instance.fetch_materializations(dg.AssetKey(asset), limit=10).records
        return [record.asset_materialization for record in records if record.asset_materialization]


def test_maintain_tells_files_bytes_and_cost_of_each_layer_and_one_table_keeps_the_others(webdata, store):
    hashes = store.content_hashes()
    said = webdata("maintain", "--json")
    assert said.exit_code == 0, said.stderr
    layers = {layer["layer"]: layer for layer in said.json()["layers"]}
    assert layers["records"]["files"] == 1
    assert layers["records"]["monthly_cost"] >= 0
    assert store.content_hashes() == hashes
    assert store.ledger.admitted(TABLES["storage"]).height == 1
    [told] = events(webdata, "storage")
    assert told.metadata["bytes_of_records"].value == layers["records"]["bytes"]
    said = webdata("maintain", "--table", "check_results", "--json")
    assert [layer["layer"] for layer in said.json()["layers"]] == ["check_results"]
    assert "records" in store.tables.read(TABLES["storage"])["layer"].to_list()


def test_maintain_of_an_unknown_table_names_those_that_there_are(webdata, store):
    said = webdata("maintain", "--table", "nonsense")
    assert said.exit_code == 2
    assert "no table 'nonsense'" in said.stderr and "check_results" in said.stderr


def test_rollback_admits_what_had_passed_and_tells_dagster(webdata, store):
    said = webdata("rollback", "records", "--to", "1", "--partition", SHOP.key, "--json")
    assert said.exit_code == 0, said.stderr
    [changed] = said.json()["changed"]
    assert (changed["partition"], changed["rows"], changed["admitted"]) == (SHOP.key, 1, True)
    assert store.read_admitted(RECORDS, SHOP).height == 1
    [told] = events(webdata, "records")
    assert (told.partition, told.tags["dagster/data_version"]) == (SHOP.key, changed["data_version"])


def test_a_whole_table_waits_for_runs_that_are_at_work_on_its_partitions(webdata, store, monkeypatch):
    monkeypatch.setattr(wait_for_writers, "__kwdefaults__", {"seconds": 0.0, "poll_seconds": 0.0})
    with open_instance(Settings(home=webdata.folder / "home")) as instance:
        instance.create_run_for_job(
            dg.GraphDefinition("crawl").to_job(),
            status=dg.DagsterRunStatus.STARTED,
            tags={"dagster/partition": SHOP.key},
        )
    version = store.tables.version(RECORDS)
    said = webdata("rollback", "records", "--to", "1")
    assert said.exit_code != 0 and "of crawl has been writing the same" in said.stderr
    assert store.tables.version(RECORDS) == version


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("records", "--to", "yesterday"), "neither a version"),
        (("records", "--to", "99"), "its versions go up to"),
        (("records", "--to", "1", "--partition", "shop"), "is not of the form"),
        (("vector_index", "--to", "1"), "webdata publish"),
    ],
)
def test_rollback_says_what_is_wrong_with_its_arguments(webdata, store, arguments, problem):
    said = webdata("rollback", *arguments)
    assert said.exit_code == 2
    assert problem in said.stderr


def test_migrate_lists_every_table_and_changes_none_that_is_present(webdata, store):
    version = store.tables.version(RECORDS)
    said = webdata("migrate", "--json")
    assert {line["table"] for line in said.json()} >= {"records", "check_results"}
    assert not any(line["migrated"] for line in said.json())
    assert store.tables.version(RECORDS) == version
