"""The service levels asset: what Dagster's event log says of the last 13 months, kept for good."""

import datetime as dt

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import ClockResource, StoreResource
from webdata_assets.resources.run_history import read_runs
from webdata_assets.schemas.slo import SLO
from webdata_assets.stages.observe.service_levels import (
    ALL_JOBS,
    add_months,
    month_of,
    replace_months,
    service_levels,
)

MONTHS = 13
"""The first time: the current one, and as many before it as to compare it with a year before."""


@dg.asset(name="slo", **describe(SLO, kinds={"dagster"}, code_version="1"))
def slo(
    context: dg.AssetExecutionContext, store: StoreResource, clock: ClockResource
) -> dg.Output[pl.DataFrame]:
    """Compute every metric by month and job; months whose runs Dagster has deleted stay as they were."""
    now = clock.now()
    month = month_of(now)
    earlier = store.open().tables.read(SLO)
    # a month that is over changes no more, but for runs that were still going on at its end
    known = earlier["month"].sort().tail(1).to_list()
    first = add_months(known[0], -1) if known else add_months(month, 1 - MONTHS)
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    levels = service_levels(read_runs(context.instance, since, now))
    rows = replace_months(earlier, levels, now)
    current = rows.filter(job=ALL_JOBS, month=month)
    values = {
        name: value for name, value in current.select("metric", "value").iter_rows() if value is not None
    }
    excluded = {
        f"excluded_from_{name}": number for name, number in current.select("metric", "excluded").iter_rows()
    }
    return output(SLO, rows, {**values, **excluded, "months": rows["month"].n_unique()})
