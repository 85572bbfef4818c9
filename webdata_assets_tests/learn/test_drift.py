"""The distances between old and new examples."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.stages.learn.drift import domain_auc, least_psi, measure_drift, psi


def test_psi_of_two_values_worked_by_hand():
    reference = np.array([0.0] * 6 + [1.0] * 4)
    current = np.array([0.0] * 3 + [1.0] * 7)
    # bins below 0, of 0, between, of 1 and above it, each with half a row more
    old, new = (np.array([0.5, zeros, 0.5, ones, 0.5]) / 12.5 for zeros, ones in ((6.5, 4.5), (3.5, 7.5)))
    assert psi(reference, current) == pytest.approx(sum((new - old) * np.log(new / old)))


@pytest.mark.parametrize(("shift", "least", "most"), [(0.0, 0.0, 0.05), (0.5, 0.15, 0.4), (2.0, 1.0, 9.0)])
def test_psi_grows_with_the_shift(shift: float, least: float, most: float):
    random = np.random.default_rng(0)
    value = psi(random.normal(size=2_000), random.normal(shift, 1, size=2_000))
    assert least <= value <= most


@pytest.mark.parametrize(("constant", "others"), [(0.0, 1.0), (0.0, -1.0), (5.0, 5.1)])
def test_values_beside_a_constant_are_seen_on_either_side(constant: float, others: float):
    assert psi(np.full(200, constant), np.full(200, others)) > 1


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


@given(numbers, numbers)
@settings(max_examples=200, deadline=None)
def test_psi_is_finite_never_negative_and_nothing_between_equals(reference, current):
    assert math.isfinite(psi(reference, current))
    assert psi(reference, current) >= 0
    assert psi(reference, reference) == 0


@pytest.mark.parametrize(("old", "new"), [(60, 60), (1_000, 50), (300, 300)])
def test_chance_alone_exceeds_the_least_index_in_about_one_of_twenty(old: int, new: int):
    random = np.random.default_rng(7)
    least = least_psi(0.0, old, new)
    values = [psi(random.normal(size=old), random.normal(size=new)) for _ in range(400)]
    assert 0.005 <= np.mean(np.array(values) >= least) <= 0.09


def test_many_rows_leave_the_limit_as_it_is():
    assert least_psi(0.2, 10_000, 10_000) == 0.2


def test_nobody_tells_two_samples_of_one_distribution_apart():
    random = np.random.default_rng(1)
    assert abs(domain_auc(random.normal(size=(800, 5)), random.normal(size=(800, 5))) - 0.5) < 0.06


def test_a_new_distribution_is_told_apart_also_when_it_is_rare():
    random = np.random.default_rng(2)
    assert domain_auc(random.normal(size=(1_000, 5)), random.normal(1, 1, size=(60, 5))) > 0.85


def test_too_few_rows_for_the_folds_are_not_told_apart():
    assert domain_auc(np.zeros((3, 2)), np.ones((3, 2))) == 0.5


def examples(count: int, seed: int, *, shift: float = 0.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 16)) + shift * np.eye(16)[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return pl.DataFrame(
        {
            "record_id": [f"{seed:016x}{number:016x}" for number in range(count)],
            **{name: random.normal(shift, 1, count) for name in FEATURE_COLUMNS},
        }
    ).with_columns(vector_series(vectors.astype(np.float32)))


def test_equal_populations_hardly_drift_and_shifted_ones_do():
    reference = examples(600, 1)
    same, shifted = (measure_drift(reference, examples(600, 2, shift=shift)) for shift in (0.0, 1.5))
    assert same.drifted_share(0.2) == 0
    assert same.auc < 0.6
    assert shifted.drifted_share(0.2) > 0.6
    assert shifted.components["1"] >= 0
    assert shifted.auc > 0.95


def test_the_order_of_rows_does_not_matter():
    reference, current = examples(200, 1), examples(150, 2, shift=0.3)
    shuffled = measure_drift(reference.sample(fraction=1, shuffle=True, seed=5), current.reverse())
    assert shuffled == measure_drift(reference, current)
