"""`webdata slo`: service levels of one month, computed at once from Dagster's event log.

What belongs here: from the instance to plain values. What does not: the formulas (stages/observe/).
"""

import datetime as dt
import json
from typing import Any

from webdata_assets.settings import Settings

_DECIMALS = 4


def service_levels_of(month: dt.date | None) -> dict[str, Any]:
    """Return the levels of a month, the current one if none.

    Months that Dagster no longer knows come from the `slo` table, as they were computed last.

    Returns:
        `month`, `computed_from` and `levels`: one row per job and metric, with what was left out and why.
    """
    import polars as pl

    from webdata_assets.cli.instance import open_instance
    from webdata_assets.resources.run_history import read_runs
    from webdata_assets.schemas.slo import SLO
    from webdata_assets.stages.observe.service_levels import (
        add_months,
        month_of,
        replace_months,
        service_levels,
    )
    from webdata_assets.store import Store

    settings = Settings()
    now = dt.datetime.now(dt.UTC)
    month = month or month_of(now)
    since = dt.datetime.combine(month, dt.time(), dt.UTC)
    until = dt.datetime.combine(add_months(month, 1), dt.time(), dt.UTC)
    with open_instance(settings) as instance:
        levels = service_levels(read_runs(instance, since, until))
    earlier = Store.of(settings).tables.scan(SLO).filter(pl.col("month") == month).collect()
    rows = replace_months(earlier, levels, now)
    at_once = rows.height > 0 and rows["computed_at"].max() == now
    return {
        "month": f"{month:%Y-%m}",
        "computed_from": "the event log" if at_once else "the slo table" if rows.height else "nothing",
        "levels": [
            {
                "job": row["job"],
                "metric": row["metric"],
                "value": None if row["value"] is None else round(row["value"], _DECIMALS),
                "of": _fraction(row["numerator"], row["denominator"]),
                "excluded": row["excluded"],
                "excluded_reasons": json.loads(row["excluded_reasons"]),
            }
            for row in rows.iter_rows(named=True)
        ],
    }


def printable_levels(levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with reasons as text, and `–` where there was nothing to divide by."""
    return [
        {
            **level,
            "value": "–" if level["value"] is None else f"{level['value']:g}",
            "excluded_reasons": ", ".join(
                f"{reason.replace('_', ' ')} {number}" for reason, number in level["excluded_reasons"].items()
            ),
        }
        for level in levels
    ]


def _fraction(numerator: float | None, denominator: float | None) -> str | None:
    return None if denominator is None else f"{numerator or 0:g} / {denominator:g}"
