"""Causes that the calendar tells: data that did not arrive by its deadline.

What belongs here: when a partition is due. What does not: asking for it (automation/repairs.py).
"""

import datetime as dt
import math
from collections.abc import Collection, Iterator

import polars as pl

from webdata_assets.automation.alerts.cause import Cause, about, written
from webdata_assets.automation.causes import AT_REST_AFTER_CADENCES
from webdata_assets.errors import FailureDomain
from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets.sources.discover import DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store

DAY_HOURS = 24.0


def late_causes(
    store: Store, registry: Registry, now: dt.datetime, known: Collection[str]
) -> Iterator[Cause]:
    """Return the sources whose next partition is overdue.

    With `deadline_hours`, the partition one cadence after the newest admitted one, or today's where there is
    none, is due that many hours after its date begins. Without, a source with a schedule is due when its date
    ends, from its first partition on: the partition one cadence after the newest that was written. A source
    that has been overdue for two cadences when it is first looked at is at rest, as for repairs.

    Args:
        known: names of causes that were told and are not over.
    """
    states = store.ledger.states(PAGES)
    newest = {
        admitted: dict(
            (states.filter("admitted") if admitted else states)
            .group_by("source")
            .agg(pl.col("date").max())
            .iter_rows()
        )
        for admitted in (True, False)
    }
    for source in registry.enabled.values():
        has_deadline = source.deadline_hours is not None
        if source.schedule is None and not has_deadline:
            continue
        expected = _expected(source, newest[has_deadline].get(source.name), now)
        if expected is None or not source.has(expected):
            continue
        hours = source.deadline_hours or DAY_HOURS
        due = dt.datetime.combine(expected, dt.time(), tzinfo=dt.UTC) + dt.timedelta(hours=hours)
        name = f"upstream_late:{source.name}"
        at_rest = not has_deadline and now >= due + AT_REST_AFTER_CADENCES * _cadence(source)
        if now < due or (at_rest and name not in known):
            continue
        partition = Partition(expected, source.name)
        yield Cause(
            cause=name,
            kind="upstream_late",
            date=expected,
            source=source.name,
            failure_domain=FailureDomain.TARGET,
            title=f"{about(partition)}: no admitted data by the deadline"
            if has_deadline
            else f"{about(partition)}: data never arrived",
            body=written(
                f"It was due by {due:%Y-%m-%d %H:%M} UTC.",
                _waited_for(source, expected),
                "Is the schedule on, and the daemon running? Else look at the source's last runs, or run "
                f"`webdata run --source {source.name} --date {expected}`.",
            ),
        )


def _waited_for(source: Source, date: dt.date) -> str:
    if source.arrival is None:
        return ""
    rules = [rule for rule in source.fetch.discover if isinstance(rule, DiscoverFiles | DiscoverWarc)]
    places = ", ".join(rule.at(date) for rule in rules)
    marker = f", with {source.arrival.marker} when it is complete" if source.arrival.marker else ""
    return f"It is delivered to {places}{marker}: ask its sender." if places else ""


def _expected(source: Source, newest: dt.date | None, now: dt.datetime) -> dt.date | None:
    if newest is not None:
        return newest + _cadence(source)
    return now.date() if source.deadline_hours is not None else None


def _cadence(source: Source) -> dt.timedelta:
    return dt.timedelta(days=max(1, math.ceil(source.cadence_hours / DAY_HOURS)))
