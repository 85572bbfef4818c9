"""Plots of models as SVG images: the score over versions, the confusion matrix, the calibration.

What belongs here: drawing, from numbers only, so that no text of a page can come into an image. What does
not: where an image is shown (assets/), and the numbers (evaluation.py).
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from webdata_assets.stages.learn.bootstrap import Estimate
from webdata_assets.stages.learn.evaluation import Bin, Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CLASSES = 20
"""Of a confusion matrix; the most frequent ones are shown."""
MAX_VERSIONS = 30

_INCHES = (5.0, 3.6)
_LINE, _PALE = "#3b63b5", "#b9c8e8"


def score_plot(scores: Sequence[Estimate], promoted: Sequence[bool]) -> bytes:
    """Draw the score of each version with its 95 % interval, the oldest first; full dots were in use.

    Args:
        scores: of the versions, as they were trained.
        promoted: whether a version is or was in use.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = _figure()
    shown = list(zip(scores, promoted, strict=True))[-MAX_VERSIONS:]
    first = len(scores) - len(shown) + 1
    for number, (score, was_used) in enumerate(shown, start=first):
        axes.vlines(number, score.low, score.high, color=_PALE, linewidth=4)
        axes.plot(number, score.value, "o", color=_LINE, markerfacecolor=_LINE if was_used else "white")
    axes.set(xlabel="model (in order of training)", ylabel="score, 95 % interval", ylim=(0, 1.02))
    axes.set_xlim(first - 0.5, max(first, len(scores)) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure)


def confusion_plot(evaluation: Evaluation) -> bytes:
    """Draw how often each class was predicted as which, as shares of the rows that are truly of the class.

    Classes have the numbers of `shown_classes`.
    """
    shown = shown_classes(evaluation)
    place = {label: row for row, label in enumerate(shown)}
    classes = max(1, len(shown))
    counts = np.zeros((classes, classes), dtype=np.int64)
    for true, guess, rows in evaluation.confusion:
        if true in place and guess in place:
            counts[place[true], place[guess]] = rows
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    is_roomy = len(shown) <= MAX_CLASSES // 2
    if is_roomy:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                axes.text(
                    column, row, str(count), ha="center", va="center", fontsize=8,
                    color="white" if shares[row, column] > 0.5 else "black",
                )  # fmt: skip
    ticks = np.arange(len(shown))
    axes.set_xticks(ticks, [str(number + 1) for number in ticks])
    axes.set_yticks(ticks, [str(number + 1) for number in ticks])
    axes.tick_params(labelsize=None if is_roomy else 6)
    axes.set(xlabel="predicted class", ylabel="true class")
    return _svg(figure)


def calibration_plot(bins: Sequence[Bin]) -> bytes:
    """Draw how often the model is right against how sure it says it is; on the diagonal both are equal."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=_PALE, linestyle="--")
    axes.plot([each.confidence for each in bins], [each.accuracy for each in bins], "o-", color=_LINE)
    axes.set(xlabel="mean probability", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02))
    return _svg(figure)


def shown_classes(evaluation: Evaluation) -> list[int]:
    """Return the classes of the confusion matrix by their places in `labels`: the most frequent, in order."""
    rows = np.zeros(len(evaluation.labels), dtype=np.int64)
    for true, _, count in evaluation.confusion:
        rows[true] += count
    frequent = sorted(range(len(rows)), key=lambda label: (-rows[label], label))[:MAX_CLASSES]
    return sorted(frequent)


def _figure() -> "tuple[Figure, Axes]":
    # without pyplot, which keeps figures in a global list and asks for a display
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: "Figure") -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    written = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "webdata", "svg.fonttype": "none"}):
        FigureCanvasSVG(figure).print_figure(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()
