"""The model asset: trained, judged beside the champion, registered, and shown."""

import base64
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from lxml import etree

from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.evaluation import Evaluation
from webdata_assets_tests.assets.conftest import copy
from webdata_assets_tests.learn.pairs import Pairs, training_set

HOSTILE = "![x](http://evil.test/x.png)\u202e"


def train(
    pairs: Pairs, examples: pl.DataFrame, *, raises: bool = True
) -> tuple[dg.ExecuteInProcessResult, dict[str, Any]]:
    result = pairs.materialize_model(examples, raises=raises)
    (event,) = result.get_asset_materialization_events()
    return result, dict(event.materialization.metadata)


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    """A store without a model."""
    return Pairs(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """A store with a first model; for reading alone."""
    pairs = Pairs(tmp_path_factory.mktemp("trained"))
    pairs.fill_index(5)
    train(pairs, training_set())
    return pairs


@pytest.fixture(scope="module")
def in_use(tmp_path_factory: pytest.TempPathFactory, trained: Pairs) -> Pairs:
    """A store whose first model is in use; for reading alone."""
    pairs = copy(trained, tmp_path_factory.mktemp("in_use"))
    pairs.release()
    return pairs


@pytest.fixture(scope="module")
def challenged(tmp_path_factory: pytest.TempPathFactory, in_use: Pairs) -> Pairs:
    """A store whose first model is in use, and which has a second; for reading alone."""
    pairs = copy(in_use, tmp_path_factory.mktemp("challenged"))
    train(pairs, fewer())
    return pairs


def fewer() -> pl.DataFrame:
    """Return the training set without some rows to learn from."""
    return training_set().filter((pl.col("split") == "test") | (pl.int_range(pl.len()) % 7 != 3))


def registry(pairs: Pairs) -> pl.DataFrame:
    return pairs.store.tables.read(MODEL).sort("trained_at")


def test_the_first_model_is_judged_by_the_floor_and_the_next_beside_it(trained: Pairs, challenged: Pairs):
    first = registry(trained).row(0, named=True)
    assert (first["parent"], first["champion_score"], first["promotable"]) == (None, None, True)
    assert challenged.pair == (10, first["version"])
    second = registry(challenged).row(1, named=True)
    assert second["parent"] == first["version"]
    assert second["champion_score"] == first["score"]
    assert second["difference"] == pytest.approx(second["score"] - first["score"])
    assert second["evaluation_fingerprint"] == first["evaluation_fingerprint"]
    assert second["training_fingerprint"] != first["training_fingerprint"]


def test_the_same_training_set_gives_the_same_model_and_one_row(trained: Pairs, tmp_path: Path):
    pairs = copy(trained, tmp_path)
    before = registry(pairs)
    train(pairs, training_set().reverse())
    assert registry(pairs).equals(before)


def test_a_version_that_is_trained_again_is_judged_beside_the_champion_of_now(
    challenged: Pairs, tmp_path: Path
):
    pairs = copy(challenged, tmp_path)
    first = registry(pairs).item(0, "version")
    second = registry(pairs).filter(parent=first).item(0, "version")
    pairs.release()
    assert pairs.pair == (10, second)
    train(pairs, training_set())
    again = registry(pairs).filter(version=first).row(0, named=True)
    assert (registry(pairs).height, again["parent"]) == (2, second)
    before = registry(pairs)
    train(pairs, training_set())
    assert registry(pairs).equals(before)


def test_too_few_records_leave_the_registry_as_it_was(pairs: Pairs):
    _, metadata = train(pairs, training_set().head(3))
    assert registry(pairs).is_empty()
    assert "too few labelled records" in metadata["decision"].value


def test_a_champion_whose_files_are_gone_is_not_compared_with(in_use: Pairs, tmp_path: Path):
    pairs = copy(in_use, tmp_path)
    for file in pairs.store.location.model(registry(pairs).item(0, "version")).iterdir():
        file.unlink()
    result, _ = train(pairs, fewer(), raises=False)
    assert registry(pairs).row(1, named=True)["champion_score"] is None
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["artefact_hash"]
    assert "webdata model rollback" in str(failed[0].metadata["detail"].value)


def test_the_evaluation_is_stored_whole(trained: Pairs):
    row = registry(trained).row(0, named=True)
    evaluation = Evaluation.from_json(row["evaluation"])
    assert (evaluation.score, evaluation.low, evaluation.high) == (
        row["score"], row["score_low"], row["score_high"],
    )  # fmt: skip
    assert evaluation.groups == row["test_groups"]


def test_plots_are_images_and_text_of_pages_is_only_in_cells(pairs: Pairs):
    labels = {"kitchen": HOSTILE}
    _, metadata = train(pairs, training_set().with_columns(pl.col("label").replace(labels)))
    for name in ("score_by_version", "confusion_matrix", "calibration"):
        value = metadata[name].value
        head, _, encoded = value.removesuffix(")").partition("base64,")
        assert head.endswith("(data:image/svg+xml;")
        assert etree.fromstring(base64.b64decode(encoded)).tag.endswith("svg")
        assert len(value) < 60_000
        assert "evil" not in head + base64.b64decode(encoded).decode()
    assert [record.data["label"] for record in metadata["classes"].records] == [
        HOSTILE.removesuffix("\u202e"), "garden", "office",
    ]  # fmt: skip
    assert {"score", "score_low", "baseline_score", "calibration_error", "promotable"} <= set(metadata)
