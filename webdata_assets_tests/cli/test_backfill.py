"""`webdata backfill`: many partitions in one process, each with a run of its own."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import yaml

from webdata_assets.cli.instance import PARTITION_TAG, open_instance
from webdata_assets.schemas import TABLES
from webdata_assets.settings import PACKAGED_SOURCES, Settings
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata, make_webdata

pytestmark = pytest.mark.slow

DATES = ("2026-06-01", "2026-06-02")
GOOD, STRICT = "demo_api", "strict_api"
PERIOD = ("--from", DATES[0], "--to", DATES[1])


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Webdata]:
    """A deployment with two sources, one of which expects what no record has, over two dates."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        webdata = make_webdata(tmp_path_factory.mktemp("filled") / "deployment", encoder_folder, monkeypatch)
        shutil.copy(PACKAGED_SOURCES / f"{GOOD}.yaml", webdata.sources)
        strict = yaml.safe_load((PACKAGED_SOURCES / f"{GOOD}.yaml").read_text())
        strict["name"] = STRICT
        strict["extract"]["fields"]["isbn"] = {"jmespath": "isbn"}
        strict["expect"] = {"completeness": {"isbn": 1.0}}
        (webdata.sources / f"{STRICT}.yaml").write_text(yaml.safe_dump(strict))
        said = webdata("backfill", *PERIOD, "--json")
        assert said.exit_code == 1
        states = {row["partition"]: row["state"] for row in said.json()}
        assert states == {
            f"{date}|{name}": state
            for date in DATES
            for name, state in ((GOOD, "admitted"), (STRICT, "failed"))
        }
        yield webdata


@pytest.fixture
def webdata(filled: Webdata, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return Webdata(filled.folder, monkeypatch)


def test_every_partition_has_a_run_of_its_own(webdata: Webdata) -> None:
    webdata("status")
    with open_instance(Settings()) as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name="crawl"))
    assert sorted(run.tags[PARTITION_TAG] for run in runs) == [
        f"{date}|{name}" for date in DATES for name in (GOOD, STRICT)
    ]


def test_a_second_time_does_nothing_and_names_what_failed(webdata: Webdata) -> None:
    said = webdata("backfill", *PERIOD, "--json")
    assert said.exit_code == 1
    rows = said.json()
    assert {row["job"] for row in rows} == {None}
    assert {row["why"] for row in rows if row["state"] == "admitted"} == {"already"}
    failed = [row["why"] for row in rows if row["state"] == "failed"]
    assert all("records.completeness failed: mend the cause" in why for why in failed)


def test_it_makes_what_runs_by_themselves_make(
    webdata: Webdata, tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = make_webdata(tmp_path / "alone", encoder_folder, monkeypatch)
    for file in webdata.sources.iterdir():
        shutil.copy(file, alone.sources)
    for name in (GOOD, STRICT):
        alone("run", "--source", name, "--date", DATES[0])
    assert verdicts(webdata) == verdicts(alone)


def verdicts(webdata: Webdata) -> dict[str, list[tuple[object, ...]]]:
    """Return what was written of the first date, by table, and each verdict on it."""
    ledger, date = Store.open(str(webdata.store)).ledger, dt.date.fromisoformat(DATES[0])
    return {
        table.name: ledger.all_newest_verdicts(table)
        .filter(date=date)
        .select("source", "check", "passed", "data_version", "code_version")
        .rows()
        for table in TABLES.values()
        if table.partitioned
    }


def test_dates_after_one_that_was_missing_are_compared_with_it(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    webdata = make_webdata(tmp_path / "deployment", encoder_folder, monkeypatch)
    shutil.copy(PACKAGED_SOURCES / f"{GOOD}.yaml", webdata.sources)
    assert webdata("backfill", "--from", DATES[1], "--to", DATES[1]).exit_code == 0
    assert _kinds_of(DATES[1]) == {"new"}
    said = webdata("backfill", *PERIOD, "--json").json()
    assert [(row["partition"], row["job"], row["state"]) for row in said] == [
        (f"{DATES[0]}|{GOOD}", "crawl", "admitted"),
        (f"{DATES[1]}|{GOOD}", "compare", "admitted"),
    ]
    assert "unchanged" in _kinds_of(DATES[1])
    assert {row["job"] for row in webdata("backfill", *PERIOD, "--json").json()} == {None}


def _kinds_of(date: str) -> set[str]:
    changes = Store.of(Settings()).tables.scan(TABLES["changes"])
    return set(changes.filter(pl.col("date") == dt.date.fromisoformat(date)).collect()["kind"])


def test_a_replay_makes_no_request(webdata: Webdata) -> None:
    said = webdata("backfill", *PERIOD, "--source", GOOD, "--replay", "--json")
    assert said.exit_code == 0
    assert [row["job"] for row in said.json()] == ["replay", "replay"]


def test_dates_that_cannot_be_are_left_out_and_said_why(webdata: Webdata) -> None:
    said = webdata("backfill", "--from", "2026-05-31", "--to", "2026-05-31", "--source", GOOD, "--json")
    assert said.exit_code == 0
    [row] = said.json()
    assert row["state"] == "left out"
    assert "it begins on 2026-06-01" in row["why"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", DATES[1], "--to", DATES[0]], "--from 2026-06-02 is after --to 2026-06-01"),
        (["--from", "yesterday"], "not a date of the form YYYY-MM-DD"),
        ([*PERIOD, "--source", "demo_apy"], "did you mean `demo_api`"),
        ([*PERIOD, "--replay", "--all"], "exclude each other"),
    ],
)
def test_wrong_usage_is_named(webdata: Webdata, arguments: list[str], told: str) -> None:
    said = webdata("backfill", *arguments)
    assert said.exit_code == 2
    assert told in said.stderr
