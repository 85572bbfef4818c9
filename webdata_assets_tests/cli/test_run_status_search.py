"""`webdata run`, `status` and `search` on the demo site, one after the other as a person would."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.cli.calling import Webdata, make_webdata

pytestmark = pytest.mark.slow

DATE = "2026-06-01"
LAYERS = [
    "frontier",
    "pages",
    "dead_letters",
    "records",
    "quarantine",
    "changes",
    "features",
    "embeddings",
    "fingerprints",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Webdata]:
    """A deployment in which `webdata run` has crawled one partition."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        webdata = make_webdata(tmp_path_factory.mktemp("ran") / "deployment", encoder_folder, monkeypatch)
        for name in ("demo_api", "docs_python"):
            shutil.copy(PACKAGED_SOURCES / f"{name}.yaml", webdata.sources)
        empty = webdata("search", "lamp")
        assert empty.exit_code == 1
        assert "nothing was released yet" in empty.stderr
        nothing = webdata("publish")
        assert nothing.exit_code == 1
        assert "no partition is admitted yet" in nothing.stderr
        said = webdata("run", "--source", "demo_api", "--date", DATE, "--json")
        assert said.exit_code == 0
        report = said.json()
        assert report["partition"] == f"{DATE}|demo_api"
        assert report["admitted"] is True
        assert report["problems"] == []
        assert [layer["layer"] for layer in report["layers"]] == LAYERS
        assert {layer["layer"]: layer["rows"] for layer in report["layers"]}["records"] == 30
        yield webdata


@pytest.fixture
def webdata(ran: Webdata, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    """The same deployment, under this test's environment."""
    return Webdata(ran.folder, monkeypatch)


def test_a_replay_makes_no_request_and_the_same_records(webdata: Webdata) -> None:
    said = webdata("run", "--source", "demo_api", "--date", DATE, "--replay")
    assert said.exit_code == 0
    assert "records" in said.stdout
    assert f"{DATE}|demo_api: run " in said.stdout


def test_status_counts_admitted_partitions(webdata: Webdata) -> None:
    report = webdata("status", "--json").json()
    assert [row["layer"] for row in report["counts"]] == LAYERS
    assert all((row["admitted"], row["failed"], row["unchecked"]) == (1, 0, 0) for row in report["counts"])
    said = webdata("status", "--source", "demo_api")
    assert said.exit_code == 0
    assert "embeddings" in said.stdout


def test_status_of_an_unknown_source_is_wrong_usage(webdata: Webdata) -> None:
    said = webdata("status", "--source", "demo_apy")
    assert said.exit_code == 2
    assert "did you mean `demo_api`" in said.stderr
    never_run = webdata("status", "--source", "docs_python")
    assert never_run.exit_code == 0


def test_a_source_that_is_not_enabled_is_not_run(webdata: Webdata) -> None:
    said = webdata("run", "--source", "docs_python")
    assert said.exit_code == 2
    assert f"write `enabled: true` in {webdata.sources / 'docs_python.yaml'}" in said.stderr


def test_search_answers_from_the_index(webdata: Webdata) -> None:
    published = webdata("publish", "--json")
    assert published.exit_code == 0
    report = published.json()
    assert report["job"] == "retrain"  # there was no model
    assert all(layer["admitted"] for layer in report["layers"])
    again = webdata("run", "--source", "demo_api", "--date", DATE, "--replay", "--publish", "--json").json()
    assert (again["admitted"], again["published"]["job"], again["published"]["ok"]) == (True, "publish", True)
    answer = webdata("search", "a quiet light for night rides", "--limit", "3", "--json").json()
    assert answer["query"] == "a quiet light for night rides"
    assert 1 <= len(answer["hits"]) <= 3
    assert answer["hits"][0]["source"] == "demo_api"
    assert dt.date.fromisoformat(answer["hits"][0]["date"]) == dt.date.fromisoformat(DATE)
    shown = webdata("search", "a quiet light for night rides", "--mode", "text")
    assert shown.exit_code == 0
    assert "Answers to “a quiet light for night rides” from release 1 (" in shown.stdout
    nothing = webdata("search", "light", "--source", "no_such_source")
    assert nothing.exit_code == 0
    assert nothing.stdout.startswith("No answer in release 1 (")
    assert webdata("search", " ").exit_code == 2
