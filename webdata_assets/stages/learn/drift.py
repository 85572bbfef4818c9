"""Drift: how far new examples are from those that the model learnt from, column by column and as a whole.

What belongs here: the measures. What does not: which examples are compared (monitoring.py), and what follows
(automation/).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_matrix

BINS = 10
COMPONENTS = 10
"""Principal components of the vectors that are compared one by one."""
MAX_ROWS = 2_000
"""Of each side; of more, those with the smallest record ids, which are hashes."""
_CHI_SQUARE_95 = 16.919
"""Of BINS - 1 degrees of freedom: the value that one in twenty exceeds by chance."""
_FOLDS = 5
_SMOOTHING = 0.5
_MIN_SCALE = 1e-9

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drifts:
    """Distances between two sets of examples.

    Attributes:
        features: population stability index by feature column.
        components: the same by number of the principal component of the vectors, from 1.
        auc: of telling the two sets apart; 0.5 where nobody can.
    """

    features: dict[str, float]
    components: dict[str, float]
    auc: float

    def drifted_share(self, psi: float) -> float:
        """Return the share of features and components whose index is at least `psi`."""
        values = [*self.features.values(), *self.components.values()]
        return sum(value >= psi for value in values) / max(1, len(values))


def measure_drift(reference: pl.DataFrame, current: pl.DataFrame) -> Drifts:
    """Compare examples with those that a model learnt from. The same rows give the same numbers.

    Args:
        reference: rows with `record_id`, the feature columns and `vector`; at least `_FOLDS` of them.
        current: likewise, with vectors of the same model.
    """
    reference, current = (
        side.sort("record_id").head(MAX_ROWS) if side.height > MAX_ROWS else side.sort("record_id")
        for side in (reference, current)
    )
    old_features, new_features = _features(reference), _features(current)
    old_vectors, new_vectors = _project(_vectors(reference), _vectors(current))
    return Drifts(
        features={
            name: psi(old_features[:, number], new_features[:, number])
            for number, name in enumerate(FEATURE_COLUMNS)
        },
        components={
            str(number + 1): psi(old_vectors[:, number], new_vectors[:, number])
            for number in range(old_vectors.shape[1])
        },
        auc=domain_auc(np.hstack([old_features, old_vectors]), np.hstack([new_features, new_vectors])),
    )


def psi(reference: Numbers, current: Numbers, bins: int = BINS) -> float:
    """Return the population stability index Σ (c − r) · ln(c / r) over bins of equal reference share.

    Shares are smoothed by half a row a bin, so that an empty bin counts as much as the rows can say.

    Args:
        reference: at least one number.
        current: at least one number.
    """
    edges, counts = np.unique(
        np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"), return_counts=True
    )
    # a value that fills more than a bin has one of its own: what lies below it is told from it
    edges = np.sort(np.concatenate([edges, np.nextafter(edges[counts > 1], -np.inf)]))
    old = np.bincount(np.searchsorted(edges, reference), minlength=len(edges) + 1)
    new = np.bincount(np.searchsorted(edges, current), minlength=len(edges) + 1)
    shares = [(counts + _SMOOTHING) / (counts.sum() + _SMOOTHING * len(counts)) for counts in (old, new)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def least_psi(limit: float, reference_rows: int, current_rows: int) -> float:
    """Return the index from which on a column has drifted: `limit`, or more where few rows differ by chance.

    Two samples of one distribution differ by (1 / n + 1 / m) · χ² with bins − 1 degrees of freedom (Yurdakul,
    Statistical Properties of Population Stability Index, 2018).
    """
    return max(limit, (1 / reference_rows + 1 / current_rows) * _CHI_SQUARE_95)


def domain_auc(reference: Numbers, current: Numbers) -> float:
    """Return the AUC, by five folds, of a logistic regression that tells current rows from reference rows.

    Both sides count alike, whatever their sizes. (Rabanser et al., Failing Loudly, 2019.)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if min(len(reference), len(current)) < _FOLDS:
        return 0.5
    rows = np.vstack([reference, current])
    scale = rows.std(axis=0)
    scale[scale < _MIN_SCALE] = 1
    rows = (rows - rows.mean(axis=0)) / scale
    is_new = np.repeat([0, 1], [len(reference), len(current)])
    # sums in one fixed order, whatever the number of cores
    with threadpool_limits(limits=1):
        scores = cross_val_predict(
            LogisticRegression(C=0.1, class_weight="balanced", max_iter=500),
            rows,
            is_new,
            cv=StratifiedKFold(_FOLDS, shuffle=True, random_state=0),
            method="decision_function",
        )
    return float(roc_auc_score(is_new, scores))


def _features(frame: pl.DataFrame) -> Numbers:
    return frame.select(pl.col(FEATURE_COLUMNS).cast(pl.Float64)).to_numpy()


def _vectors(frame: pl.DataFrame) -> Numbers:
    return vector_matrix(frame["vector"]).astype(np.float64)


def _project(reference: Numbers, current: Numbers) -> tuple[Numbers, Numbers]:
    """Return both sides in the first principal components of the reference side."""
    mean = reference.mean(axis=0)
    _, spread, axes = np.linalg.svd(reference - mean, full_matrices=False)
    axes = axes[: min(COMPONENTS, int((spread > _MIN_SCALE).sum()))]
    return (reference - mean) @ axes.T, (current - mean) @ axes.T
