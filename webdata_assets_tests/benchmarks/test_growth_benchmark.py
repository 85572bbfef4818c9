"""Exponents are those of the curves that costs follow, and a layer is measured in processes of its own."""

from math import log

import numpy as np
import pytest

from webdata_assets_tests.benchmarks.growth.__main__ import FITTED, fits_of, measure
from webdata_assets_tests.benchmarks.growth.catalogue import ANCHOR, LAYERS, sizes_of
from webdata_assets_tests.benchmarks.growth.fitting import fit

SIZES = (100, 1_000, 3_162, 10_000, 31_623, 100_000)


def noisy(curve, share=0.03):
    """Costs at all sizes, each off by about that share."""
    random = np.random.default_rng(3)
    return [curve(size) * (1 + share * random.standard_normal()) for size in SIZES]


@pytest.mark.parametrize(("exponent", "each"), [(0.5, 0.03), (1.0, 2e-4), (1.5, 1e-6), (2.0, 1e-8)])
def test_the_exponent_is_found_beside_a_fixed_part(exponent, each):
    found = fit(SIZES, [2 + each * size**exponent for size in SIZES])
    assert found.exponent == pytest.approx(exponent, abs=0.02)
    assert found.low <= exponent <= found.high
    assert found.fixed == pytest.approx(2, rel=0.05)
    assert found.verdict == ("linear" if exponent <= 1 else "bends")


@pytest.mark.parametrize(
    ("curve", "verdict"),
    [
        (lambda size: 2 + 2e-4 * size, "linear"),
        (lambda size: 2 + 1e-5 * size * log(size), "linear"),
        (lambda size: 2 + 1e-8 * size**2, "bends"),
        (lambda size: 2 + 1e-6 * size**1.5, "bends"),
        (lambda size: 27.0, "constant"),
        (lambda size: 0.0, "constant"),
    ],
    ids=["linear", "n log n", "square", "1.5", "constant", "nothing"],
)
def test_what_is_said_of_a_noisy_curve_is_right(curve, verdict):
    assert fit(SIZES, noisy(curve)).verdict in {verdict, "uncertain" if verdict == "linear" else verdict}


def test_a_true_exponent_lies_within_its_interval():
    found = fit(SIZES, noisy(lambda size: 1 + 1e-4 * size))
    assert found.low <= 1 <= found.high
    assert found.high - found.low < 0.5


def test_the_last_step_tells_a_bend_that_a_whole_fit_would_hide():
    costs = [1 + 1e-5 * size for size in SIZES[:-1]]
    assert fit(SIZES, [*costs, 100.0]).last > 3


def test_costs_that_hardly_grow_beside_their_noise_prove_nothing():
    assert fit(SIZES[:4], [1.0, 1.3, 0.9, 1.4]).verdict == "uncertain"


def test_three_sizes_are_too_few():
    with pytest.raises(ValueError, match="3 sizes"):
        fit(SIZES[:3], [1, 2, 3])


def test_sizes_are_geometric_up_to_the_largest():
    first = LAYERS[0]
    assert sizes_of(first, 100_000) == list(SIZES)
    assert sizes_of(first, 2_000) == [ANCHOR, 1_000, 2_000]


@pytest.mark.soak
def test_a_layer_is_measured_in_processes_of_its_own():
    found = measure("tables", 50)
    assert found["cpu_seconds"] > 0
    assert found["peak_bytes"] > found["growing_bytes"] > 0
    assert found["files"] > 1
    assert found["stored_bytes"] > 1_000
    fits = fits_of({str(size): found for size in SIZES})
    assert {fits[name]["verdict"] for name in FITTED} == {"constant"}
