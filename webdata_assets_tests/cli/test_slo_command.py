"""`webdata slo` and the asset `slo`: from the runs of an instance to numbers."""

import datetime as dt
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.assets.slo import slo
from webdata_assets.checks.check import Subject
from webdata_assets.checks.slo import success_rate
from webdata_assets.cli.instance import open_instance
from webdata_assets.io_managers import TableIOManager
from webdata_assets.resources import ClockResource, StoreResource
from webdata_assets.schemas.slo import SLO
from webdata_assets.settings import Settings
from webdata_assets.stages.observe.service_levels import Level, add_months, month_of, replace_months
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata, make_webdata
from webdata_assets_tests.resources.outcomes import HOW, build_job
from webdata_assets_tests.store.rows import put

NOW = dt.datetime.now(dt.UTC)
MONTH = month_of(NOW)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    """The folder of a deployment in which a job ended well, was rejected by a check, and met an outage."""
    folder = tmp_path_factory.mktemp("made") / "deployment"
    with pytest.MonkeyPatch.context() as monkeypatch:
        make_webdata(folder, encoder_folder, monkeypatch)("task", "--help")  # sets the environment
        with open_instance(Settings()) as instance:
            for how in ("well", "rejected", "outage"):
                build_job().execute_in_process(instance=instance, tags={HOW: how}, raise_on_error=False)
    return folder


@pytest.fixture
def ran(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    """A copy of that deployment, under this test's environment."""
    shutil.copytree(made, tmp_path / "deployment", symlinks=True)
    webdata = Webdata(tmp_path / "deployment", monkeypatch)
    webdata("task", "--help")  # sets the environment
    return webdata


def test_slo_prints_every_metric_and_what_was_left_out(ran: Webdata) -> None:
    report = ran("slo", "--json").json()
    assert (report["month"], report["computed_from"]) == (f"{MONTH:%Y-%m}", "the event log")
    levels = {(level["job"], level["metric"]): level for level in report["levels"]}
    for job in ("all", "pipeline"):
        assert levels[job, "success_rate"]["value"] == 0.5
        assert levels[job, "success_rate"]["of"] == "1 / 2"
        assert levels[job, "success_rate"]["excluded_reasons"] == {"target_outage": 1}
        assert levels[job, "retry_overhead"]["value"] == 0
        assert levels[job, "tasks"]["value"] == 4 + 3 + 1
    said = ran("slo")
    assert "target outage 1" in said.stdout
    assert "upstream failed 4" in said.stdout


def test_a_month_without_runs_has_no_levels(ran: Webdata) -> None:
    report = ran("slo", "--month", "2020-01", "--json").json()
    assert (report["computed_from"], report["levels"]) == ("nothing", [])


def test_a_month_that_dagster_forgot_comes_from_the_table(ran: Webdata) -> None:
    old = dt.date(2020, 1, 1)
    rows = replace_months(SLO.empty(), [Level(old, "all", "runs", 7.0)], NOW)
    put(Store.open(str(ran.store)), "slo", rows, None)
    report = ran("slo", "--month", "2020-01", "--json").json()
    assert report["computed_from"] == "the slo table"
    assert [(level["metric"], level["value"]) for level in report["levels"]] == [("runs", 7.0)]


def test_a_month_of_another_form_is_wrong_usage(ran: Webdata) -> None:
    assert ran("slo", "--month", "June").exit_code == 2


def test_the_asset_adds_this_month_and_keeps_the_others(ran: Webdata) -> None:
    store = StoreResource(root=str(ran.store))
    old = dt.date(2020, 1, 1)
    rows = replace_months(SLO.empty(), [Level(old, "all", "runs", 7.0)], NOW)
    put(Store.open(store.root), "slo", rows, None)
    with open_instance(Settings()) as instance:
        done = dg.materialize(
            [slo],
            instance=instance,
            resources={"store": store, "clock": ClockResource(), "io_manager": TableIOManager(store=store)},
        )
    stored = Store.open(store.root).tables.read(SLO)
    assert stored["month"].unique().sort().to_list() == [old, MONTH]
    assert SLO.schema.is_valid(stored)
    (event,) = done.asset_materializations_for_node("slo")
    assert event.metadata["success_rate"].value == 0.5
    assert event.metadata["excluded_from_success_rate"].value == 2  # the outage, and the asset's own run


def judged(*months: tuple[int, int, int]) -> tuple[bool, float | None]:
    """Judge months back from now, each with ok and finished pipelines."""
    levels = [
        Level(
            add_months(MONTH, -back), "all", "success_rate", ok / finished if finished else None, ok, finished
        )
        for back, ok, finished in months
    ]
    rows = pl.concat([SLO.empty(), replace_months(SLO.empty(), _with_runs(levels), NOW)])
    subject = Subject(SLO, None, None, Store.open("nowhere"), NOW)
    subject.__dict__["rows"] = rows
    found = success_rate(subject)
    return found.passed, found.value


def _with_runs(levels: list[Level]) -> list[Level]:
    return [*levels, *(Level(level.month, "all", "runs", 1.0) for level in levels)]


def test_the_check_judges_the_current_month_once_it_has_runs_enough() -> None:
    assert judged((0, 19, 20), (1, 0, 50)) == (True, 0.95)
    assert judged((0, 18, 20), (1, 50, 50)) == (False, 0.9)
    assert judged((0, 1, 2), (1, 49, 50)) == (True, 0.98)
    assert judged((0, 1, 2)) == (False, 0.5)
    assert judged((0, 0, 0)) == (True, None)
