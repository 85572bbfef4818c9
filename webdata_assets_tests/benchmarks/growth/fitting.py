"""From costs at several sizes to an exponent: what is fixed is told apart from what grows.

What belongs here: the fit, its confidence, and what is said of it. What does not: measuring.

The model is y = a + b·nᵏ with a, b ≥ 0: a is what a process, a run and its checks cost with hardly a page.
Without a, small sizes would hide any bend, because there y hardly grows at all. For each k on a grid, a and b
are those of least squares of the relative residuals (as good as least squares on a logarithmic scale, and
linear in a and b); k is that of the least sum. Its interval holds every k whose sum is not larger than
min · (1 + F / (sizes - 3)), F being the 95th percentile of Fisher's F(1, sizes - 3): the profile-likelihood
interval of a nonlinear regression (Bates and Watts, Nonlinear Regression Analysis, 1988, section 6.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BEND = 1.1
"""Exponents up to here are taken for linear."""
PARAMETERS = 3
_EXPONENTS = np.round(np.arange(0.2, 3.001, 0.01), 2)
_LEAST_SHARE = 0.1
"""Of the largest cost: if less of it grows, the exponent says nothing."""
_LEAST_RESIDUAL = 0.01
"""Relative. What fits better than a measurement can be repeated is not more certain for it."""

Verdict = Literal["constant", "linear", "uncertain", "bends"]


@dataclass(frozen=True)
class Fit:
    """y = fixed + each · nᵏ.

    Attributes:
        fixed: a.
        each: b.
        exponent: k; 0 where hardly anything grows.
        low, high: its 95 % interval.
        last: the plain exponent between the two largest sizes, log(y₂ / y₁) / log(n₂ / n₁).
        growing_share: of the cost at the largest size.
    """

    fixed: float
    each: float
    exponent: float
    low: float
    high: float
    last: float
    growing_share: float

    @property
    def verdict(self) -> Verdict:
        """What the figures prove: that it is linear or bends only if the whole interval says so."""
        if self.growing_share < _LEAST_SHARE:
            return "constant"
        if self.high <= BEND and self.last <= BEND:
            return "linear"
        return "bends" if self.low > BEND else "uncertain"


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Fit:
    """Return the fit of costs at four or more sizes.

    Args:
        sizes: different and ascending.
        costs: one for each, none negative.

    Raises:
        ValueError: fewer sizes than parameters and one, or a cost below zero.
    """
    if len(sizes) <= PARAMETERS or min(costs) < 0:
        raise ValueError(f"{len(sizes)} sizes with costs from {min(costs)} on cannot be fitted")
    n, y = np.asarray(sizes, float), np.asarray(costs, float)
    last = log(y[-1] / y[-2]) / log(n[-1] / n[-2]) if y[-1] > 0 and y[-2] > 0 else 0.0
    if y.max() - y.min() < _LEAST_SHARE * y.max() or y.max() == 0:
        return Fit(float(y.mean()), 0.0, 0.0, 0.0, 0.0, last, 0.0)
    # zeros, as no further file at the smallest size, must not outweigh all else
    weights = 1 / np.maximum(y, y.max() * 1e-4)
    fitted = [_coefficients(n**k, y, weights) for k in _EXPONENTS]
    sums = np.array([squares for _, _, squares in fitted])
    best = int(sums.argmin())
    fixed, each, least = fitted[best]
    freedom = len(sizes) - PARAMETERS
    allowed = max(least, freedom * _LEAST_RESIDUAL**2) * (1 + _fisher(freedom) / freedom)
    inside = _EXPONENTS[sums <= allowed]
    exponent = float(_EXPONENTS[best])
    growing = each * n[-1] ** exponent
    return Fit(
        fixed, each, exponent, float(inside.min()), float(inside.max()), last, growing / (fixed + growing)
    )


def _coefficients(
    powers: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return a and b, neither negative, and the sum of squares that they leave."""
    target = weights * y
    design = np.column_stack([weights, weights * powers])
    (a, b), *_ = np.linalg.lstsq(design / design.max(axis=0), target, rcond=None)[0:1]
    a, b = a / design[:, 0].max(), b / design[:, 1].max()
    if a < 0:
        a, b = 0.0, float(design[:, 1] @ target / (design[:, 1] @ design[:, 1]))
    if b < 0:
        a, b = float(design[:, 0] @ target / (design[:, 0] @ design[:, 0])), 0.0
    residuals = design @ np.array([a, b]) - target
    return float(a), float(b), float(residuals @ residuals)


def _fisher(freedom: int) -> float:
    from scipy.stats import f

    return float(f.ppf(0.95, 1, freedom))
