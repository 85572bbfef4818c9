"""The whole story against a real `dagster dev`: a template changes, a person accepts a selector, all heals.

One webserver, one daemon, real runs in processes of their own, the demo site, and a webhook, all on loopback.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL, REPLAY, RETRAIN
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.hashing import content_hash
from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY, Deployment
from webdata_assets_tests.faults.dev import Dev, running_dev
from webdata_assets_tests.faults.test_story import (
    BROKEN,
    WHOLE,
    dates_of,
    delivered,
    red_checks,
    states,
    versions,
)
from webdata_assets_tests.site.mailboxes import Webhook, webhook

BEFORE = (Partition.from_key("2026-06-01|demo_blog"), WHOLE)
"""Partitions of the layout that the selectors know."""
DOWNSTREAM = ("changes", "features", "embeddings", "fingerprints")
RUN_SECONDS = 300.0
LOST = ("price", "currency")


@pytest.fixture
def story(tmp_path: Path, encoder_folder: Path, demo_site: DemoSite) -> Iterator[Deployment]:
    """Two good partitions, crawled, trained on, released and delivered."""
    home = tmp_path / "home" / "dagster"
    home.mkdir(parents=True)
    shutil.copy(REPOSITORY / "webdata_assets" / "dagster.yaml", home)
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        deployment = Deployment(tmp_path, instance, dict(demo_site.connect_to))
        deployment.take_packaged("demo_blog", "demo_shop")
        learn(deployment, *BEFORE)
        yield deployment


@pytest.fixture
def alerted() -> Iterator[Webhook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def dev(story: Deployment, alerted: Webhook) -> Iterator[Dev]:
    with running_dev(story, story.folder / "home" / "dagster", WEBDATA_ALERTS=alerted.url) as running:
        yield running


def learn(deployment: Deployment, *partitions: Partition) -> None:
    """Crawl partitions, then train, release and deliver."""
    for partition in partitions:
        assert deployment.run(CRAWL, partition.key).success
    assert deployment.run(RETRAIN).success


def wait_for_run(dev: Dev, run_id: str) -> dg.DagsterRun:
    def run() -> dg.DagsterRun:
        found = dev.daemon.instance.get_run_by_id(run_id)
        assert found is not None
        return found

    dev.daemon.wait(f"the run {run_id}", lambda: run().is_finished, seconds=RUN_SECONDS)
    return run()


def is_at_rest(dev: Dev) -> bool:
    """Whether no run is under way, and each sensor has looked twice since the last one and asked for none."""
    records = dev.daemon.instance.get_run_records()
    if not all(record.dagster_run.is_finished for record in records):
        return False
    last = max(record.end_time or 0.0 for record in records)
    quiet = [
        [tick for tick in dev.daemon.ticks(sensor) if tick.timestamp > last and not tick.run_ids]
        for sensor in ("recrawl_sensor", "retrain_sensor")
    ]
    return all(len(ticks) >= 2 for ticks in quiet)


def but_extractor(store: Store) -> dict[str, str]:
    """Return the content hash of each table that is no log, but for the name of what made a record."""
    hashes = store.content_hashes()
    records = TABLES["records"]
    rows = store.tables.scan(records).drop("extractor", *records.unhashed).collect()
    return hashes | {"records": content_hash(rows, sort_by=["date", "source", *records.key])}


@pytest.mark.soak
def test_a_changed_template_heals_by_an_accepted_selector_without_a_request(
    story: Deployment, dev: Dev, demo_site: DemoSite, alerted: Webhook, tmp_path: Path, encoder_folder: Path
):
    store, daemon, source_file = story.store, dev.daemon, story.sources / "demo_shop.yaml"
    before, release = delivered(store), store.tables.read(TABLES["release"]).height

    # the template has changed on the day that is crawled now: red for that source and date only
    crawled = wait_for_run(dev, dev.launch(CRAWL, BROKEN))
    assert not crawled.is_success
    assert red_checks(daemon.instance) == {("records.completeness", BROKEN.key)}

    # nothing downstream of it is made or admitted, and what readers have stays as it is
    daemon.wait("the sensors to settle", lambda: is_at_rest(dev), seconds=RUN_SECONDS)
    assert daemon.runs(REPLAY) == daemon.runs(RETRAIN) == []
    for layer in DOWNSTREAM:
        assert states(store, layer, BROKEN).is_empty()
    assert dates_of(store.read_admitted(TABLES["corpus"])) == {partition.date for partition in BEFORE}
    assert delivered(store) == before
    pages = store.read_admitted(TABLES["pages"], BROKEN)
    payloads = pages["payload"].drop_nulls().len()
    assert payloads > 0
    assert payloads == pages.filter(outcome="fetched").height

    # people are told once, and find a proposal
    daemon.wait("the alert", lambda: bool(alerted.messages), seconds=RUN_SECONDS)
    listed = json.loads(dev.webdata("selectors", "list", "--source", BROKEN.source, "--json"))
    assert {row["field"] for row in listed} == set(LOST)
    assert all(row["proposal"] for row in listed)

    # they accept it; the daemon replays, and the site is asked for nothing
    original = source_file.read_text()
    demo_site.clear()
    dev.webdata("selectors", "accept", BROKEN.source, *LOST, "--yes")
    accepted = source_file.read_text()
    assert [line for line in accepted.splitlines() if line not in original.splitlines()] != []
    assert [line for line in original.splitlines() if line not in accepted.splitlines()] == []
    daemon.wait(
        "the replay", lambda: any(run.is_finished for run in daemon.runs(REPLAY)), seconds=RUN_SECONDS
    )
    daemon.wait(
        "the retraining", lambda: any(run.is_finished for run in daemon.runs(RETRAIN)), seconds=RUN_SECONDS
    )
    daemon.wait("the recovery", lambda: len(alerted.messages) > 1, seconds=RUN_SECONDS)
    daemon.wait("the sensors to settle", lambda: is_at_rest(dev), seconds=RUN_SECONDS)

    # green all the way down; one replay, one retraining, one alert and its recovery
    assert red_checks(daemon.instance) == set()
    assert [run.is_success for run in daemon.runs(REPLAY)] == [True], daemon.report()
    assert [run.is_success for run in daemon.runs(RETRAIN)] == [True], daemon.report()
    for layer in ("records", *DOWNSTREAM):
        assert states(store, layer, BROKEN)["admitted"].to_list() == [True]
    assert demo_site.requests == ()
    told, over = alerted.messages
    assert BROKEN.source in told["title"]
    assert "records.completeness" in told["title"]
    assert "webdata selectors accept demo_shop price" in told["message"]
    assert over["title"] == f"Recovered: {told['title']}"
    assert store.tables.read(TABLES["release"]).height > release
    assert delivered(store) != before

    # it is as if the source file had known both layouts from the beginning
    clean = patched(story, tmp_path / "clean", source_file, encoder_folder)
    assert versions(store, BROKEN) == versions(clean, BROKEN)
    assert but_extractor(store) == but_extractor(clean)


def patched(story: Deployment, folder: Path, source_file: Path, encoder_folder: Path) -> Store:
    """Return the store of another deployment that had the accepted source file before its first crawl."""
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(folder, instance, story.connect_to)
        shutil.copytree(source_file.parent, deployment.sources)
        learn(deployment, *BEFORE)
        learn(deployment, BROKEN)
        return deployment.store
