"""Metrics against scikit-learn's, and the rule of promotion."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.evaluation import compare, evaluate, evaluate_classifier
from webdata_assets.stages.learn.promotion import decide
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets_tests.learn.samples import corpus, embeddings, features

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)


@given(PAIRS)
def test_metrics_equal_those_of_scikit_learn(pairs):
    actual, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    evaluation = evaluate(actual, predicted)
    assert evaluation.accuracy == pytest.approx(accuracy_score(actual, predicted))
    assert evaluation.macro_f1 == pytest.approx(f1_score(actual, predicted, average="macro", zero_division=0))
    most = max(sorted(set(actual)), key=actual.count)
    constant = [most] * len(actual)
    assert evaluation.baseline_accuracy == pytest.approx(accuracy_score(actual, constant))
    assert evaluation.baseline_macro_f1 == pytest.approx(
        f1_score(actual, constant, average="macro", zero_division=0)
    )
    assert sum(sum(row.values()) for row in evaluation.confusion.values()) == len(pairs)


def test_the_confusion_counts_predictions_by_true_label():
    assert evaluate(["a", "a", "b"], ["a", "b", "b"]).confusion == {"a": {"a": 1, "b": 1}, "b": {"b": 1}}


def test_no_rows_score_nothing():
    evaluation = evaluate([], [])
    assert (evaluation.rows, evaluation.accuracy, evaluation.macro_f1, evaluation.baseline_accuracy) == (
        0, 0, 0, 0,
    )  # fmt: skip


def test_champion_and_challenger_are_judged_on_the_same_rows():
    frame = build_training_set(corpus(), features(), embeddings())
    test = frame.filter(split="test")
    champion, challenger = train(frame.head(12)), train(frame.filter(split="train"))
    comparison = compare(challenger, champion, test)
    assert comparison.champion == evaluate_classifier(champion, test)
    assert comparison.challenger == evaluate_classifier(challenger, test)


@pytest.mark.parametrize("champion", ["none", "of another encoder"])
def test_without_a_champion_that_reads_the_vectors_there_is_none_to_compare_with(champion):
    frame = build_training_set(corpus(), features(), embeddings())
    challenger = train(frame)
    other = dataclasses.replace(challenger, model_id="tiny@0")
    assert compare(challenger, None if champion == "none" else other, frame).champion is None


@pytest.mark.parametrize(
    ("challenger", "champion", "promote", "reason"),
    [
        (0.60, None, True, "first champion"),
        (0.49, None, False, "under the floor"),
        (0.49, 0.30, False, "under the floor"),
        (0.80, 0.75, True, "against the champion's 0.750"),
        (0.745, 0.75, True, "against the champion's"),
        (0.73, 0.75, False, "more than 0.010 under 0.750"),
        (float("nan"), None, False, "under the floor"),
        (0.9, float("nan"), False, "under nan"),
    ],
)
def test_a_challenger_is_promoted_by_floor_and_margin(challenger, champion, promote, reason):
    decision = decide(challenger, champion, floor=0.5)
    assert decision.promote is promote
    assert reason in decision.reason
