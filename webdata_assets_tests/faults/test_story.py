"""The layout-change story: a red check, nothing downstream, an accepted proposal, an offline replay, green.

In one process; against a real `dagster dev` in test_dev_story.py.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable

from webdata_assets.automation.jobs import CRAWL, PUBLISH, REPLAY
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets_tests.automation.alerts.told import look
from webdata_assets_tests.automation.history import History
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.mailboxes import Webhook, webhook

WHOLE, BROKEN = Partition.from_key("2026-06-04|demo_shop"), Partition.from_key("2026-06-05|demo_shop")
DOWNSTREAM = ("features", "embeddings")
LOST = ("price", "currency")


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
def shop(deployment: Deployment, demo_site: DemoSite) -> Deployment:
    """A deployment with the demo's shop."""
    deployment.take_packaged("demo_shop")
    deployment.connect_to = demo_site.connect_to
    return deployment


@pytest.fixture
def alerted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as hook:
        monkeypatch.setenv("WEBDATA_ALERTS", hook.url)
        yield hook


@pytest.fixture
def other(tmp_path: Path, shop: Deployment) -> Iterator[Deployment]:
    """Another deployment on the same site, with nothing in it."""
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copytree(shop.folder / "home", folder / "home", symlinks=True)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Deployment(folder, instance, shop.connect_to)


@pytest.mark.slow
def test_a_changed_layout_halts_its_partition_and_an_accepted_selector_heals_it(
    shop: Deployment,
    other: Deployment,
    demo_site: DemoSite,
    alerted: Webhook,
    monkeypatch: pytest.MonkeyPatch,
):
    store = shop.store
    assert shop.run(CRAWL, WHOLE.key).success
    shutil.copytree(shop.folder / "store", other.folder / "store")
    outcome = shop.run(CRAWL, BROKEN.key)

    # the check is red, on that partition only
    assert outcome.failed_checks == ("records.completeness",)
    assert red_checks(shop.instance) == {("records.completeness", BROKEN.key)}
    assert states(store, "records", BROKEN)["failed"].to_list() == [["completeness"]]
    assert states(store, "records", WHOLE)["admitted"].to_list() == [True]
    broken = versions(store, BROKEN)

    # nothing downstream of it was made, and the rest is delivered without it
    for layer in DOWNSTREAM:
        assert states(store, layer, BROKEN).is_empty()
        assert store.tables.read_partition(TABLES[layer], BROKEN).is_empty()
        assert store.tables.read_partition(TABLES[layer], WHOLE).height > 0
    assert shop.run(PUBLISH).success
    before = delivered(store)
    assert dates_of(store.read_admitted(TABLES["corpus"])) == {WHOLE.date}
    contents = [
        set(store.tables.read_partition(TABLES["records"], partition)["content_hash"])
        for partition in (WHOLE, BROKEN)
    ]
    sent = pl.read_delta(store.location.delivered("records"))
    assert set(sent["content_hash"]) <= contents[0]
    assert set(sent["content_hash"]).isdisjoint(contents[1])

    # the sensor waits for a person, who is told once
    waiting = shop.tick("recrawl_sensor")
    assert waiting.run_requests == []
    assert waiting.skip_reason is not None
    message = waiting.skip_reason.skip_message or ""
    assert f"{BROKEN}: records.completeness failed: awaiting a patch" in message
    history = History(shop, store)
    look(history)
    look(history)
    [told] = alerted.messages
    assert "records.completeness" in told["title"]
    assert "webdata selectors accept demo_shop price" in told["message"]

    # the proposal, once accepted, is answered by one replay, which asks the site for nothing
    demo_site.clear()
    accepted = Webdata(shop.folder, monkeypatch)("selectors", "accept", BROKEN.source, *LOST, "--yes")
    assert accepted.exit_code == 0, accepted.stderr
    [request] = shop.tick("recrawl_sensor").run_requests or []
    assert (request.job_name, request.partition_key) == (REPLAY, BROKEN.key)
    [replayed] = shop.answer("recrawl_sensor")
    assert replayed.success
    assert demo_site.requests == ()

    # green again, all the way down, and people are told that it is over
    assert red_checks(shop.instance) == set()
    for layer in ("records", *DOWNSTREAM):
        assert states(store, layer, BROKEN)["admitted"].to_list() == [True]
    look(history)
    assert alerted.titles == [told["title"], f"Recovered: {told['title']}"]
    [retrained] = shop.answer("retrain_sensor")
    assert retrained.success
    corpus = store.read_admitted(TABLES["corpus"])
    healed = store.read_admitted(TABLES["records"], BROKEN)
    assert healed.height > 0
    assert set(healed["record_id"]) == set(corpus.filter(pl.col("date") == BROKEN.date)["record_id"])
    assert delivered(store) != before
    sent = pl.read_delta(store.location.delivered("records"))
    canonical = healed.filter(pl.col("duplicate_of").is_null())
    assert set(canonical["record_id"]) <= set(sent["record_id"])

    # nothing more is asked for
    for sensor in ("recrawl_sensor", "retrain_sensor"):
        assert shop.tick(sensor).run_requests == []

    # and it is as if both layouts had been known when the changed pages were crawled
    shutil.copytree(shop.sources, other.sources)
    assert other.run(CRAWL, BROKEN.key).success
    replayed_versions = versions(store, BROKEN)
    assert replayed_versions == versions(other.store, BROKEN)
    assert replayed_versions["records"] != broken["records"]
    assert replayed_versions["pages"] == broken["pages"]
