"""Intervals by bootstrap over groups."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.learn.bootstrap import DRAWS, estimate_difference, estimate_score
from webdata_assets.stages.learn.metrics import tallies

CLASSES = 3
CODES = st.integers(0, CLASSES - 1)
ROWS = st.lists(st.tuples(st.integers(0, 5), CODES, CODES, CODES), min_size=2, max_size=40)


def counted(drawn):
    """Return tallies of two predictions of the same rows; groups are numbered without a gap."""
    table = np.array(drawn, dtype=np.int64)
    groups = np.unique(table[:, 0], return_inverse=True)[1].reshape(-1)
    return [tallies(table[:, 1], table[:, column], groups, CLASSES) for column in (2, 3)]


@given(ROWS, st.sampled_from(["macro_f1", "accuracy"]))
@settings(max_examples=60, deadline=None)
def test_the_difference_the_other_way_round_has_the_interval_mirrored(drawn, metric):
    one, other = counted(drawn)
    there, back = estimate_difference(metric, one, other), estimate_difference(metric, other, one)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert -1 <= there.low <= there.high <= 1


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_the_same_tallies_have_the_same_interval(drawn):
    one, other = counted(drawn)
    assert estimate_score("macro_f1", one) == estimate_score("macro_f1", one.copy())
    assert estimate_difference("macro_f1", one, other) == estimate_difference("macro_f1", one, other)


@given(ROWS, st.integers(2, 9), st.sampled_from(["macro_f1", "accuracy"]))
@settings(max_examples=60, deadline=None)
def test_rows_repeated_within_their_groups_tell_nothing_new(drawn, copies, metric):
    one, other = counted(drawn)
    assert estimate_score(metric, copies * one) == pytest.approx(estimate_score(metric, one))
    assert estimate_difference(metric, copies * one, copies * other) == pytest.approx(
        estimate_difference(metric, one, other)
    )


def half_right(groups, rows_per_group):
    """Tallies of groups in which every row is right, and as many in which none is."""
    actual = np.zeros(groups * rows_per_group, dtype=np.int64)
    group = np.repeat(np.arange(groups), rows_per_group)
    return tallies(actual, (group % 2).astype(np.int64), group, 2)


def test_rows_of_one_group_are_no_independent_draws():
    clustered = estimate_score("accuracy", half_right(20, 50))
    independent = estimate_score("accuracy", half_right(1_000, 1))
    assert clustered.value == independent.value == 0.5
    assert clustered.high - clustered.low > 5 * (independent.high - independent.low)


def test_the_interval_of_independent_rows_is_that_of_the_binomial():
    found = estimate_score("accuracy", half_right(1_000, 1))
    error = 1.96 * np.sqrt(0.25 / 1_000)
    assert (found.low, found.high) == pytest.approx((0.5 - error, 0.5 + error), abs=0.005)


def test_equal_predictions_differ_by_nothing_at_all():
    counts = half_right(2, 3)
    assert estimate_difference("accuracy", counts, counts) == (0, 0, 0)


def test_a_single_group_tells_nothing_of_how_groups_differ():
    right, wrong = half_right(1, 10), tallies(np.zeros(10, int), np.ones(10, int), np.zeros(10, int), 2)
    assert estimate_score("accuracy", right) == (1, 0, 1)
    assert estimate_difference("accuracy", right, wrong) == (1, -1, 1)


def test_pairing_sees_a_small_difference_that_the_scores_intervals_hide():
    random = np.random.default_rng(7)
    actual = random.integers(2, size=2_000)
    one = np.where(random.random(2_000) < 0.7, actual, 1 - actual)
    better = np.where((one != actual) & (random.random(2_000) < 0.1), actual, one)
    groups = np.arange(2_000)
    counts = [tallies(actual, guess, groups, 2) for guess in (better, one)]
    scores = [estimate_score("accuracy", each) for each in counts]
    assert scores[0].low < scores[1].high
    assert estimate_difference("accuracy", *counts).low > 0


def test_ten_thousand_groups_take_little_time():
    random = np.random.default_rng(1)
    actual, guess, other = random.integers(8, size=(3, 10_000))
    groups = np.arange(10_000)
    counts = [tallies(actual, each, groups, 8) for each in (guess, other)]
    started = time.process_time()
    estimate_difference("macro_f1", *counts)
    assert DRAWS == 1_000
    assert time.process_time() - started < 5
