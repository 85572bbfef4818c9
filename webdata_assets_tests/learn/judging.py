"""Labelled rows, predictions of them, and tasks with rules of one's own.

What belongs here: what tests of evaluation and promotion need. What does not: assertions.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from webdata_assets.stages.learn.classifier import Predictions
from webdata_assets.tasks.model import Task


def task(**rules: object) -> Task:
    """Return a task whose evaluation has these rules; no slices unless given."""
    return Task.model_validate(
        {
            "name": "topic",
            "description": "Topic",
            "label": {"field": "category"},
            "evaluation": {"slices": (), **rules},
        }
    )


def rows(
    labels: Sequence[str], groups: Sequence[str] | None = None, **columns: Sequence[object]
) -> pl.DataFrame:
    """Return rows of the test split, each of a group of its own unless groups are given."""
    names = groups if groups is not None else [f"g{number:05d}" for number in range(len(labels))]
    return pl.DataFrame(
        {"label": list(labels), "group": list(names), "split": ["test"] * len(labels), **columns},
        schema_overrides={"label": pl.String, "group": pl.String},
    )


def predicted(labels: Sequence[str], confidence: float | Sequence[float] = 1.0) -> Predictions:
    """Return predictions whose most probable label has this probability."""
    sure = np.broadcast_to(np.asarray(confidence, dtype=np.float64), len(labels))
    return Predictions(list(labels), np.stack([sure, 1 - sure], axis=1))
