"""How the pipeline itself does: service levels, and the state of each layer.

What belongs here: these sections. What does not: computing service levels (stages/observe/service_levels.py).
"""

import orjson
import polars as pl

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.listing import Badge, Column, Section, Value, listing
from webdata_assets.stages.observe.report.text import moment, number, plural, seconds, share

ALL_JOBS = "all"
_WRITE = {
    "success_rate": share,
    "critical_path_seconds": seconds,
    "retry_overhead": share,
    "runs": number,
    "tasks": number,
}
_TITLES = {
    "success_rate": "Success rate",
    "critical_path_seconds": "Critical path",
    "retry_overhead": "Retry overhead",
    "runs": "Runs",
    "tasks": "Tasks",
}


def service_levels_section(facts: Facts) -> Section:
    """Return success, latency and retries by month, and of the newest month by job."""
    levels = facts.service_levels
    over_all = levels.filter(pl.col("job") == ALL_JOBS)
    newest = levels.filter((pl.col("job") != ALL_JOBS) & (pl.col("month") == pl.col("month").max()))
    metrics = [Column(title, "right") for title in _TITLES.values()]
    left_out = [Column("Runs left out", "right"), Column("Why", wide=True)]
    months = [
        (f"{month:%b %Y}", *_levels(over_all.filter(pl.col("month") == month)))
        for month in over_all["month"].unique().sort(descending=True)
    ]
    jobs = [
        (job, *_levels(newest.filter(pl.col("job") == job)))
        for job in newest["job"].unique().sort()
    ]  # fmt: skip
    return Section(
        "service-levels",
        "Service levels",
        "Success rate: ok / (finished − outages of the target). Critical path: the longest path of execution "
        "and queue. Retry overhead: tries / tasks − 1." if levels.height else "",
        (
            listing("All jobs, by month", [Column("Month"), *metrics, *left_out], months),
            listing("Newest month, by job", [Column("Job"), *metrics, *left_out], jobs),
        ),
        empty="Service levels were not computed yet: materialize `slo`.",
    )  # fmt: skip


def layers_section(facts: Facts) -> Section:
    """Return each layer: partitions by state, rows, and the moment of the last write."""
    partitioned: list[tuple[Value, ...]] = [
        (
            layer,
            number(states.filter("admitted").height),
            number(states.filter(pl.col("failed").list.len() > 0).height),
            number(states.filter(~pl.col("admitted") & (pl.col("failed").list.len() == 0)).height),
            number(float(states["rows"].sum())),
            moment(states["at"].max()),  # type: ignore[arg-type]
        )
        for layer, states in facts.states.items()
        if states.height
    ]
    whole: list[tuple[Value, ...]] = [
        (
            row["table"],
            Badge("admitted", "admitted")
            if row["admitted"]
            else Badge("failed", f"failed: {', '.join(row['failed'])}")
            if row["failed"]
            else Badge("waiting", "not checked"),
            number(row["rows"]),
            moment(row["at"]),
        )
        for row in facts.tables.iter_rows(named=True)
    ]
    failed = facts.tables.filter(pl.col("failed").list.len() > 0)["table"].to_list()
    return Section(
        "layers",
        "Layers",
        f"Partitions from {facts.since} on. A layer is read only where it is admitted: every blocking check "
        "passed on its newest data." + (f" Failed: {', '.join(failed)}." if failed else ""),
        (
            listing(
                "By date and source",
                [
                    Column("Layer"), Column("Admitted", "right"), Column("Failed", "right"),
                    Column("Not checked", "right"), Column("Rows", "right"),
                    Column("Last write, UTC", "right"),
                ],
                partitioned,
            ),
            listing(
                "As a whole",
                [
                    Column("Layer"), Column("State"), Column("Rows", "right"),
                    Column("Last write, UTC", "right"),
                ],
                whole,
            ),
        ),
        empty="Nothing was stored yet.",
    )  # fmt: skip


def _levels(rows: pl.DataFrame) -> tuple[str, ...]:
    values = dict(rows.select("metric", "value").iter_rows())
    excluded = int(rows["excluded"].max() or 0)  # type: ignore[arg-type]
    reasons: dict[str, int] = {}
    for text in rows["excluded_reasons"]:
        reasons |= orjson.loads(text)
    why = ", ".join(plural(count, reason, reason) for reason, count in reasons.items() if count)
    return (*(write(values.get(metric)) for metric, write in _WRITE.items()), number(excluded), why)
