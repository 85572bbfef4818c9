"""The asset: it reports on whatever is stored, admitted or not, and keeps one row a day."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from webdata_assets.automation.jobs import REPORT, WRITES_TAG
from webdata_assets.cli.instance import Outcome
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.observe.synthetic import BROKEN, NOW, cells, fill


class Reported(NamedTuple):
    """A deployment, and how the run of its report ended."""

    deployment: Deployment
    outcome: Outcome


QUALITY = dg.AssetKey("quality_report")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Three sources over five days, one partition of which failed; for reading alone."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = Deployment(tmp_path_factory.mktemp("filled") / "made", instance, {}, now=NOW.isoformat())
        made.take_packaged("demo_shop")
        fill(made.store, [*cells(3, 5), BROKEN])
        yield made


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory, filled: Deployment) -> Iterator[Reported]:
    """The same after a report; for reading alone."""
    folder = tmp_path_factory.mktemp("reported") / "made"
    shutil.copytree(filled.folder, folder)
    with dg.DagsterInstance.ephemeral() as instance:
        made = Deployment(folder, instance, {}, now=NOW.isoformat())
        yield Reported(made, made.run(REPORT))


def copy(deployment: Deployment, folder: Path) -> Deployment:
    """Return a copy to change, under the same instance."""
    shutil.copytree(deployment.folder, folder)
    return Deployment(folder, deployment.instance, {}, now=NOW.isoformat())


def report(deployment: Deployment) -> dict[str, object]:
    return deployment.store.tables.read(QUALITY_REPORT).row(-1, named=True)


def test_the_job_renders_a_page_though_a_partition_failed(reported):
    deployment, outcome = reported
    assert outcome.success
    assert outcome.failed_checks == ("quality_report.no_failed_partitions",)
    row = report(deployment)
    page = deployment.folder / "store" / str(row["path"])
    assert page.read_bytes().startswith(b"<!doctype html>")
    assert (row["date"], row["failed_partitions"], row["bytes"]) == (NOW.date(), 1, page.stat().st_size)
    assert row["rendered_at"] == NOW
    assert deployment.store.ledger.admitted(TABLES["quality_report"]).height == 1


def test_its_metadata_tell_path_size_and_time(reported):
    deployment, _ = reported
    event = deployment.instance.get_latest_materialization_event(QUALITY)
    told = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert told["report"] == str(deployment.folder / "store" / "reports" / "2026-06-30.html")
    assert told["bytes"] == report(deployment)["bytes"]
    assert 0 < told["seconds"] < 60
    assert told["failed_partitions"] == 1


def test_the_last_report_of_a_day_replaces_its_row_and_other_days_stay(reported, tmp_path):
    deployment = copy(reported.deployment, tmp_path / "made")
    deployment.now = (NOW + dt.timedelta(hours=1)).isoformat()
    deployment.run(REPORT)
    [rendered] = deployment.store.tables.read(QUALITY_REPORT)["rendered_at"]
    assert rendered == NOW + dt.timedelta(hours=1)
    deployment.now = (NOW + dt.timedelta(days=1)).isoformat()
    deployment.run(REPORT)
    dates = deployment.store.tables.read(QUALITY_REPORT)["date"].to_list()
    assert dates == [NOW.date(), NOW.date() + dt.timedelta(days=1)]


def test_the_report_is_made_after_the_service_levels(reported):
    deployment, _ = reported
    times = {
        key: deployment.instance.get_latest_materialization_event(dg.AssetKey(key)).timestamp
        for key in ("slo", "quality_report")
    }
    assert times["slo"] < times["quality_report"]


def test_a_failure_of_the_service_levels_does_not_keep_the_report_back(filled, tmp_path, monkeypatch):
    deployment = copy(filled, tmp_path / "made")

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the event log cannot be read")

    monkeypatch.setattr("webdata_assets.assets.slo.service_levels", fail)
    assert not deployment.run(REPORT).success
    assert report(deployment)["date"] == NOW.date()


def test_the_daily_report_runs_by_itself_as_the_only_writer(filled):
    definitions = filled.definitions()
    [schedule] = [each for each in definitions.schedules or [] if each.name == "daily_report"]
    assert schedule.cron_schedule == "30 0 * * *"
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert definitions.resolve_job_def(REPORT).tags[WRITES_TAG] == REPORT
