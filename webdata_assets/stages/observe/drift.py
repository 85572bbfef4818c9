"""Drift of columns: how far the rows of a partition are from those of a reference, column by column.

What belongs here: tests and distances of two frames. What does not: which rows are the reference (checks/),
and the model's own drift from what it learnt (learn/drift.py).

Which test judges a column is Evidently's default choice
(https://docs-old.evidentlyai.com/reference/data-drift-algorithm): up to 1,000 rows a test whose p-value is
compared with 0.05, above that, where every test finds something, a distance that is compared with 0.1.
One of twenty columns drifts by chance at p < 0.05, so that no single column says much: the share of drifted
columns judges a partition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.stages.learn.drift import COMPONENTS, least_psi, psi

MIN_ROWS = 30
"""Fewer rows on either side are not judged: only differences of a third of all rows would be seen."""
TEST_ROWS = 1_000
"""Up to so many rows on the smaller side a test judges, above that a distance."""
P_VALUE = 0.05
DISTANCE = 0.1
PSI = 0.1
FEW_VALUES = 5
"""A numeric column of so many different values at most is compared as a categorical one."""
MIN_SPREAD = 0.001
"""Least standard deviation that a distance is divided by, as Evidently has it."""

_ONE_SIDED_95 = 1.645

Method = Literal["ks", "chi_square", "wasserstein", "jensen_shannon"]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColumnDrift:
    """How one column differs.

    Attributes:
        name: the column.
        method: what judged it.
        score: the p-value of a test; or a distance, of Wasserstein in standard deviations of the reference.
        threshold: a p-value below it, or a distance from it on, is drift.
        psi: the population stability index, whatever the method.
        psi_threshold: from which on the index says drift; more than 0.1 where few rows differ by chance.
    """

    name: str
    method: Method
    score: float
    threshold: float
    psi: float
    psi_threshold: float

    @property
    def drifted(self) -> bool:
        """Whether the method finds drift."""
        is_test = self.method in ("ks", "chi_square")
        return self.score < self.threshold if is_test else self.score >= self.threshold

    @property
    def psi_drifted(self) -> bool:
        """Whether the index finds drift."""
        return self.psi >= self.psi_threshold

    @property
    def excess(self) -> float:
        """How far beyond its threshold the score is, as a factor; at least 1 where it drifted."""
        if self.method in ("ks", "chi_square"):
            return self.threshold / max(self.score, np.finfo(np.float64).tiny)
        return self.score / self.threshold

    def __str__(self) -> str:
        shown = f"p {self.score:.2g}" if self.method in ("ks", "chi_square") else f"{self.score:.2f}"
        return f"{self.name} ({self.method} {shown}, PSI {self.psi:.2f})"


def column_drifts(reference: pl.DataFrame, current: pl.DataFrame, names: Sequence[str]) -> list[ColumnDrift]:
    """Compare columns, nulls left out; those with fewer than `MIN_ROWS` values on a side are left out.

    Args:
        reference: rows that were good.
        current: rows to judge.
        names: columns of numbers, of true and false, or of text.
    """
    return [
        compare_columns(name, old, new)
        for name in names
        if min(len(old := reference[name].drop_nulls()), len(new := current[name].drop_nulls())) >= MIN_ROWS
    ]


def drifted_share(drifts: Sequence[ColumnDrift]) -> float:
    """Return the share of columns that drifted; 0 where there are none."""
    return sum(each.drifted for each in drifts) / max(1, len(drifts))


def compare_columns(name: str, reference: pl.Series, current: pl.Series) -> ColumnDrift:
    """Compare two columns without nulls, each of at least one value."""
    is_categorical = not reference.dtype.is_numeric() or reference.n_unique() <= FEW_VALUES
    old, new = _as_numbers(reference, current)
    rows = min(len(old), len(new))
    method: Method
    if is_categorical:
        counts = _counts(old, new)
        method, score = (
            ("chi_square", chi_square(*counts))
            if rows <= TEST_ROWS
            else ("jensen_shannon", jensen_shannon(*counts))
        )
    else:
        method, score = ("ks", ks(old, new)) if rows <= TEST_ROWS else ("wasserstein", wasserstein(old, new))
    return ColumnDrift(
        name=name,
        method=method,
        score=score,
        threshold=P_VALUE if rows <= TEST_ROWS else DISTANCE,
        psi=psi(old, new),
        psi_threshold=least_psi(PSI, len(old), len(new)),
    )


def ks(reference: Numbers, current: Numbers) -> float:
    """Return the p-value of the two-sample Kolmogorov–Smirnov test, asymptotic, by Stephens (1970).

    Ties, as counts have them, only make it larger. SciPy's own test takes a second of CPU to import.
    """
    from scipy.special import kolmogorov  # type: ignore[import-untyped]

    _, above = _steps(reference, current)
    root = np.sqrt(len(reference) * len(current) / (len(reference) + len(current)))
    return float(kolmogorov((root + 0.12 + 0.11 / root) * np.abs(above).max()))


def chi_square(reference: Numbers, current: Numbers) -> float:
    """Return the p-value of Pearson's χ² test that both sides' counts by category have the same shares.

    Both sides are samples here, so that it is the test of homogeneity and not of fit; without Yates'
    correction.

    Args:
        reference: counts; no category is empty on both sides.
        current: likewise, of the same categories.
    """
    from scipy.special import chdtrc

    if len(reference) < 2:
        return 1.0
    counts = np.stack([reference, current])
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(chdtrc(len(reference) - 1, ((counts - expected) ** 2 / expected).sum()))


def wasserstein(reference: Numbers, current: Numbers) -> float:
    """Return the first Wasserstein distance, in standard deviations of the reference.

    It is the area between both distribution functions (Ramdas et al., On Wasserstein Two Sample Testing,
    2017).
    """
    values, above = _steps(reference, current)
    area = float((np.abs(above[:-1]) * np.diff(values)).sum())
    return area / max(float(reference.std()), MIN_SPREAD)


def jensen_shannon(reference: Numbers, current: Numbers) -> float:
    """Return the Jensen–Shannon distance √((KL(p‖m) + KL(q‖m)) / 2) of shares, with natural logarithms.

    Args:
        reference: counts by category.
        current: likewise.
    """
    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    # a share of 0 adds nothing
    divergence = sum(
        float((side[side > 0] * np.log(side[side > 0] / middle[side > 0])).sum()) / 2 for side in (p, q)
    )
    # rounding can take the divergence of equal shares below zero
    return float(np.sqrt(max(0.0, divergence)))


def _steps(reference: Numbers, current: Numbers) -> tuple[Numbers, Numbers]:
    """Return the sorted values of both sides, and at each how far the reference's share up to it is above."""
    values = np.unique(np.concatenate([reference, current]))
    shares = [
        np.searchsorted(np.sort(side), values, side="right") / len(side) for side in (reference, current)
    ]
    return values, shares[0] - shares[1]


def in_components(reference: Numbers, current: Numbers) -> tuple[Numbers, Numbers]:
    """Return the rows of both sides in the first `COMPONENTS` principal components of both together.

    Of both: a side that has moved to where the other never was differs in a direction in which the other does
    not vary.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = np.vstack([reference, current])
    rows = rows - rows.mean(axis=0)
    # sums in one fixed order, whatever the number of cores
    with threadpool_limits(limits=1):
        _, axes = np.linalg.eigh(rows.T @ rows)
        placed = rows @ axes[:, ::-1][:, :COMPONENTS]
    return placed[: len(reference)], placed[len(reference) :]


def least_auc(limit: float, reference_rows: int, current_rows: int) -> float:
    """Return the AUC up to which nobody tells two sides apart: `limit`, or more where few rows are by chance.

    Of two samples of one distribution the AUC, which is U / (n · m) of Mann and Whitney, has a variance of
    (n + m + 1) / (12 · n · m). Cross-validation doubles it, because its classifiers vary as well (1.9 to 2.5
    times in simulations of 60 to 1,000 rows). One in twenty exceeds 0.5 by 1.645 standard deviations.
    """
    variance = 2 * (reference_rows + current_rows + 1) / (12 * reference_rows * current_rows)
    return max(limit, 0.5 + _ONE_SIDED_95 * float(np.sqrt(variance)))


def _as_numbers(reference: pl.Series, current: pl.Series) -> tuple[Numbers, Numbers]:
    """Return both sides as numbers; of text, the places in the sorted values of both."""
    if reference.dtype == pl.String:
        values = pl.concat([reference, current]).unique().sort()
        reference, current = (
            side.replace_strict(values, pl.int_range(len(values), eager=True))
            for side in (reference, current)
        )
    return reference.cast(pl.Float64).to_numpy(), current.cast(pl.Float64).to_numpy()


def _counts(reference: Numbers, current: Numbers) -> tuple[Numbers, Numbers]:
    values, places = np.unique(np.concatenate([reference, current]), return_inverse=True)
    sides = (places[: len(reference)], places[len(reference) :])
    old, new = (np.bincount(side, minlength=len(values)).astype(np.float64) for side in sides)
    return old, new
