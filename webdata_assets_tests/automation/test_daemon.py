"""Both sensors under a real daemon: a partition is re-crawled, one is replayed, and the model retrained."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL, PUBLISH, REPLAY, RETRAIN
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.demo.api import HOST as API
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon, running_daemon
from webdata_assets_tests.deployment import PATCH, Deployment

WHOLE, BROKEN_LAYOUT, UNREACHED = "2026-06-04|demo_shop", "2026-06-05|demo_shop", "2026-06-01|demo_api"
NOBODY_LISTENS = "127.0.0.1:1"
WAIT_BRIEFLY = "max_attempts: 1\n  breaker: {max_wait_seconds: 1}"
RUN_SECONDS, TRAIN_SECONDS = 150, 200


@pytest.fixture
def lasting(
    tmp_path: Path, encoder_folder: Path, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """A deployment whose instance lies on disk, with the project's own dagster.yaml."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    dagster_home = ensure_dagster_home(Settings(home=tmp_path / "home"))
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        deployment = Deployment(tmp_path, instance, dict(demo_site.connect_to))
        deployment.take_packaged("demo_shop", "demo_api")
        api = deployment.sources / "demo_api.yaml"
        api.write_text(api.read_text().replace("max_attempts: 5", WAIT_BRIEFLY))
        yield deployment


def admitted(deployment: Deployment, layer: str) -> set[str]:
    states = deployment.store.ledger.admitted(TABLES[layer])
    return {Partition(date, source).key for date, source in states.select("date", "source").iter_rows()}


def succeeded(daemon: Daemon, job: str, count: int) -> bool:
    runs = daemon.runs(job)
    assert len(runs) <= count, daemon.report()
    assert all(run.status is not dg.DagsterRunStatus.FAILURE for run in runs), daemon.report()
    return len(runs) == count and all(run.is_success for run in runs)


def wait_for_ticks(daemon: Daemon, count: int) -> None:
    """Wait until both sensors looked that often again."""
    before = {sensor: len(daemon.ticks(sensor)) for sensor in ("recrawl_sensor", "retrain_sensor")}
    daemon.wait(
        f"{count} more ticks",
        lambda: all(len(daemon.ticks(sensor)) >= before[sensor] + count for sensor in before),
        seconds=30 * count,
    )


@pytest.mark.slow
def test_the_daemon_re_crawls_what_was_not_reached_and_retrains_on_it_once(
    lasting: Deployment, demo_site: DemoSite
):
    lasting.connect_to = {**demo_site.connect_to, API: NOBODY_LISTENS}
    assert "pages.completeness" in lasting.run(CRAWL, UNREACHED).failed_checks
    lasting.connect_to = dict(demo_site.connect_to)
    with running_daemon(lasting, lasting.settings.dagster_home) as daemon:
        daemon.wait("the re-crawl", lambda: succeeded(daemon, CRAWL, 1), seconds=RUN_SECONDS)
        [crawl] = daemon.runs(CRAWL)
        assert crawl.tags["dagster/partition"] == UNREACHED
        assert crawl.tags[CAUSE_TAG] == "pages.completeness failed"
        assert admitted(lasting, "embeddings") == {UNREACHED}
        daemon.wait("the training", lambda: succeeded(daemon, RETRAIN, 1), seconds=TRAIN_SECONDS)
        assert daemon.runs(RETRAIN)[0].tags[CAUSE_TAG] == f"1 repaired partitions: {UNREACHED}"

        wait_for_ticks(daemon, 2)
        counts = {job: len(daemon.runs(job)) for job in (CRAWL, REPLAY, PUBLISH, RETRAIN)}
        assert counts == {CRAWL: 1, REPLAY: 0, PUBLISH: 0, RETRAIN: 1}, daemon.report()


@pytest.mark.soak
def test_the_daemon_repairs_what_failed_and_retrains_on_it_once(lasting: Deployment, demo_site: DemoSite):
    assert lasting.run(CRAWL, WHOLE).success
    assert lasting.run(CRAWL, BROKEN_LAYOUT).failed_checks == ("records.completeness",)
    lasting.connect_to = {**demo_site.connect_to, API: NOBODY_LISTENS}
    assert "pages.completeness" in lasting.run(CRAWL, UNREACHED).failed_checks
    lasting.connect_to = dict(demo_site.connect_to)
    assert admitted(lasting, "embeddings") == {WHOLE}

    with running_daemon(lasting, lasting.settings.dagster_home) as daemon:
        daemon.wait("the re-crawl", lambda: succeeded(daemon, CRAWL, 1), seconds=RUN_SECONDS)
        [crawl] = daemon.runs(CRAWL)
        assert crawl.tags["dagster/partition"] == UNREACHED
        assert crawl.tags[CAUSE_TAG] == "pages.completeness failed"
        assert admitted(lasting, "embeddings") == {WHOLE, UNREACHED}
        daemon.wait("the first training", lambda: succeeded(daemon, RETRAIN, 1), seconds=TRAIN_SECONDS)
        assert daemon.runs(RETRAIN)[0].tags[CAUSE_TAG] == f"1 repaired partitions: {UNREACHED}"

        wait_for_ticks(daemon, 1)
        assert daemon.runs(REPLAY) == []
        assert "awaiting a patch of demo_shop" in (daemon.ticks("recrawl_sensor")[-1].skip_reason or "")

        demo_site.clear()
        lasting.settings.patches.mkdir()
        shutil.copy(PATCH, lasting.settings.patches)
        daemon.wait("the replay", lambda: succeeded(daemon, REPLAY, 1), seconds=RUN_SECONDS)
        [replay] = daemon.runs(REPLAY)
        assert replay.tags["dagster/partition"] == BROKEN_LAYOUT
        assert demo_site.requests == ()
        assert admitted(lasting, "embeddings") == {WHOLE, UNREACHED, BROKEN_LAYOUT}
        daemon.wait("the retraining", lambda: succeeded(daemon, RETRAIN, 2), seconds=TRAIN_SECONDS)
        assert daemon.runs(RETRAIN)[1].tags[CAUSE_TAG] == f"1 repaired partitions: {BROKEN_LAYOUT}"

        wait_for_ticks(daemon, 2)
        counts = {job: len(daemon.runs(job)) for job in (CRAWL, REPLAY, RETRAIN)}
        assert counts == {CRAWL: 1, REPLAY: 1, RETRAIN: 2}, daemon.report()
        # the partition that was whole from the start may have been published before the first repair began
        assert len(daemon.runs(PUBLISH)) <= 1, daemon.report()
        assert demo_site.requests == ()

    corpus = lasting.store.read_admitted(TABLES["corpus"])
    records = lasting.store.tables.read_partition(TABLES["records"], Partition.from_key(BROKEN_LAYOUT))
    assert records.height > 0
    assert set(records["record_id"]) <= set(corpus["record_id"])
