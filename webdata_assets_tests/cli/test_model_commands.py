"""`webdata model`: history, comparing, promoting and going back, each on a store with two releases."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.stages.learn.registry import version_of
from webdata_assets.store.releases import current_release
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.learn import samples
from webdata_assets_tests.learn.pairs import Pairs, training_set
from webdata_assets_tests.store.rows import admit, put

SOURCE = """
name: shop
description: A shop
start: 2026-01-01
fetch: {discover: [{by: urls, start: [https://shop.example.com/]}]}
extract: {kind: product, fields: {title: h1}}
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """Release 1 has a small index and the first model, release 2 a larger one and the second."""
    pairs = Pairs(tmp_path_factory.mktemp("released"))
    (pairs.folder / "sources").mkdir()
    (pairs.folder / "sources" / "shop.yaml").write_text(SOURCE)
    for name, rows in (("features", samples.features()), ("embeddings", samples.embeddings())):
        put(pairs.store, name, rows, Partition(samples.DAY, "shop"))
        admit(pairs.store, name, Partition(samples.DAY, "shop"))
    for name, rows in (("corpus", samples.corpus()), ("training_set", training_set())):
        put(pairs.store, name, rows, None)
        admit(pairs.store, name, None)
    pairs.fill_index(10)
    pairs.train()
    pairs.release()
    pairs.fill_index(20)
    pairs.train(left_out=3)
    pairs.release()
    return pairs


@pytest.fixture
def pairs(tmp_path: Path, released: Pairs) -> Pairs:
    """A copy of that store."""
    shutil.copytree(released.folder, tmp_path, dirs_exist_ok=True)
    return Pairs(tmp_path, released.hours)


@pytest.fixture
def versions(pairs: Pairs) -> list[str]:
    """Versions of the two models, in the order of their training."""
    return pairs.store.tables.read(TABLES["model"]).sort("trained_at")["version"].to_list()


@pytest.fixture
def webdata(pairs: Pairs, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    return Webdata(pairs.folder, monkeypatch)


def delivered_with(pairs: Pairs) -> set[str | None]:
    return set(pairs.store.tables.read(DELIVERY)["model_version"])


def test_history_tells_what_became_of_each_model(webdata: Webdata, versions: list[str]):
    rows = webdata("model", "history", "--json").json()
    assert [(row["version"], row["alias"], row["releases"]) for row in rows] == [
        (versions[1], "champion", [2]),
        (versions[0], "retired", [1]),
    ]
    assert rows[0]["reason"].startswith("score ")
    assert versions[0] in webdata("model", "history").stdout


def test_history_without_models_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "sources").mkdir()
    said = Webdata(tmp_path, monkeypatch)("model", "history")
    assert (said.exit_code, said.stdout) == (
        0, "No model was trained yet; `webdata publish --retrain` trains one.\n",
    )  # fmt: skip


def test_compare_evaluates_both_on_the_same_rows(webdata: Webdata, versions: list[str]):
    report = webdata("model", "compare", versions[0][:6], versions[1], "--json").json()
    assert report["rows"] == training_set().filter(split="test").height
    assert [each["version"] for each in report["models"]] == versions
    assert {each["slice"] for each in report["slices"]} == {"source shop", "detected_language none"}
    same = webdata("model", "compare", versions[0], versions[0]).stdout
    assert "Difference 0.0 (95 % interval 0.000 to 0.000, paired by group)." in same


def test_promote_takes_a_model_into_use_and_leaves_the_index(
    webdata: Webdata, pairs: Pairs, versions: list[str]
):
    said = webdata("model", "promote", versions[0][:8], "--reason", "more honest", "--json")
    assert said.exit_code == 0
    assert said.json()["release"] == 3
    assert pairs.pair == (40, versions[0])
    assert delivered_with(pairs) == {versions[0]}
    decision = pairs.store.tables.read(RELEASE_DECISIONS).row(0, named=True)
    assert (decision["decision"], decision["reason"]) == ("promote", "more honest")
    assert decision["left_model_version"] == versions[1]
    assert decision["decided_by"]


def test_rollback_takes_model_and_index_back_and_forth(webdata: Webdata, pairs: Pairs, versions: list[str]):
    assert "Release 3: index " in webdata("model", "rollback").stdout
    assert pairs.pair == (20, versions[0])
    assert delivered_with(pairs) == {versions[0]}
    assert webdata("model", "rollback", "--to", "2").exit_code == 0
    assert pairs.pair == (40, versions[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["promote", "none"], "no model begins with none; see `webdata model history`"),
        (["promote", "{champion}"], "is in use already, with release 2"),
        (["compare", "{champion}", "none"], "no model begins with none"),
        (["rollback", "--to", "7"], "there is no release 7"),
        (["rollback", "--to", "2"], "the pair of release 2 is in use already"),
    ],
)
def test_what_cannot_be_is_refused(webdata: Webdata, versions: list[str], arguments: list[str], message: str):
    said = webdata("model", *(argument.format(champion=versions[1]) for argument in arguments))
    assert said.exit_code == 2
    assert message in said.stderr


def test_a_version_must_be_told_from_others(webdata: Webdata):
    assert "2 models, such as" in webdata("model", "promote", "").stderr


def test_a_model_of_another_encoder_is_refused(webdata: Webdata, pairs: Pairs):
    other = version_of(pairs.train(model_id="tiny@2"))
    said = webdata("model", "promote", other)
    assert said.exit_code == 2
    assert "reads vectors of tiny@2, the index in use has those of tiny@1" in said.stderr


def test_a_model_under_its_floor_is_refused(webdata: Webdata, pairs: Pairs, versions: list[str]):
    lifted = pairs.store.tables.read(TABLES["model"]).with_columns(floor=pl.lit(1.0), score=pl.lit(0.5))
    put(pairs.store, "model", lifted, None)
    said = webdata("model", "promote", versions[0])
    assert "scores 0.500, under its floor of 1.000" in said.stderr


def test_a_rollback_to_a_forgotten_index_is_refused(webdata: Webdata, pairs: Pairs):
    pairs.index.forget([current_release(pairs.store).index_snapshot])
    said = webdata("model", "rollback", "--to", "1")
    assert said.exit_code == 2
    assert "the index of release 1 was forgotten" in said.stderr


def test_without_any_release_there_is_nothing_to_go_back_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "sources").mkdir()
    said = Webdata(tmp_path, monkeypatch)("model", "rollback")
    assert said.exit_code == 1
    assert "nothing was released yet" in said.stderr
