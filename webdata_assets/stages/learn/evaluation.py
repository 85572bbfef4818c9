"""Evaluation: how often a classifier is right, and beside what.

What belongs here: metrics of labels against labels. What does not: what follows from them (promotion.py).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from webdata_assets.stages.learn.classifier import Classifier


@dataclass(frozen=True)
class Evaluation:
    """Scores of predicted labels against the true ones, all in 0…1; 0 where there are no rows."""

    rows: int
    accuracy: float
    macro_f1: float
    """Unweighted mean of the classes' F1, over every class that is true or predicted somewhere."""
    baseline_accuracy: float
    """Of always answering the label that is most frequent in these rows."""
    baseline_macro_f1: float
    confusion: dict[str, dict[str, int]]
    """Rows by true label, then by predicted label; absent pairs are 0."""


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same rows. `champion` is None when there is none that reads these vectors."""

    challenger: Evaluation
    champion: Evaluation | None


def evaluate(actual: Sequence[str], predicted: Sequence[str]) -> Evaluation:
    """Compare predicted labels with the true ones.

    Raises:
        ValueError: the lengths differ.
    """
    pairs = Counter(zip(actual, predicted, strict=True))
    counts = Counter(actual)
    # the alphabetically first among equally frequent ones, so that the figure is always the same
    most_frequent = min(counts, key=lambda label: (-counts[label], label), default=None)
    constant = Counter({(label, str(most_frequent)): count for label, count in counts.items()})
    confusion: dict[str, dict[str, int]] = {}
    for (true, guess), count in sorted(pairs.items()):
        confusion.setdefault(true, {})[guess] = count
    return Evaluation(
        rows=len(actual),
        accuracy=_accuracy(pairs),
        macro_f1=_macro_f1(pairs),
        baseline_accuracy=_accuracy(constant),
        baseline_macro_f1=_macro_f1(constant),
        confusion=confusion,
    )


def evaluate_classifier(classifier: Classifier, frame: pl.DataFrame) -> Evaluation:
    """Evaluate a classifier on labelled examples.

    Raises:
        PermanentError: the vectors are of another encoder.
    """
    return evaluate(frame["label"].to_list(), classifier.predict(frame).labels)


def compare(challenger: Classifier, champion: Classifier | None, frame: pl.DataFrame) -> Comparison:
    """Evaluate both on the same labelled examples."""
    comparable = champion if champion is not None and champion.reads(frame) else None
    return Comparison(
        challenger=evaluate_classifier(challenger, frame),
        champion=None if comparable is None else evaluate_classifier(comparable, frame),
    )


def _accuracy(pairs: Counter[tuple[str, str]]) -> float:
    right = sum(count for (true, guess), count in pairs.items() if true == guess)
    return right / max(1, pairs.total())


def _macro_f1(pairs: Counter[tuple[str, str]]) -> float:
    """F1 of a class is 2 · right / (true + predicted), which is never 0 / 0 for the classes taken here."""
    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for (true, guess), count in pairs.items():
        seen[true] += count
        seen[guess] += count
        right[true] += count if true == guess else 0
    return sum(2 * right[label] / seen[label] for label in seen) / max(1, len(seen))
