"""How old the data in each sink are, by the sink's contract.

What belongs here: this one formula, which needs the calendar of sources. What does not: what sinks hold
(delivery.py).
"""

import datetime as dt

import polars as pl

from webdata_assets.checks.check import Finding, Subject
from webdata_assets.checks.sink_verdicts import of_sinks
from webdata_assets.schemas.records import RECORDS


def freshness(subject: Subject) -> Finding:
    """No source's data in a sink are older than the sink's contract allows.

    Formula: hours since the end of the newest date that the sink has of its stalest source, among those that
    are enabled and have not ended, <= `contract.freshness_hours`; of a source without any date, since its
    start. The value is by how many hours the worst sink is beyond that. One live source does not hide a dead
    one, and an old date that was filled in does not make a sink fresh.
    Severity: warns: old data are no reason to keep newer ones back.
    Source: the sink file.
    """
    beyond, told, ages = {}, [], {}
    for row in subject.rows.iter_rows(named=True):
        sink = subject.sinks.get(row["sink"])
        if sink is None or row["delivered_at"] is None or sink.contract.freshness_hours is None:
            continue
        newest = _newest_dates(subject, row["delivered_at"])
        of_sources = [
            (_age(newest.get(name, source.start), subject.now), name)
            for name, source in subject.sources.items()
            if (name in sink.sources if sink.sources else source.enabled)
            and (source.end is None or source.end >= subject.now.date())
        ]
        age, stalest = max(of_sources, default=(0.0, ""))
        ages[f"age_hours_{row['sink']}"] = age
        if age > sink.contract.freshness_hours:
            beyond[row["sink"]] = age - sink.contract.freshness_hours
            told.append(
                f"{row['sink']}: {stalest} is {age:.0f} hours old ({sink.contract.freshness_hours:g})"
            )
    return Finding(
        not beyond,
        value=max(beyond.values(), default=0.0),
        threshold=0,
        detail="; ".join(told) or None,
        metrics={**ages, **of_sinks(beyond)},
    )


def _newest_dates(subject: Subject, delivered_at: dt.datetime) -> dict[str, dt.date]:
    """Return each source's newest date that was admitted when it was delivered."""
    states = subject.store.ledger.states(RECORDS).filter("admitted", pl.col("judged_at") <= delivered_at)
    return dict(states.group_by("source").agg(pl.col("date").max()).iter_rows())


def _age(date: dt.date, now: dt.datetime) -> float:
    """Return the hours since the end of a date."""
    end = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)
    return max(0.0, (now - end) / dt.timedelta(hours=1))
