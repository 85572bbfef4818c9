"""The formulas by which rankings are judged: values worked out by hand, and a second implementation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets_tests.benchmarks.ranking_metrics import exponential_gain, mean_interval, ndcg, recall


def test_ndcg_of_a_ranking_worked_out_by_hand():
    # gains 2, 0, 1 at ranks 1, 2, 3, against 2, 1: (2/1 + 1/2) / (2/1 + 1/log2(3))
    assert ndcg(["a", "x", "b"], {"a": 2, "b": 1, "x": 0}) == pytest.approx(2.5 / (2 + 1 / math.log2(3)))
    assert ndcg(["a", "x", "b"], {"a": 2, "b": 1, "x": 0}) == pytest.approx(0.950234, abs=1e-6)


def test_the_exponential_gain_weighs_high_grades_more():
    # gains 1 and 7 at ranks 1 and 2: (1 + 7/log2(3)) / (7 + 1/log2(3))
    value = ndcg(["b", "a"], {"a": 3, "b": 1}, gain=exponential_gain)
    assert value == pytest.approx((1 + 7 / math.log2(3)) / (7 + 1 / math.log2(3)))
    assert value < ndcg(["b", "a"], {"a": 3, "b": 1})


def test_both_gains_agree_where_grades_are_binary():
    grades = {"a": 1, "b": 1, "c": 0}
    assert ndcg(["c", "a", "b"], grades) == ndcg(["c", "a", "b"], grades, gain=exponential_gain)


def test_what_stands_below_the_cutoff_does_not_count_but_the_best_ranking_has_it():
    grades = dict.fromkeys("abc", 1)
    # ranks 1 of 2 are relevant; the best ranking to two has two relevant ones
    assert ndcg(["a", "x", "b", "c"], grades, cutoff=2) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert recall(["a", "x", "b", "c"], grades, cutoff=2) == pytest.approx(1 / 3)


def test_more_relevant_documents_than_the_cutoff_can_still_be_ranked_perfectly():
    names = [str(number) for number in range(20)]
    assert ndcg(names, dict.fromkeys(names, 1)) == pytest.approx(1.0)
    assert recall(names, dict.fromkeys(names, 1)) == 0.5


def test_nothing_relevant_and_nothing_found_are_nought():
    assert ndcg(["a"], {"a": 0, "b": -1}) == recall(["a"], {"a": 0, "b": -1}) == 0.0
    assert ndcg([], {"a": 1}) == recall([], {"a": 1}) == 0.0


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(any))
def test_ndcg_agrees_with_scikit_learn(grades):
    from sklearn.metrics import ndcg_score

    names = [str(number) for number in range(len(grades))]
    scores = np.arange(len(grades), 0, -1)
    expected = ndcg_score([grades], [scores], k=10)
    assert ndcg(names, dict(zip(names, grades, strict=True))) == pytest.approx(expected)


def test_an_interval_holds_the_mean_narrows_with_more_queries_and_is_the_same_each_time():
    random = np.random.default_rng(1)
    few, many = random.normal(0.1, 0.2, 30).tolist(), random.normal(0.1, 0.2, 3_000).tolist()
    low, high = mean_interval(many)
    assert low < np.mean(many) < high
    # 1.96 standard errors on both sides
    assert high - low == pytest.approx(2 * 1.96 * np.std(many) / math.sqrt(3_000), rel=0.05)
    assert high - low < np.diff(mean_interval(few))[0]
    assert mean_interval(few) == mean_interval(few)
