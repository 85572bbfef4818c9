"""Checks of monitoring: what drifted, and whether the champion still holds on new records. They warn."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.checks.task_limits import of_task, task_of
from webdata_assets.schemas.monitoring import MONITORING

_SHOWN = 5


def _measured(subject: Subject, signal: str, limit: Limit) -> Finding:
    """Return the verdict of when it was measured, by the threshold that stood in the task file then."""
    row = subject.rows.filter(pl.col("signal") == signal).row(0, named=True)
    if row["value"] is None:
        few = f"{row['current_rows']} new records are too few to judge"
        return Finding(True, threshold=row["threshold"], detail=few, origin=limit.origin)
    return Finding(not row["breached"], value=row["value"], threshold=row["threshold"], origin=limit.origin)


def share_limits(subject: Subject) -> Sequence[Limit]:
    """Return the share of drifted columns from which on the next measurement warns."""
    return (of_task(task_of(subject), "drift", "share", sense="<"),)


def drifted_share(subject: Subject) -> Finding:
    """Few features and vector components of the new records have moved away from those learnt.

    Formula: columns with a population stability index ≥ `drift.psi` / columns < `drift.share` of the task
    file, when it was measured.
    Default: 50 %, at an index of 0.2.
    Severity: warns, and asks for a new model.
    Source: Yurdakul, Statistical Properties of Population Stability Index, 2018.
    """
    (limit,) = share_limits(subject)
    finding = _measured(subject, "drifted_share", limit)
    worst = subject.rows.filter(pl.col("signal").is_in(["psi_feature", "psi_component"]) & pl.col("breached"))
    names = [f"{name} {value:.2f}" for name, value in worst.sort("value").select("name", "value").rows()]
    return replace(finding, detail=finding.detail or ", ".join(names[-_SHOWN:]) or None)


def auc_limits(subject: Subject) -> Sequence[Limit]:
    """Return the AUC from which on the next measurement warns."""
    return (of_task(task_of(subject), "drift", "auc", sense="<"),)


def domain_auc(subject: Subject) -> Finding:
    """Nobody can tell new records from those learnt from.

    Formula: AUC of a domain classifier < `drift.auc` of the task file, when it was measured.
    Default: 0.8.
    Severity: warns, and asks for a new model.
    Source: Rabanser et al., Failing Loudly, 2019.
    """
    (limit,) = auc_limits(subject)
    return _measured(subject, "domain_auc", limit)


def score_limits(subject: Subject) -> Sequence[Limit]:
    """Return the champion's floor: the task file's, else the one that it was judged by."""
    limit = of_task(task_of(subject), "evaluation", "floor", sense="≥")
    measured = subject.rows.filter(pl.col("signal") == "metric")
    if limit.value is None and measured.height:
        return (replace(limit, value=measured.item(0, "threshold")),)
    return (limit,)


def score_on_new_records(subject: Subject) -> Finding:
    """The champion holds on labelled records that came after its training.

    Formula: the champion's score on new records ≥ its floor, when it was measured.
    Default: the score of always answering the most frequent label.
    Severity: warns, and asks for a new model.
    Source: the majority-class baseline (ZeroR).
    """
    (limit,) = score_limits(subject)
    return _measured(subject, "metric", limit)


CHECKS = (
    schema_check(MONITORING),
    unique_keys_check(MONITORING),
    Check(
        "drifted_share", MONITORING, "Columns with PSI ≥ the task's / columns < its `share`.", drifted_share,
        share_limits,
    ),
    Check(
        "domain_auc", MONITORING, "AUC of new against learnt records < the task's.", domain_auc,
        auc_limits,
    ),
    Check(
        "champion_score", MONITORING, "The champion's score on new records ≥ its floor.",
        score_on_new_records, score_limits,
    ),
)  # fmt: skip
