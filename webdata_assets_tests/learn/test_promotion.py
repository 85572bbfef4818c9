"""The rule of promotion."""

import numpy as np
import pytest

from webdata_assets.stages.learn.classifier import Predictions
from webdata_assets.stages.learn.promotion import judge_predictions
from webdata_assets_tests.learn.judging import predicted, rows, task

ROWS = 400


def truth():
    return [("a", "b")[number % 2] for number in range(ROWS)]


def wrong_on(places):
    """Return predictions that are wrong on these rows only."""
    labels = truth()
    for place in places:
        labels[place] = "b" if labels[place] == "a" else "a"
    return predicted(labels)


def judged(challenger, champion=None, sample=None, **rules):
    return judge_predictions(challenger, champion, rows(truth()) if sample is None else sample, task(**rules))


def test_a_first_model_needs_the_floor_only():
    found = judged(wrong_on(range(100)), metric="accuracy")
    assert found.promotable
    assert (found.floor, found.champion_evaluation, found.difference) == (0.5, None, None)
    assert found.reason == "score 0.750 reaches the floor of 0.500; there is none to compare with"


@pytest.mark.parametrize(("floor", "promotable"), [(0.75, True), (0.751, False)])
def test_the_tasks_floor_counts_in_place_of_the_baseline(floor, promotable):
    found = judged(wrong_on(range(100)), metric="accuracy", floor=floor)
    assert (found.promotable, found.floor) == (promotable, floor)


def test_a_model_under_the_floor_is_refused_however_bad_the_champion_is():
    found = judged(wrong_on(range(210)), wrong_on(range(400)), metric="accuracy")
    assert (found.promotable, found.reason) == (False, "score 0.475 is under the floor of 0.500")


def test_a_better_model_is_promotable():
    found = judged(wrong_on(range(40)), wrong_on(range(80)), metric="accuracy")
    assert found.promotable
    assert found.difference == pytest.approx(0.1)
    assert 0 < found.difference_low < 0.1
    assert found.reason == "score 0.900 against 0.800: worse by 0.000 at most (95 % interval)"


def test_a_model_that_may_be_worse_by_more_than_the_margin_is_refused():
    found = judged(wrong_on(range(44)), wrong_on(range(40)), metric="accuracy", margin=0.01)
    assert not found.promotable
    assert found.difference == pytest.approx(-0.01)
    assert found.reason.startswith("score 0.890 against 0.900: it may be worse by 0.0")
    assert found.reason.endswith("(95 % interval, paired by group), 0.010 is allowed")


def test_a_margin_may_allow_it():
    assert judged(wrong_on(range(44)), wrong_on(range(40)), metric="accuracy", margin=0.03).promotable


@pytest.mark.parametrize("groups", [None, ["one"] * ROWS], ids=["many groups", "a single group"])
def test_a_model_that_predicts_the_same_is_promotable_without_any_margin(groups):
    found = judged(wrong_on([1]), wrong_on([1]), rows(truth(), groups), margin=0)
    assert found.promotable
    assert (found.difference, found.difference_low) == (0, 0)
    assert found.reason.endswith("both predict the same")


def test_a_single_group_cannot_show_that_another_model_is_better():
    found = judged(wrong_on([]), wrong_on(range(100)), rows(truth(), ["one"] * ROWS))
    assert (found.promotable, found.difference_low) == (False, -1)


def test_gains_on_few_sites_do_not_show_that_it_is_better_on_sites_in_general():
    better = wrong_on([]), wrong_on(range(100))
    alone = judged(*better, metric="accuracy")
    clustered = judged(*better, rows(truth(), [f"g{n // 100}" for n in range(ROWS)]), metric="accuracy")
    assert alone.difference == clustered.difference == 0.25
    assert alone.difference_low > 0.2
    assert clustered.difference_low == 0


def slices(smaller):
    """Sources of which the second has so many rows."""
    return ["large"] * (ROWS - smaller) + ["small"] * smaller


def test_a_slice_that_falls_holds_a_model_back():
    fallen = wrong_on(range(ROWS - 10, ROWS))
    found = judged(
        fallen, wrong_on(range(40)), rows(truth(), source=slices(50)), metric="accuracy", slices=("source",)
    )
    assert not found.promotable
    assert found.reason == ("source small falls by 0.200, from 1.000 to 0.800 on 50 rows; 0.050 is allowed")


def test_a_slice_of_few_rows_judges_nothing():
    fallen = wrong_on(range(ROWS - 10, ROWS))
    sample = rows(truth(), source=slices(50))
    rules = {"metric": "accuracy", "slices": ("source",), "min_slice_rows": 51}
    assert judged(fallen, wrong_on(range(40)), sample, **rules).promotable


def test_a_fall_of_exactly_what_is_allowed_is_allowed():
    sample = rows(truth(), source=slices(20))
    rules = {"metric": "accuracy", "slices": ("source",), "max_slice_fall": 0.05}
    champion = wrong_on(range(80))
    assert judged(wrong_on([ROWS - 1]), champion, sample, **rules).promotable
    assert not judged(wrong_on([ROWS - 1, ROWS - 2]), champion, sample, **rules).promotable


def test_a_slices_name_is_shown_without_steering_characters():
    sample = rows(truth(), page_type=["x\u202e\u0000y"] * ROWS)
    found = judged(
        wrong_on(range(80)), wrong_on(range(40)), sample,
        metric="accuracy", slices=("page_type",), margin=1,
    )  # fmt: skip
    assert found.reason.startswith("page_type xy falls by 0.100")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_probabilities_that_are_no_numbers_are_never_promotable(value):
    broken = Predictions(truth(), np.full((ROWS, 2), value))
    assert judged(broken).reason == "it predicts probabilities that are no numbers"
    assert not judged(broken, wrong_on(range(100))).promotable


def test_without_test_rows_nothing_is_promotable():
    found = judged(Predictions([], np.empty((0, 2))), sample=rows([]))
    assert (found.promotable, found.reason) == (False, "there are no test rows to judge it on")
