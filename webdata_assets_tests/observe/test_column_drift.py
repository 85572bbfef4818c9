"""Drift of columns: each measure beside values worked by hand, and how often chance alone alarms."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from webdata_assets.stages.learn.drift import COMPONENTS, domain_auc
from webdata_assets.stages.observe.drift import (
    DISTANCE,
    MIN_ROWS,
    P_VALUE,
    chi_square,
    column_drifts,
    compare_columns,
    drifted_share,
    in_components,
    jensen_shannon,
    ks,
    least_auc,
    wasserstein,
)


def normal(seed: int, count: int, shift: float = 0.0) -> pl.Series:
    return pl.Series(np.random.default_rng(seed).normal(shift, 1, count))


def test_ks_of_samples_worked_by_hand():
    # 30 of 40 values lie below 40 others: the distance is 0.75, and Q(λ) ≈ 2·exp(-2λ²) for so large a λ
    low, high = np.arange(40.0), np.arange(40.0) + 30
    root = math.sqrt(20)
    tail = 2 * math.exp(-2 * ((root + 0.12 + 0.11 / root) * 0.75) ** 2)
    assert ks(low, high) == pytest.approx(tail, rel=1e-6)
    assert ks(low, low) == 1


@pytest.mark.parametrize("seed", range(12))
def test_measures_are_those_of_scipy(seed: int):
    random = np.random.default_rng(seed)
    shift = random.random()
    old = random.gamma(3, 2, random.integers(30, 900)).round(random.integers(0, 3))
    new = (random.gamma(3, 2, random.integers(30, 900)) + shift).round(random.integers(0, 3))
    assert ks(old, new) == pytest.approx(stats.ks_2samp(old, new, method="asymp").pvalue, abs=0.02)
    assert wasserstein(old, new) == pytest.approx(stats.wasserstein_distance(old, new) / old.std())
    counts = random.integers(1, 60, size=(2, 6)).astype(float)
    assert chi_square(*counts) == pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue)
    assert jensen_shannon(*counts) == pytest.approx(distance.jensenshannon(*counts))


def test_chi_square_worked_by_hand():
    # expected are 30 and 20 on either side: 4 × 10² / 30 or / 20 = 2·100/30 + 2·100/20 = 16.67, one degree
    p = chi_square(np.array([40.0, 10.0]), np.array([20.0, 30.0]))
    assert p == pytest.approx(stats.chi2.sf(2 * 100 / 30 + 2 * 100 / 20, 1))


def test_chi_square_of_one_category_finds_nothing():
    assert chi_square(np.array([50.0]), np.array([80.0])) == 1


def test_wasserstein_of_a_shift_is_the_shift_in_deviations_of_the_reference():
    reference = np.array([0.0, 2.0] * 50)  # of deviation 1
    assert wasserstein(reference, reference + 0.25) == pytest.approx(0.25)
    assert wasserstein(reference * 4, reference * 4 + 1) == pytest.approx(0.25)


def test_a_constant_reference_is_divided_by_the_least_spread():
    assert wasserstein(np.zeros(10), np.full(10, 0.5)) == pytest.approx(500)


def test_jensen_shannon_worked_by_hand():
    # shares (1, 0) and (½, ½): m = (¾, ¼), KL(p‖m) = ln 4/3, KL(q‖m) = ½ ln 2/3 + ½ ln 2
    divergence = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert jensen_shannon(np.array([9.0, 0.0]), np.array([5.0, 5.0])) == pytest.approx(math.sqrt(divergence))
    assert jensen_shannon(np.array([1.0, 2.0]), np.array([10.0, 20.0])) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(
    ("values", "rows", "method"),
    [
        ("numbers", 1_000, "ks"),
        ("numbers", 1_001, "wasserstein"),
        ("flags", 1_000, "chi_square"),
        ("flags", 1_001, "jensen_shannon"),
        ("few", 1_000, "chi_square"),
        ("text", 1_001, "jensen_shannon"),
    ],
)
def test_the_smaller_side_and_the_values_choose_the_method(values: str, rows: int, method: str):
    random = np.random.default_rng(0)
    made = {
        "numbers": lambda count: random.normal(size=count),
        "flags": lambda count: random.random(count) > 0.5,
        "few": lambda count: random.integers(0, 5, count),
        "text": lambda count: np.array(["kitchen", "garden"])[random.integers(0, 2, count)],
    }[values]
    found = compare_columns("x", pl.Series(made(rows)), pl.Series(made(5_000)))
    assert (found.method, found.threshold) == (method, P_VALUE if rows == 1_000 else DISTANCE)


def test_text_is_compared_by_its_categories():
    old, new = pl.Series(["a"] * 40 + ["b"] * 10), pl.Series(["a"] * 20 + ["c"] * 30)
    expected = stats.chi2_contingency([[40, 10, 0], [20, 0, 30]], correction=False).pvalue
    assert compare_columns("x", old, new).score == pytest.approx(expected)
    many = [side.sample(2_000, with_replacement=True, seed=1) for side in (old, new)]
    shares = [[(side == value).mean() for value in "abc"] for side in many]
    assert compare_columns("x", *many).score == pytest.approx(distance.jensenshannon(*shares))


@pytest.mark.parametrize("rows", [200, 3_000])
def test_shifted_columns_drift_and_equal_ones_do_not(rows: int):
    reference = pl.DataFrame({"a": normal(1, rows), "b": normal(2, rows)})
    current = pl.DataFrame({"a": normal(3, rows), "b": normal(4, rows, shift=0.5)})
    found = column_drifts(reference, current, ["a", "b"])
    assert [each.drifted for each in found] == [False, True]
    assert [each.psi_drifted for each in found] == [False, True]
    assert drifted_share(found) == 0.5
    assert found[0].excess < 1 <= found[1].excess
    assert str(found[1]).startswith("b (")


def test_columns_with_few_values_on_a_side_are_not_judged():
    few = pl.Series([None] * 10 + [1.0] * (MIN_ROWS - 1))
    reference = pl.DataFrame({"a": few, "b": pl.Series([1.0] * len(few))})
    assert [each.name for each in column_drifts(reference, reference, ["a", "b"])] == ["b"]
    assert drifted_share(column_drifts(reference.head(5), reference, ["b"])) == 0


def test_a_constant_that_stays_does_not_drift_and_one_that_moves_does():
    constant = pl.Series([0.0] * 50)
    assert not compare_columns("x", constant, constant).drifted
    assert compare_columns("x", constant, constant + 1).drifted


@pytest.mark.parametrize(("reference_rows", "rows"), [(60, 40), (2_000, 300), (4_000, 1_500)])
def test_chance_alone_hardly_ever_reaches_the_share_that_warns(reference_rows: int, rows: int):
    random = np.random.default_rng(5)
    names = [f"column {number}" for number in range(40)]

    def frame(count: int) -> pl.DataFrame:
        return pl.DataFrame({name: random.normal(size=count) for name in names})

    shares = [drifted_share(column_drifts(frame(reference_rows), frame(rows), names)) for _ in range(10)]
    assert np.mean(shares) < 0.09
    assert max(shares) < 0.25


columns = st.lists(st.integers(-50, 50), min_size=MIN_ROWS, max_size=80).map(
    lambda values: pl.Series(values, dtype=pl.Int64)
)


@given(columns, columns)
@settings(max_examples=100, deadline=None)
def test_scores_are_finite_and_equal_columns_never_drift(one: pl.Series, other: pl.Series):
    found = compare_columns("x", one, other)
    assert 0 <= found.score <= 1 + 1e-9
    assert math.isfinite(found.psi)
    assert not compare_columns("x", one, one).drifted


@pytest.mark.parametrize(("old", "new"), [(60, 60), (500, 50)])
def test_chance_alone_exceeds_the_least_auc_in_at_most_one_of_ten(old: int, new: int):
    random = np.random.default_rng(11)
    least = least_auc(0.5, old, new)
    values = [domain_auc(random.normal(size=(old, 5)), random.normal(size=(new, 5))) for _ in range(40)]
    assert np.mean(np.array(values) > least) <= 0.1


def test_a_move_in_a_direction_without_variance_is_seen_in_components_of_both():
    random = np.random.default_rng(0)
    reference, current = random.normal(size=(2, 300, 30))
    reference[:, 29], current[:, 29] = 0, 4
    one, other = in_components(reference, current)
    assert one.shape == other.shape == (300, COMPONENTS)
    assert domain_auc(one, other) > 0.99


def test_many_rows_leave_the_auc_as_it_is_and_few_raise_it():
    assert least_auc(0.55, 1_000, 1_000) == 0.55
    assert least_auc(0.55, 30, 30) == pytest.approx(0.5 + 1.645 * math.sqrt(2 * 61 / (12 * 900)))
