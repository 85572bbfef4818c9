"""Inputs: what a classifier sees of an example, as numbers.

What belongs here: words, features and vectors → one sparse row, and what must be learnt of the training rows
for that. What does not: weights over them (classifier.py), and which rows there are (training_set.py).
"""

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.tasks import model as tasks

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

BUCKETS = 2**18
"""Words and pairs of words fall into so many buckets by their hash: memory stays bounded."""
READ_CHARACTERS = 20_000
"""Of words; what comes after them is not read."""

_FEATURE_WEIGHT = 0.2
_FARTHEST = 5.0
_MIN_SCALE = 1e-9
_ROWS_AT_ONCE = 1_000

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Inputs:
    """How an example becomes a row of numbers: words, then features, then vector.

    Words and pairs of words count as 1 + ln(times), and as 1 together (length of the row of words); a feature
    as ln(1 + |x|) with its sign, standardised, within ±5 and weighted; the vector as it is. Where a feature
    is null it stands at the mean of the training rows.
    """

    buckets: Integers
    """Those that are read, in ascending order; none where words are not."""
    features: tuple[str, ...]
    """Those that are read, in their order; features that came later are not."""
    mean: Floats
    scale: Floats
    dimensions: int
    """Of the vector; 0 where it is not read."""

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(self.buckets) + len(self.features) + self.dimensions

    def rows(self, frame: pl.DataFrame) -> "csr_matrix":
        """Return one row per example; a row is the same, bit for bit, whatever stands beside it.

        Args:
            frame: `words`, the feature columns and `vector`, those of them that are read.
        """
        from scipy.sparse import csr_matrix, hstack, vstack

        parts = [self._block(some) for some in frame.iter_slices(_ROWS_AT_ONCE)]
        empty = csr_matrix((0, self.width), dtype=np.float64)
        return vstack([empty, *(csr_matrix(hstack(blocks)) for blocks in parts)], format="csr")

    def _block(self, frame: pl.DataFrame) -> "list[csr_matrix]":
        from scipy.sparse import csr_matrix

        blocks = [csr_matrix((frame.height, 0))]
        if len(self.buckets):
            blocks.append(_unit_length(_log_counts(frame["words"])[:, self.buckets]))
        if self.features:
            values = (_features(frame, self.features) - self.mean) / self.scale
            values = np.nan_to_num(np.clip(values, -_FARTHEST, _FARTHEST), nan=0.0)
            blocks.append(csr_matrix(_FEATURE_WEIGHT * values))
        if self.dimensions:
            blocks.append(csr_matrix(vector_matrix(frame["vector"]).astype(np.float64)))
        return blocks


def learn_inputs(frame: pl.DataFrame, wanted: tasks.Inputs) -> Inputs:
    """Learn from the training rows which buckets are worth reading, and how features are spread.

    A bucket is read when at least √rows / 2 rows, and 2, have it: rarer words tell rows apart, not labels.

    Raises:
        PermanentError: CONFIGURATION, a feature is not one that a model can take.
    """
    features = feature_names(wanted)
    buckets = np.empty(0, dtype=np.int32)
    if wanted.text:
        least = max(2, math.ceil(math.sqrt(frame.height) / 2))
        buckets = np.flatnonzero(_rows_with_bucket(frame["words"]) >= least).astype(np.int32)
    values = _features(frame, features)
    scale = values.std(axis=0).astype(np.float32)
    scale[scale < _MIN_SCALE] = 1
    return Inputs(
        buckets=buckets,
        features=features,
        mean=values.mean(axis=0).astype(np.float32),
        scale=scale,
        dimensions=len(frame["vector"][0]) if wanted.vector else 0,
    )


def feature_names(wanted: tasks.Inputs) -> tuple[str, ...]:
    """Return the features that a task asks for, in the order of the feature table.

    Raises:
        PermanentError: CONFIGURATION, one is not there, or may be null and so cannot be taken.
    """
    if isinstance(wanted.features, str):
        return FEATURE_COLUMNS if wanted.features == "all" else ()
    for name in wanted.features:
        if name not in FEATURE_COLUMNS:
            close = difflib.get_close_matches(name, FEATURE_COLUMNS, n=1)
            guess = f"did you mean `{close[0]}`?" if close else f"use one of {', '.join(FEATURE_COLUMNS)}"
            raise PermanentError(
                f"inputs.features: {name!r} is no feature that a model can take; {guess}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
    return tuple(name for name in FEATURE_COLUMNS if name in wanted.features)


def _features(frame: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    values = frame.select(pl.col(names).cast(pl.Float64)).to_numpy().reshape(frame.height, len(names))
    logs: npt.NDArray[np.float64] = np.sign(values) * np.log1p(np.abs(values))
    return logs


def _rows_with_bucket(words: pl.Series) -> npt.NDArray[np.int64]:
    found = np.zeros(BUCKETS, dtype=np.int64)
    for start in range(0, len(words), _ROWS_AT_ONCE):
        found += np.bincount(_log_counts(words[start : start + _ROWS_AT_ONCE]).indices, minlength=BUCKETS)
    return found


def _log_counts(words: pl.Series) -> "csr_matrix":
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(n_features=BUCKETS, ngram_range=(1, 2), norm=None, alternate_sign=False)
    counts = hashing.transform(words.str.head(READ_CHARACTERS))
    counts.data = 1 + np.log(counts.data)
    return counts


def _unit_length(rows: "csr_matrix") -> "csr_matrix":
    from sklearn.preprocessing import normalize

    return normalize(rows)
