"""Scores against scikit-learn's, slices, confusion, calibration, and the evaluation as JSON."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from webdata_assets.stages.learn.classifier import Predictions
from webdata_assets.stages.learn.evaluation import Bin, Evaluation, SliceScore, evaluate
from webdata_assets_tests.learn.judging import predicted, rows, task

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)


def macro_f1(actual, guessed):
    return f1_score(actual, guessed, average="macro", zero_division=0)


@given(PAIRS)
@settings(deadline=None, max_examples=60)
def test_scores_equal_those_of_scikit_learn(pairs):
    actual, guessed = [a for a, _ in pairs], [b for _, b in pairs]
    most = max(sorted(set(actual)), key=actual.count)
    for metric, peer in (("macro_f1", macro_f1), ("accuracy", accuracy_score)):
        found = evaluate(predicted(guessed), rows(actual), task(metric=metric))
        assert found.score == pytest.approx(peer(actual, guessed))
        assert found.baseline == pytest.approx(peer(actual, [most] * len(actual)))
        assert found.accuracy == pytest.approx(accuracy_score(actual, guessed))
        assert 0 <= found.low <= found.high <= 1
        assert sum(count for *_, count in found.confusion) == found.rows == found.groups == len(pairs)


@given(PAIRS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_rows_does_not_count(pairs, random):
    groups = [f"g{number % 4}" for number in range(len(pairs))]
    order = list(range(len(pairs)))
    random.shuffle(order)
    found = [
        evaluate(
            predicted([pairs[n][1] for n in places]),
            rows([pairs[n][0] for n in places], [groups[n] for n in places]),
            task(),
        )
        for places in (range(len(pairs)), order)
    ]
    assert found[0] == found[1]


def test_the_confusion_counts_pairs_of_labels_by_their_places():
    found = evaluate(predicted(list("abbz")), rows(list("aabb")), task())
    assert found.labels == ("a", "b", "z")
    assert found.confusion == ((0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 2, 1))


def test_each_value_of_a_slice_is_scored_by_itself_and_rows_without_one_too():
    sample = rows(list("aabb"), source=["x", "x", "y", None])
    found = evaluate(predicted(list("abba")), sample, task(metric="accuracy", slices=("source",)))
    assert found.slices == (
        SliceScore("source", "x", 2, 0.5),
        SliceScore("source", "y", 1, 1.0),
        SliceScore("source", None, 1, 0.0),
    )


def test_calibration_worked_by_hand():
    """0.95 twice, one of them right; 0.62 and 0.68, both right: (2·|0.5 − 0.95| + 2·|1 − 0.65|) / 4 = 0.4."""
    found = evaluate(predicted(list("abaa"), [0.95, 0.95, 0.62, 0.68]), rows(list("aaaa")), task())
    assert [(each.rows, each.accuracy) for each in found.bins] == [(2, 1.0), (2, 0.5)]
    assert [each.confidence for each in found.bins] == pytest.approx([0.65, 0.95])
    assert found.calibration_error == pytest.approx(0.4)


@pytest.mark.parametrize(("confidence", "bins"), [(0.1, 1), (1.0, 1), ([0.1, 0.11], 2), ([0.0, 0.05], 1)])
def test_the_upper_edge_belongs_to_a_bin(confidence, bins):
    count = len(confidence) if isinstance(confidence, list) else 1
    sure = np.broadcast_to(np.asarray(confidence, dtype=np.float64), count)
    found = evaluate(Predictions(["a"] * count, sure[:, None]), rows(["a"] * count), task())
    assert len(found.bins) == bins


def test_probabilities_that_are_no_numbers_count_as_none():
    found = evaluate(Predictions(["a"], np.array([[np.nan]])), rows(["a"]), task())
    assert found.bins == (Bin(1, 0.0, 1.0),)


def test_no_rows_score_nothing():
    empty = rows([], source=pl.Series([], dtype=pl.String))
    found = evaluate(Predictions([], np.empty((0, 2))), empty, task(slices=("source",)))
    assert (found.rows, found.groups, found.score, found.low, found.high, found.baseline) == (
        0,
        0,
        0,
        0,
        1,
        0,
    )
    assert (found.accuracy, found.labels, found.confusion, found.bins, found.slices) == (0, (), (), (), ())


@given(PAIRS)
@settings(deadline=None, max_examples=30)
def test_an_evaluation_survives_json(pairs):
    sample = rows([a for a, _ in pairs], source=["s" if n % 3 else None for n in range(len(pairs))])
    found = evaluate(predicted([b for _, b in pairs], 0.7), sample, task(slices=("source",)))
    assert Evaluation.from_json(found.as_json()) == found


def test_another_number_of_predictions_is_a_mistake():
    with pytest.raises(ValueError, match="1 predictions for 2 rows"):
        evaluate(predicted(["a"]), rows(["a", "b"]), task())
