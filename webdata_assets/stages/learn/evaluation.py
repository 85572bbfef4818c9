"""Evaluation: how often predictions are right, how sure that is, and how honest the probabilities are.

What belongs here: one model's predictions against true labels. What does not: comparing two models and what
follows from it (promotion.py).
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.stages.learn.bootstrap import estimate_score
from webdata_assets.stages.learn.classifier import Predictions
from webdata_assets.stages.learn.metrics import Indices, code_labels, score, tallies
from webdata_assets.tasks.model import Metric, Task

BINS = 10


@dataclass(frozen=True)
class SliceScore:
    """The score on the rows that share a value; the value is None for rows without one."""

    column: str
    value: str | None
    rows: int
    score: float


@dataclass(frozen=True)
class Bin:
    """Rows whose most probable label has a probability within one tenth of 0…1."""

    rows: int
    confidence: float
    """Mean probability of the predicted label."""
    accuracy: float


@dataclass(frozen=True)
class Evaluation:
    """Predictions against the true labels of the same rows; scores are in 0…1, and 0 where there are none."""

    metric: Metric
    score: float
    low: float
    """The 95 % interval of the score, by bootstrap over groups; 0…1 with fewer than two groups."""
    high: float
    baseline: float
    """Of always answering the label that is most frequent in these rows."""
    accuracy: float
    rows: int
    groups: int
    slices: tuple[SliceScore, ...]
    labels: tuple[str, ...]
    """True or predicted somewhere, sorted. They come from pages."""
    confusion: tuple[tuple[int, int, int], ...]
    """True label, predicted label (by their places in `labels`), and how many rows; pairs with any."""
    bins: tuple[Bin, ...]
    """Those with rows, by confidence."""
    calibration_error: float
    """Expected calibration error: the bins' |accuracy − confidence|, weighted by their rows.

    Guo et al., On Calibration of Modern Neural Networks, 2017.
    """

    def as_json(self) -> str:
        """Return it as one JSON object."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """Return what `as_json` wrote."""
        values: Mapping[str, Any] = json.loads(text)
        return cls(
            **{
                **values,
                "slices": tuple(SliceScore(**each) for each in values["slices"]),
                "labels": tuple(values["labels"]),
                "confusion": tuple(tuple(cell) for cell in values["confusion"]),
                "bins": tuple(Bin(**each) for each in values["bins"]),
            }
        )


def evaluate(predictions: Predictions, rows: pl.DataFrame, task: Task) -> Evaluation:
    """Compare predictions with the true labels of the same rows, in the same order.

    Args:
        predictions: a probability that is no number counts as 0.
        rows: labelled rows of the `training_set` table; their order does not count.
        task: names the metric and the slices.

    Raises:
        ValueError: the lengths differ.
    """
    if len(predictions.labels) != rows.height:
        raise ValueError(f"{len(predictions.labels)} predictions for {rows.height} rows")
    metric = task.evaluation.metric
    labels, (actual, predicted) = code_labels(rows["label"].to_list(), predictions.labels)
    groups = group_numbers(rows)
    counts = tallies(actual, predicted, groups, len(labels))
    estimate = estimate_score(metric, counts)
    right = actual == predicted
    bins = _bins(predictions, right)
    return Evaluation(
        metric=metric,
        score=estimate.value,
        low=estimate.low,
        high=estimate.high,
        baseline=_baseline(metric, actual, len(labels)),
        accuracy=float(right.mean()) if rows.height else 0.0,
        rows=rows.height,
        groups=len(counts),
        slices=tuple(
            each
            for column in task.evaluation.slices
            for each in _slices(column, rows[column], metric, actual, predicted, len(labels))
        ),
        labels=labels,
        confusion=tuple(
            (true, guess, count)
            for (true, guess), count in sorted(
                Counter(zip(actual.tolist(), predicted.tolist(), strict=True)).items()
            )
        ),
        bins=bins,
        calibration_error=sum(each.rows * abs(each.accuracy - each.confidence) for each in bins)
        / max(1, rows.height),
    )


def group_numbers(rows: pl.DataFrame) -> Indices:
    """Return per row the number of its group, in the order of their names."""
    return code_labels(rows["group"].to_list()).codes[0]


def _baseline(metric: Metric, actual: Indices, classes: int) -> float:
    if actual.size == 0:
        return 0.0
    # among equally frequent labels the alphabetically first, so that the figure is always the same
    most_frequent = np.full_like(actual, np.bincount(actual).argmax())
    return float(score(metric, tallies(actual, most_frequent, np.zeros_like(actual), classes)[0]))


def _slices(
    column: str, values: pl.Series, metric: Metric, actual: Indices, predicted: Indices, classes: int
) -> list[SliceScore]:
    found = []
    for value in values.unique().sort(nulls_last=True):
        here = values.eq_missing(pl.Series([value], dtype=values.dtype)).to_numpy()
        counts = tallies(actual[here], predicted[here], np.zeros(int(here.sum()), dtype=np.int64), classes)
        found.append(SliceScore(column, value, rows=int(here.sum()), score=float(score(metric, counts[0]))))
    return found


def _bins(predictions: Predictions, right: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[Bin, ...]:
    if right.size == 0:
        return ()
    confidence = np.nan_to_num(predictions.probabilities.max(axis=1), nan=0.0).clip(0, 1)
    # the upper edge belongs to a bin, and 0 to the first
    places = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return tuple(
        Bin(int(here.sum()), float(confidence[here].mean()), float(right[here].mean()))
        for here in (places == place for place in range(BINS))
        if here.any()
    )
