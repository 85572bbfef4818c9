"""Checks of monitoring: what drifted, and whether the champion still holds on new records. They warn."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.monitoring import MONITORING

_SHOWN = 5


def _signal(subject: Subject, signal: str) -> Finding:
    row = subject.rows.filter(pl.col("signal") == signal).row(0, named=True)
    if row["value"] is None:
        return Finding(
            True, threshold=row["threshold"], detail=f"{row['current_rows']} new records are too few to judge"
        )
    return Finding(not row["breached"], value=row["value"], threshold=row["threshold"])


def drifted_share(subject: Subject) -> Finding:
    """Compare the share of features and vector components with a PSI above the task's, with its limit."""
    finding = _signal(subject, "drifted_share")
    worst = subject.rows.filter(pl.col("signal").is_in(["psi_feature", "psi_component"]) & pl.col("breached"))
    names = [f"{name} {value:.2f}" for name, value in worst.sort("value").select("name", "value").rows()]
    detail = finding.detail or ", ".join(names[-_SHOWN:]) or None
    return Finding(finding.passed, finding.value, finding.threshold, detail)


def domain_auc(subject: Subject) -> Finding:
    """Compare the AUC of telling new records from those learnt from, with the task's limit."""
    return _signal(subject, "domain_auc")


def score_on_new_records(subject: Subject) -> Finding:
    """Compare the champion's score on labelled new records with its floor."""
    return _signal(subject, "metric")


CHECKS = (
    schema_check(MONITORING),
    unique_keys_check(MONITORING),
    Check(
        "drifted_share", MONITORING, "Columns with PSI ≥ the task's / columns < its `share`.", drifted_share
    ),
    Check("domain_auc", MONITORING, "AUC of new against learnt records < the task's.", domain_auc),
    Check(
        "champion_score", MONITORING, "The champion's score on new records ≥ its floor.", score_on_new_records
    ),
)  # fmt: skip
