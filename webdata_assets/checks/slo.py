"""Checks of the service levels: the month's success rate. It warns."""

from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.slo import SLO
from webdata_assets.stages.observe.service_levels import ALL_JOBS

SUCCESS_RATE = 0.95
"""Of a pipeline that runs every day, one day in twenty may need a person. A choice of ours: there is no
standard, and a deployment's own promise to its readers takes precedence."""
ENOUGH = 20
"""Finished pipelines from which on the current month is judged; of fewer, one failure alone would be 5 %."""


def success_rate(subject: Subject) -> Finding:
    """Pipelines end well, month by month.

    Formula: ok / (finished − target outages) ≥ 0.95, of this month, or of the last while this one is young.
    Default: 95 %.
    Severity: warns.
    Source: no published threshold; of daily pipelines one day in twenty may need a person.
    """
    limit = _success_limits(subject)[0].value
    months = subject.rows.filter(
        pl.col("value").is_not_null(),
        pl.col("month") <= subject.now.date(),
        job=ALL_JOBS,
        metric="success_rate",
    ).sort("month", descending=True)
    judged = pl.concat([months.filter(pl.col("denominator") >= ENOUGH), months]).head(1)
    if judged.height == 0 or limit is None:
        return Finding(True, threshold=limit, detail="no run has finished yet", origin="default")
    row = judged.row(0, named=True)
    detail = f"{row['numerator']:.0f} of {row['denominator']:.0f} pipelines of {row['month']:%Y-%m}"
    return Finding(
        row["value"] >= limit,
        value=row["value"],
        threshold=limit,
        detail=f"{detail}; left out: {row['excluded_reasons']}",
        origin="default",
    )


def _success_limits(_subject: Subject) -> Sequence[Limit]:
    return (Limit(SUCCESS_RATE, "default", sense="≥"),)


CHECKS = (
    schema_check(SLO),
    unique_keys_check(SLO),
    Check(
        "success_rate", SLO, f"Pipelines that ended well / finished − target outages ≥ {SUCCESS_RATE}.",
        success_rate, _success_limits,
    ),
)  # fmt: skip
