"""Service levels, computed from Dagster's event log."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

METRICS = ("success_rate", "critical_path_seconds", "retry_overhead", "runs", "tasks")


class Slo(dy.Schema):
    """One metric of one month, over all jobs or of one."""

    month = dy.Date(nullable=False)
    """Its first day, in UTC."""
    job = dy.String(nullable=False)
    """A job's name, or `all`."""
    metric = dy.String(nullable=False, check=lambda column: column.is_in(METRICS))
    value = dy.Float64(nullable=True)
    """Null where there is nothing to divide by."""
    numerator = dy.Float64(nullable=True)
    denominator = dy.Float64(nullable=True)
    excluded = dy.Int64(nullable=False, min=0)
    """Pipelines left out of it: running, cancelled, failed by an outage of the target; of the critical path,
    failed ones too. Of tasks: planned steps that never began."""
    excluded_reasons = dy.String(nullable=False)
    """How many of each, as one JSON object."""
    computed_at = columns.moment()


SLO = Table(
    name="slo",
    schema=Slo,
    description="Success rate, latency of the critical path and overhead of retries, by month and job.",
    key=("month", "job", "metric"),
    partitioned=False,
    blocking_checks=("schema", "unique_keys"),
    unhashed=frozenset({"computed_at"}),
    is_log=True,
)
