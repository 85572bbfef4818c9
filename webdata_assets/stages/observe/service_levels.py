"""Service levels: how often pipelines succeed, how long they take, how much is tried again.

What belongs here: the formulas. What does not: what is known of runs (runs.py), reading Dagster's event log
(resources/run_history.py), and storing the results (assets/slo.py).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import polars as pl

from webdata_assets.schemas.slo import SLO
from webdata_assets.stages.observe.runs import (
    CriticalPath,
    Outcome,
    Pipeline,
    RunFacts,
    StepFacts,
    Try,
    month_of,
    pipelines,
)

__all__ = [
    "ALL_JOBS",
    "CriticalPath",
    "Level",
    "Pipeline",
    "RunFacts",
    "StepFacts",
    "Try",
    "add_months",
    "levels_of",
    "month_of",
    "pipelines",
    "replace_months",
    "service_levels",
]

ALL_JOBS = "all"


@dataclass(frozen=True)
class Level:
    """One metric of one month, over all jobs or of one.

    Attributes:
        value: None for 0 / 0.
        numerator, denominator: what it was computed from.
        excluded: reason → pipelines left out; of `tasks`, steps that never began.
    """

    month: dt.date
    job: str
    metric: str
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)


def service_levels(runs: Iterable[RunFacts]) -> list[Level]:
    """Return every metric by month and job, and of all jobs together, in order."""
    groups: dict[tuple[dt.date, str], list[Pipeline]] = defaultdict(list)
    for pipeline in pipelines(runs):
        for job in (ALL_JOBS, pipeline.job):
            groups[pipeline.month, job].append(pipeline)
    return [level for key in sorted(groups) for level in levels_of(*key, groups[key])]


def levels_of(month: dt.date, job: str, chains: Collection[Pipeline]) -> list[Level]:
    """Return the metrics of pipelines of one month.

    - success_rate = ok / (finished − target outages); cancelled ones never finished.
    - critical_path_seconds = mean over the `ok` ones: what broke off early would flatter it.
    - retry_overhead = tries / unique tasks − 1, where a task is a step of a pipeline that began.
    - runs: Dagster's, each retry one of its own; tasks: steps that began, each once per pipeline.
    """
    outcomes = Counter(pipeline.outcome for pipeline in chains)
    finished = [pipeline for pipeline in chains if pipeline.outcome != "running"]
    seconds = sum(pipeline.critical_path.seconds for pipeline in chains if pipeline.outcome == "ok")
    tries = sum(pipeline.tries.total() for pipeline in finished)
    tasks = sum(len(pipeline.tries) for pipeline in finished)
    begun = sum(len(pipeline.tries) for pipeline in chains)
    overhead = _ratio(tries, tasks)

    def without(*kept: Outcome) -> dict[str, int]:
        return {reason: outcomes[reason] for reason in sorted(outcomes) if reason not in kept}

    unbegun = sum(len(pipeline.upstream_failed) for pipeline in finished)
    return [
        Level(
            month, job, "success_rate", _ratio(outcomes["ok"], outcomes["ok"] + outcomes["failed"]),
            outcomes["ok"], outcomes["ok"] + outcomes["failed"], without("ok", "failed"),
        ),
        Level(
            month, job, "critical_path_seconds", _ratio(seconds, outcomes["ok"]), seconds, outcomes["ok"],
            without("ok"),
        ),
        Level(
            month, job, "retry_overhead", None if overhead is None else overhead - 1, tries, tasks,
            without("ok", "failed", "target_outage", "cancelled"),
        ),
        Level(month, job, "runs", sum(len(pipeline.runs) for pipeline in chains)),
        Level(month, job, "tasks", begun, excluded={"upstream_failed": unbegun} if unbegun else {}),
    ]  # fmt: skip


def replace_months(earlier: pl.DataFrame, levels: Sequence[Level], now: dt.datetime) -> pl.DataFrame:
    """Return rows of the `slo` table: the new levels, and the earlier rows of months that they do not know.

    A month of which fewer runs are known than before has lost some to Dagster's retention, or its database:
    its earlier rows stay.

    Args:
        earlier: rows of the table.
        levels: of whole months.
        now: when they were computed.
    """
    rows = pl.DataFrame(
        [
            {
                "month": level.month,
                "job": level.job,
                "metric": level.metric,
                "value": level.value,
                "numerator": level.numerator,
                "denominator": level.denominator,
                "excluded": sum(level.excluded.values()),
                "excluded_reasons": orjson.dumps(dict(sorted(level.excluded.items()))).decode(),
                "computed_at": now,
            }
            for level in levels
        ],
        schema=SLO.polars_schema,
    )
    in_all = pl.col("job").eq(ALL_JOBS) & pl.col("metric").eq("runs")
    known = rows.filter(in_all).select("month", runs="value")
    whole = known.join(earlier.filter(in_all).select("month", before="value"), on="month", how="left").filter(
        pl.col("runs") >= pl.col("before").fill_null(0.0)
    )
    return pl.concat(
        [
            rows.join(whole, on="month", how="semi"),
            earlier.select(rows.columns).join(whole, on="month", how="anti"),
        ]
    ).sort(SLO.key)


def add_months(month: dt.date, number: int) -> dt.date:
    """Return the first day of the month so many months later, or earlier where the number is negative."""
    months = month.year * 12 + month.month - 1 + number
    return dt.date(months // 12, months % 12 + 1, 1)


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None
