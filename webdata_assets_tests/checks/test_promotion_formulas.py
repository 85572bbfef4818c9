"""What may come into use is no worse than what it replaces, and its rows make it again."""

from pathlib import Path

import polars as pl
import pytest

from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.promotion import held_back
from webdata_assets.stages.learn.registry import version_of
from webdata_assets.store.store import data_version
from webdata_assets.tasks.model import Evaluation
from webdata_assets_tests.checks.copies import copied
from webdata_assets_tests.checks.judge import judge, limits, numbers
from webdata_assets_tests.learn import samples
from webdata_assets_tests.learn.pairs import Pairs, training_set
from webdata_assets_tests.store.rows import put

SMALL_SLICES = samples.TASK.model_copy(
    update={"evaluation": Evaluation(min_slice_rows=1, margin=0.02, slices=("source",))}
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """A champion, and a training set from which it can be made again; tests change a copy."""
    pairs = Pairs(tmp_path_factory.mktemp("released"))
    pairs.fill_index(5)
    put(pairs.store, "training_set", training_set(), None)
    pairs.train(left_out=3)
    pairs.release()
    return pairs


@pytest.fixture
def pairs(released: Pairs, tmp_path: Path) -> Pairs:
    return copied(released, tmp_path)


def found(pairs: Pairs, check: str, task=samples.TASK):
    return judge(pairs.store, "model", check, partition=None, task=task)


def change(pairs: Pairs, version: str | None = None, **values: object) -> None:
    models = pairs.store.tables.read(MODEL)
    this = pl.lit(True) if version is None else pl.col("version") == version
    changed = {
        name: pl.when(this).then(pl.lit(value, models.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    }
    put(pairs.store, "model", models.with_columns(**changed), None)


def test_without_any_model_nothing_is_compared(tmp_path: Path):
    pairs = Pairs(tmp_path)
    put(pairs.store, "model", MODEL.empty(), None)
    assert numbers(found(pairs, "no_worse")) == (True, None, -0.01)
    assert numbers(found(pairs, "no_slice_worse")) == (True, None, -0.05)
    assert numbers(found(pairs, "reproducible")) == (True, 0, 0)


def test_a_first_model_was_judged_alone(pairs: Pairs):
    finding = found(pairs, "no_worse")
    assert numbers(finding) == (True, None, -0.01)
    assert "was judged alone" in (finding.detail or "")


@pytest.mark.parametrize(("difference", "passed"), [(0.03, True), (-0.01, True), (-0.011, False)])
def test_a_candidate_that_is_worse_by_more_than_the_margin_blocks(
    pairs: Pairs, difference: float, passed: bool
):
    candidate = version_of(pairs.train())
    change(pairs, candidate, difference=difference, difference_low=difference, champion_score=0.5)
    finding = found(pairs, "no_worse")
    assert numbers(finding) == (passed, difference, -0.01)
    assert finding.only_warns is False
    assert (finding.detail or "").startswith(candidate)


def test_a_champion_that_is_worse_than_its_predecessor_only_warns(pairs: Pairs):
    change(pairs, difference=-0.2, difference_low=-0.3, champion_score=0.9, parent="0" * 16)
    finding = found(pairs, "no_worse")
    assert (finding.passed, finding.only_warns) == (False, True)


def test_a_challenger_that_may_not_replace_the_champion_does_no_harm(pairs: Pairs):
    challenger = version_of(pairs.train(promotable=False))
    change(pairs, challenger, difference=-0.5, champion_score=0.9)
    assert found(pairs, "no_worse").passed


def test_margins_are_those_of_the_task_file(pairs: Pairs):
    (limit,) = limits(pairs.store, "model", "no_worse", partition=None, task=SMALL_SLICES)
    assert (limit.value, limit.origin, limit.key, limit.sense) == (
        -0.02, "task file", "evaluation.margin", "≥",
    )  # fmt: skip
    (limit,) = limits(pairs.store, "model", "no_slice_worse", partition=None, task=SMALL_SLICES)
    assert (limit.value, limit.origin) == (-0.05, "default")


def on_the_same_rows(pairs: Pairs) -> str:
    """Train a candidate that was judged on the test rows of the stored training set."""
    candidate = version_of(pairs.train())
    rows = pairs.store.tables.read(TRAINING_SET)
    change(
        pairs, candidate, difference=0.0, champion_score=0.5,
        evaluation_fingerprint=data_version(TRAINING_SET, held_back(rows)),
    )  # fmt: skip
    return candidate


def test_slices_are_compared_once_more_on_the_rows_of_the_judgement(pairs: Pairs):
    candidate = on_the_same_rows(pairs)
    finding = found(pairs, "no_slice_worse", SMALL_SLICES)
    assert finding.value is not None
    assert finding.passed is (finding.value >= -0.05)
    assert finding.metrics == {"slices": 1}
    assert (finding.detail or "").startswith(candidate)
    assert (finding.detail or "").endswith("on source shop")


def test_a_slice_that_falls_by_more_than_allowed_blocks(pairs: Pairs, monkeypatch: pytest.MonkeyPatch):
    on_the_same_rows(pairs)
    rising = SMALL_SLICES.model_copy(
        update={"evaluation": SMALL_SLICES.evaluation.model_copy(update={"max_slice_fall": -1.0})}
    )
    finding = found(pairs, "no_slice_worse", rising)
    assert (finding.passed, finding.only_warns, finding.threshold) == (False, False, 1.0)


def test_small_slices_and_rows_that_are_no_more_judge_nothing(pairs: Pairs):
    candidate = on_the_same_rows(pairs)
    assert found(pairs, "no_slice_worse").detail == "no slice has 20 rows"
    put(pairs.store, "training_set", training_set().head(30), None)
    finding = found(pairs, "no_slice_worse", SMALL_SLICES)
    assert (finding.passed, finding.detail) == (
        True, f"the rows that {candidate} was judged on are no more",
    )  # fmt: skip


def test_training_again_gives_the_same_model(pairs: Pairs):
    pairs.materialize_model(training_set())
    finding = found(pairs, "reproducible")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"trained_again_rows": training_set().filter(split="train").height}


def test_a_model_that_its_rows_do_not_make_blocks(pairs: Pairs):
    learnt = training_set().filter(split="train")
    change(pairs, training_fingerprint=data_version(TRAINING_SET, learnt))
    finding = found(pairs, "reproducible")
    assert numbers(finding) == (False, 1, 0)
    assert (finding.detail or "").startswith("training again gives ")


def test_models_of_earlier_training_sets_are_not_trained_again(pairs: Pairs):
    finding = found(pairs, "reproducible")
    assert finding.passed
    assert finding.detail == "not trained again: no model was trained on the training set of now"
