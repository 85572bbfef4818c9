"""Alerts: what people were told, and when it was over."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

STATES = ("raised", "recovered")
KINDS = (
    "run_failed", "run_long", "check_failed", "breaker_open", "proxies_empty", "attempts_exhausted",
    "upstream_late", "awaiting_patch", "model_held_back", "delivery_halted",
)  # fmt: skip


class Alerts(dy.Schema):
    """One message: a cause that began, or one that is over."""

    cause = dy.String(nullable=False)
    """Names the cause: raised once until it is over, then recovered once."""
    kind = dy.String(nullable=False, check=lambda column: column.is_in(KINDS))
    state = dy.String(nullable=False, check=lambda column: column.is_in(STATES))
    date = dy.Date(nullable=True)
    """Of the partition; null where the cause is none of a partition's, as is `source`."""
    source = dy.String(nullable=True)
    failure_domain = dy.String(nullable=True)
    title = dy.String(nullable=False)
    body = dy.String(nullable=False)
    """What happened, and what to do."""
    sent = dy.Bool(nullable=False)
    """Whether a receiver took it; false where none has yet, or there is none."""
    pending = dy.List(dy.Int16(nullable=False, min=1), nullable=False)
    """Places in WEBDATA_ALERTS, from 1, of the receivers that have not taken it yet."""
    at = columns.moment()
    """When the cause was seen, or seen to be over."""
    written_at = columns.moment()
    """Of the row. A message that a receiver takes later is written once more; its newest row counts."""


ALERTS = Table(
    name="alerts",
    schema=Alerts,
    description="What people were told: one alert per cause until it is over, then one recovery.",
    key=("cause", "at", "written_at"),
    partitioned=False,
    is_log=True,
)
