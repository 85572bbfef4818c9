"""Promotion: whether a newly trained model may take the place of the one in use.

What belongs here: the rule, and its reasons in words. What does not: the scores (evaluation.py), and what is
in use (release.py).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.learn.bootstrap import Estimate, estimate_difference
from webdata_assets.stages.learn.classifier import Classifier, Predictions
from webdata_assets.stages.learn.evaluation import Evaluation, SliceScore, evaluate, group_numbers
from webdata_assets.stages.learn.metrics import code_labels, tallies
from webdata_assets.tasks.model import Evaluation as Rules
from webdata_assets.tasks.model import Task

TEST = "test"
_SHOWN_CHARACTERS = 64
_ROUNDING = 1e-9
"""0.80 − 0.75 is not more than 0.05."""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows: the difference is the first one's score minus the second one's."""

    first: Evaluation
    second: Evaluation
    difference: Estimate
    same_predictions: bool


@dataclass(frozen=True)
class Judgement:
    """What a newly trained model is worth beside the one in use, and whether it may replace it.

    Attributes:
        champion_evaluation: None where there is none, or none that reads these vectors; so are the
            difference and the lower end of its 95 % interval.
        floor: least score of a champion.
        reason: why it is promotable or not; numbers and names of slices.
    """

    evaluation: Evaluation
    champion_evaluation: Evaluation | None
    difference: float | None
    difference_low: float | None
    floor: float
    promotable: bool
    reason: str


def held_back(training_set: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that no model is trained on."""
    return training_set.filter(pl.col("split") == TEST)


def compare(first: Classifier, second: Classifier, rows: pl.DataFrame, task: Task) -> Comparison:
    """Evaluate two models on the same labelled rows, and their difference by paired bootstrap over groups.

    Raises:
        PermanentError: one of them reads other vectors than these.
    """
    return compare_predictions(first.predict(rows), second.predict(rows), rows, task)


def compare_predictions(
    first: Predictions, second: Predictions, rows: pl.DataFrame, task: Task
) -> Comparison:
    """Compare two models' predictions of the same labelled rows."""
    labels, codes = code_labels(rows["label"].to_list(), first.labels, second.labels)
    actual, one, other = codes
    groups = group_numbers(rows)
    difference = estimate_difference(
        task.evaluation.metric,
        tallies(actual, one, groups, len(labels)),
        tallies(actual, other, groups, len(labels)),
    )
    return Comparison(
        first=evaluate(first, rows, task),
        second=evaluate(second, rows, task),
        difference=difference,
        same_predictions=bool(np.array_equal(one, other)),
    )


def judge(
    challenger: Classifier, champion: Classifier | None, training_set: pl.DataFrame, task: Task
) -> Judgement:
    """Judge a newly trained model on the rows held back, beside the one in use where that reads them.

    It is promotable when its score reaches the floor and, where there is a champion to compare with, the
    lower end of the difference's 95 % interval is above −margin (or both predict the same), and no slice of
    enough rows falls by more than the task allows.

    Args:
        challenger: trained on other rows than those whose split is `test`.
        champion: None where there is none.
        training_set: rows of the `training_set` table.
        task: the rules.
    """
    rows = held_back(training_set)
    predictions = challenger.predict(rows)
    if champion is None or not champion.reads(rows):
        return judge_predictions(predictions, None, rows, task)
    return judge_predictions(predictions, champion.predict(rows), rows, task)


def judge_predictions(
    challenger: Predictions, champion: Predictions | None, rows: pl.DataFrame, task: Task
) -> Judgement:
    """Judge by predictions of the same labelled rows; as `judge`."""
    comparison = None if champion is None else compare_predictions(challenger, champion, rows, task)
    evaluation = comparison.first if comparison else evaluate(challenger, rows, task)
    floor = evaluation.baseline if task.evaluation.floor is None else task.evaluation.floor
    problem = _unfit(challenger, evaluation, floor) or (
        _worse(comparison, task.evaluation) if comparison else None
    )
    return Judgement(
        evaluation=evaluation,
        champion_evaluation=comparison.second if comparison else None,
        difference=comparison.difference.value if comparison else None,
        difference_low=comparison.difference.low if comparison else None,
        floor=floor,
        promotable=problem is None,
        reason=problem or _praise(evaluation, comparison, floor),
    )


def _unfit(predictions: Predictions, evaluation: Evaluation, floor: float) -> str | None:
    """Return why no champion may be like that, whatever is in use; None where nothing speaks against it."""
    if evaluation.rows == 0:
        return "there are no test rows to judge it on"
    if not np.isfinite(predictions.probabilities).all():
        return "it predicts probabilities that are no numbers"
    if not evaluation.score >= floor:
        return f"score {evaluation.score:.3f} is under the floor of {floor:.3f}"
    return None


def _worse(comparison: Comparison, rules: Rules) -> str | None:
    """Return in what it is worse than the champion; None where it is not."""
    difference = comparison.difference
    if not (difference.low > -rules.margin or comparison.same_predictions):
        return (
            f"{_against(comparison)}: it may be worse by {-difference.low:.3f} (95 % interval, paired by "
            f"group), {rules.margin:.3f} is allowed"
        )
    falls = [
        (second.score - first.score, first, second)
        for first, second in zip(comparison.first.slices, comparison.second.slices, strict=True)
        if first.rows >= rules.min_slice_rows
    ]
    fall, first, second = max(falls, key=lambda each: each[0], default=(0.0, None, None))
    if first is not None and second is not None and not fall <= rules.max_slice_fall + _ROUNDING:
        return (
            f"{slice_name(first)} falls by {fall:.3f}, from {second.score:.3f} to {first.score:.3f} "
            f"on {first.rows} rows; {rules.max_slice_fall:.3f} is allowed"
        )
    return None


def _praise(evaluation: Evaluation, comparison: Comparison | None, floor: float) -> str:
    if comparison is None:
        return f"score {evaluation.score:.3f} reaches the floor of {floor:.3f}; there is none to compare with"
    if comparison.same_predictions:
        return f"{_against(comparison)}: both predict the same"
    return (
        f"{_against(comparison)}: worse by {max(0.0, -comparison.difference.low):.3f} at most (95 % interval)"
    )


def _against(comparison: Comparison) -> str:
    return f"score {comparison.first.score:.3f} against {comparison.second.score:.3f}"


def slice_name(each: SliceScore) -> str:
    """Return a slice's column and value, without characters that could disguise what is shown."""
    value = "none" if each.value is None else clean_body(each.value)[:_SHOWN_CHARACTERS]
    return f"{each.column} {value}"
