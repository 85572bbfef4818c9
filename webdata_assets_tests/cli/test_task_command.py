"""`webdata task check`: what was understood, and the labels that the corpus has."""

from pathlib import Path

import pytest

from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, put

TASK = """\
name: topic
description: A test
label: {field: category}
inputs: {vector: false, features: [lix]}
"""


@pytest.fixture
def task(webdata: Webdata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(TASK)
    monkeypatch.setenv("WEBDATA_TASK", str(path))
    return path


def test_it_says_what_it_understood_where_there_is_no_corpus_yet(webdata: Webdata, task: Path) -> None:
    report = webdata("task", "check", "--json").json()
    assert report["understood"]["inputs"] == "words, 1 features"
    assert report["labels"] == []
    assert report["notes"] == ["No labels to count: corpus was never materialized; materialize it first"]


def test_it_counts_the_labels_of_the_corpus_and_those_held_out(webdata: Webdata, task: Path) -> None:
    store = Store.open(str(webdata.store))
    put(store, "corpus", samples.corpus(60), None)
    admit(store, "corpus", None)
    report = webdata("task", "check", "--json").json()
    assert [(row["label"], row["records"]) for row in report["labels"]] == [
        ("garden", 20), ("kitchen", 20), ("office", 20),
    ]  # fmt: skip
    assert all(0 < row["held_out_records"] < 20 for row in report["labels"])
    assert report["notes"] == ["0 of 60 live records have no label."]
    assert "garden" in webdata("task", "check").stdout


def test_labels_that_cannot_be_judged_are_said_to_be_so(webdata: Webdata, task: Path) -> None:
    store = Store.open(str(webdata.store))
    put(store, "corpus", samples.corpus(1), None)
    admit(store, "corpus", None)
    notes = webdata("task", "check", "--json").json()["notes"]
    assert notes[-1].startswith("Fewer than two labels are held out")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (("category", "[category]"), "label.field"),
        (("lix", "lux"), "inputs.features: 'lux' is no feature that a model can take; did you mean `lix`?"),
    ],
)
def test_a_task_that_cannot_be_used_ends_with_usage(
    webdata: Webdata, task: Path, broken: tuple[str, str], message: str
) -> None:
    task.write_text(TASK.replace(*broken))
    said = webdata("task", "check")
    assert said.exit_code == 2
    assert message in said.stderr
