"""Monitoring: the champion beside the records that came after its training set.

What belongs here: the signals, and what breaches them. What does not: the measures of distance (drift.py) and
of correctness (evaluation.py), and the retraining that follows (automation/).
"""

import datetime as dt

import numpy as np
import polars as pl

from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.drift import Drifts, least_psi, measure_drift
from webdata_assets.stages.learn.metrics import code_labels, score, tallies
from webdata_assets.tasks.model import Drift, Task

RETRAINING_SIGNALS = ("drifted_share", "domain_auc", "metric")
"""Those whose breach asks for a new model; single columns only say where the drift is."""


def monitor(
    task: Task,
    reference: pl.DataFrame,
    current: pl.DataFrame,
    champion: Classifier | None,
    *,
    version: str | None,
    floor: float | None,
    now: dt.datetime,
) -> pl.DataFrame:
    """Return the rows of the `monitoring` table: every signal, null where there is too little to measure.

    Args:
        reference: rows of the training set that the newest model learnt from.
        current: examples admitted since, as `build_examples` gives them; those with a label are looked at.
        champion: the model in use.
        version: its version.
        floor: its least score.
        now: the moment of measuring.
    """
    # the reference has labels: records without one may be of another kind altogether
    current = current.filter(pl.col("label").is_not_null())
    enough = min(reference.height, current.height) >= task.drift.min_rows
    comparable = enough and set(reference["model_id"]) == set(current["model_id"])
    limit = least_psi(task.drift.psi, reference.height, current.height) if comparable else task.drift.psi
    rows = _drift_rows(task.drift, limit, measure_drift(reference, current) if comparable else None)
    rows.append(_metric_row(task, current, champion, floor))
    return pl.DataFrame(
        [
            {
                **row,
                "reference_rows": reference.height,
                "current_rows": current.height,
                "model_version": version,
                "measured_at": now,
            }
            for row in rows
        ],
        schema=MONITORING.polars_schema,
    ).sort(MONITORING.key)


def _drift_rows(limits: Drift, least: float, drifts: Drifts | None) -> list[dict[str, object]]:
    whole = {
        "drifted_share": (None if drifts is None else drifts.drifted_share(least), limits.share),
        "domain_auc": (None if drifts is None else drifts.auc, limits.auc),
    }
    rows = [_row(signal, "all", value, threshold) for signal, (value, threshold) in whole.items()]
    if drifts is not None:
        rows += [_row("psi_feature", name, value, least) for name, value in drifts.features.items()]
        rows += [_row("psi_component", name, value, least) for name, value in drifts.components.items()]
    return rows


def _row(signal: str, name: str, value: float | None, threshold: float) -> dict[str, object]:
    breached = value is not None and value >= threshold
    return {"signal": signal, "name": name, "value": value, "threshold": threshold, "breached": breached}


def _metric_row(
    task: Task, current: pl.DataFrame, champion: Classifier | None, floor: float | None
) -> dict[str, object]:
    value = None
    if champion is not None and current.height >= task.drift.min_rows and champion.reads(current):
        coded = code_labels(current["label"].to_list(), champion.predict(current).labels)
        actual, predicted = coded.codes
        one_group = np.zeros(current.height, dtype=np.int64)
        counts = tallies(actual, predicted, one_group, len(coded.labels))
        value = float(score(task.evaluation.metric, counts)[0])
    return {
        "signal": "metric",
        "name": task.evaluation.metric,
        "value": value,
        "threshold": floor,
        "breached": value is not None and floor is not None and value < floor,
    }
