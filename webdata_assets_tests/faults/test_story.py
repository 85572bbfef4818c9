"""The layout-change story: a red check, nothing downstream, a patch, a replay without network, green."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable

from webdata_assets.automation.jobs import CRAWL, PUBLISH, REPLAY, RETRAIN
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets_tests.deployment import PATCH, Deployment

WHOLE, BROKEN = Partition.from_key("2026-06-04|demo_shop"), Partition.from_key("2026-06-05|demo_shop")
DOWNSTREAM = ("features", "embeddings")


def patch(deployment: Deployment) -> None:
    deployment.settings.patches.mkdir()
    shutil.copy(PATCH, deployment.settings.patches)


def states(store: Store, layer: str, partition: Partition) -> pl.DataFrame:
    here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
    return store.ledger.states(TABLES[layer]).filter(here)


def red_checks(instance: dg.DagsterInstance) -> set[tuple[str, str | None]]:
    """Return what Dagster shows in red: check and partition, by its newest evaluation."""
    newest: dict[tuple[str, str | None], bool] = {}
    for run in reversed(instance.get_runs()):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
            assert entry.dagster_event is not None
            evaluation = entry.dagster_event.asset_check_evaluation_data
            check = f"{evaluation.asset_key.to_user_string()}.{evaluation.check_name}"
            newest[check, evaluation.partition] = evaluation.passed
    return {key for key, passed in newest.items() if not passed}


def delivered(store: Store) -> set[str]:
    """Return the files of what was delivered: the same while no row of it changes."""
    return set(DeltaTable(store.location.delivered("records")).file_uris())


def dates_of(table: pl.DataFrame) -> set[object]:
    return set(table["date"])


def versions(store: Store, partition: Partition) -> dict[str, str]:
    """Return the content hash of every layer of one partition."""
    tables = [table for table in TABLES.values() if table.partitioned]
    return {
        table.name: data_version(table, store.tables.read_partition(table, partition)) for table in tables
    }


@pytest.fixture
def patched_from_the_beginning(
    tmp_path: Path, encoder_folder: Path, demo_site: DemoSite
) -> Iterator[Deployment]:
    """Another deployment, whose parser knew both layouts before anything was crawled."""
    folder = tmp_path / "patched"
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(folder, instance, demo_site.connect_to)
        deployment.take_packaged("demo_shop")
        patch(deployment)
        yield deployment


@pytest.mark.slow
def test_a_changed_layout_halts_its_partition_and_a_patched_replay_heals_it(
    demo: Deployment, demo_site: DemoSite
):
    store = demo.store
    assert demo.run(CRAWL, WHOLE.key).success
    outcome = demo.run(CRAWL, BROKEN.key)

    # the check is red, on that partition only
    assert outcome.failed_checks == ("records.completeness",)
    assert red_checks(demo.instance) == {("records.completeness", BROKEN.key)}
    assert states(store, "records", BROKEN)["failed"].to_list() == [["completeness"]]
    assert states(store, "records", WHOLE)["admitted"].to_list() == [True]

    # nothing downstream of it was made, and the rest is delivered without it
    for layer in DOWNSTREAM:
        assert states(store, layer, BROKEN).is_empty()
        assert store.tables.read_partition(TABLES[layer], BROKEN).is_empty()
        assert store.tables.read_partition(TABLES[layer], WHOLE).height > 0
    assert demo.run(RETRAIN).success
    before = delivered(store)
    assert demo.run(PUBLISH).success
    assert delivered(store) == before
    assert dates_of(store.read_admitted(TABLES["corpus"])) == {WHOLE.date}

    # the sensor waits for a person's patch
    assert demo.tick("recrawl_sensor").run_requests == []
    skipped = demo.tick("recrawl_sensor").skip_reason
    assert skipped is not None
    assert f"{BROKEN}: records.completeness failed: awaiting a patch" in (skipped.skip_message or "")

    # the patch is answered by one replay, which asks the site for nothing
    patch(demo)
    demo_site.clear()
    [request] = demo.tick("recrawl_sensor").run_requests or []
    assert (request.job_name, request.partition_key) == (REPLAY, BROKEN.key)
    [replayed] = demo.answer("recrawl_sensor")
    assert replayed.success
    assert demo_site.requests == ()

    # green again, all the way down
    assert red_checks(demo.instance) == set()
    for layer in ("records", *DOWNSTREAM):
        assert states(store, layer, BROKEN)["admitted"].to_list() == [True]
    [retrained] = demo.answer("retrain_sensor")
    assert retrained.success
    corpus = store.read_admitted(TABLES["corpus"])
    healed = store.read_admitted(TABLES["records"], BROKEN)
    assert healed.height > 0
    assert set(healed["record_id"]) == set(corpus.filter(pl.col("date") == BROKEN.date)["record_id"])
    assert delivered(store) != before
    sent = pl.read_delta(store.location.delivered("records"))
    canonical = healed.filter(pl.col("duplicate_of").is_null())
    assert set(canonical["record_id"]) <= set(sent["record_id"])

    # and nothing more is asked for
    for sensor in ("recrawl_sensor", "retrain_sensor"):
        assert demo.tick(sensor).run_requests == []


@pytest.mark.slow
def test_a_replayed_partition_equals_one_that_had_the_patched_parser_from_the_beginning(
    demo: Deployment, patched_from_the_beginning: Deployment
):
    for partition in (WHOLE, BROKEN):
        demo.run(CRAWL, partition.key)
        assert patched_from_the_beginning.run(CRAWL, partition.key).success
    broken = versions(demo.store, BROKEN)
    patch(demo)
    assert demo.run(REPLAY, BROKEN.key).success
    healed = versions(demo.store, BROKEN)
    assert healed == versions(patched_from_the_beginning.store, BROKEN)
    assert healed["records"] != broken["records"]
    assert healed["pages"] == broken["pages"]
