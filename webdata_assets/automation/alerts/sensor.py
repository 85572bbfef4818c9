"""The sensor that tells people: one look compares what is wrong with what was told.

What belongs here: one look, and the sensor around it. What does not: what is wrong (causes.py), and
delivering (outbox.py).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import orjson
import polars as pl

from webdata_assets.automation.alerts.cause import Cause
from webdata_assets.automation.alerts.causes import active_causes, of_rows
from webdata_assets.automation.alerts.outbox import Delivered, Failing, deliver_pending
from webdata_assets.automation.alerts.runs import read_runs
from webdata_assets.automation.budget import Answer, plan_answers
from webdata_assets.errors import PermanentError, WebdataError
from webdata_assets.resources import (
    AlertsResource,
    ClockResource,
    EncoderResource,
    SourcesResource,
    StoreResource,
)
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.clean.normalise import clean_body, clean_line
from webdata_assets.stages.observe.receivers import BODY_CHARACTERS, TITLE_CHARACTERS
from webdata_assets.store import Store
from webdata_assets.store.alerts import messages, open_of, record

ALERT_SENSOR = "alert_sensor"


@dataclass(frozen=True)
class Memory:
    """What one look leaves to the next, beside the log. Without it nothing is lost, only read or tried again.

    Attributes:
        runs_until: up to which change runs were read.
        failing: receivers that did not take the last message, by place.
    """

    runs_until: dt.datetime | None = None
    failing: Mapping[int, Failing] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return it as a sensor's cursor."""
        failing = {str(place): [each.failures, each.not_before] for place, each in self.failing.items()}
        return orjson.dumps({"runs_until": self.runs_until, "failing": failing}).decode()

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Read a sensor's cursor; None for none."""
        if not text:
            return cls()
        values = orjson.loads(text)
        until = values["runs_until"]
        return cls(
            None if until is None else dt.datetime.fromisoformat(until),
            {
                int(place): Failing(failures, dt.datetime.fromisoformat(not_before))
                for place, (failures, not_before) in values["failing"].items()
            },
        )


@dataclass(frozen=True)
class Look:
    """What one look found and did."""

    open: int
    raised: int
    recovered: int
    delivered: Delivered
    memory: Memory

    def __str__(self) -> str:
        words = [f"{self.open} open"]
        words += [f"{self.raised} raised"] if self.raised else []
        words += [f"{self.recovered} recovered"] if self.recovered else []
        words += [f"{self.delivered.sent} messages sent"] if self.delivered.sent else []
        if self.delivered.waiting:
            words.append(f"{self.delivered.waiting} not taken by every receiver yet")
        return ", ".join(words)


def look(
    store: Store,
    registry: Registry,
    instance: dg.DagsterInstance,
    alerts: AlertsResource,
    answers: Sequence[Answer],
    now: dt.datetime,
    memory: Memory,
    *,
    jobs: Collection[str],
    long_minutes: float,
) -> Look:
    """Write down what began and what is over since the last look, then deliver what is not delivered yet.

    Args:
        store: where the log is, and what is told of.
        registry: the declared sources.
        instance: whose runs are told of.
        alerts: the receivers; none are needed.
        answers: what is planned for partitions that need repair.
        now: the moment of the look, in UTC.
        memory: of the look before.
        jobs: names of our jobs.
        long_minutes: a run is not too long before this.
    """
    opened = open_of(log := messages(store))
    known = of_rows(opened)
    seen = read_runs(instance, jobs, memory.runs_until, now, long_minutes=long_minutes)
    active = {cause.cause: cause for cause in active_causes(store, registry, seen, answers, now, known)}
    began = [cause for name, cause in active.items() if name not in known]
    over = opened.filter(~pl.col("cause").is_in(list(active)))
    newest = log["written_at"].max()
    assert newest is None or isinstance(newest, dt.datetime)
    # a clock that was set back, or stands still, must not reorder messages
    at = now if newest is None else max(now, newest + dt.timedelta(microseconds=1))
    places = alerts.places()
    record(
        store,
        [
            *(_raised(cause, places, at) for cause in began),
            *(_recovered(row, places, at) for row in over.iter_rows(named=True)),
        ],
    )
    delivered = deliver_pending(store, alerts, now, memory.failing)
    return Look(
        open=len(active),
        raised=len(began),
        recovered=over.height,
        delivered=delivered,
        memory=Memory(seen.until, delivered.failing),
    )


def build_alert_sensor(
    jobs: Collection[str],
    *,
    attempts_per_day: int,
    runs_per_day: int,
    long_minutes: float,
    seconds: int,
    archive_after_days: int = 0,
) -> dg.SensorDefinition:
    """Return the sensor that tells people what is wrong, once, and once more when it is over.

    Args:
        jobs: names of the jobs whose runs are told of.
        attempts_per_day: repairs of one partition in 24 hours.
        runs_per_day: repairs of all partitions in 24 hours.
        long_minutes: a run is not longer than expected before this.
        seconds: between two looks, at least.
        archive_after_days: age from which on partitions are out of the grid; 0 for none.
    """

    @dg.sensor(
        name=ALERT_SENSOR,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the receivers of WEBDATA_ALERTS what failed, is late or waits for a person: once "
        "for each cause, and once when it is over.",
    )
    def alert_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        encoder: EncoderResource,
        alerts: AlertsResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        opened, registry, now = store.open(), sources.registry(), clock.now()
        try:
            model_id = encoder.expected_model_id()
        except WebdataError as error:
            # what is wrong with partitions is told all the same
            model_id = None
            context.log.warning("the encoder in use is not known: %s", error)
        try:
            alerts.check()
        except PermanentError as error:
            # the other receivers are told, and the log is kept
            context.log.error("%s", error)
        answers = plan_answers(
            context.instance,
            opened,
            registry,
            now,
            model_id=model_id,
            attempts_per_day=attempts_per_day,
            runs_per_day=runs_per_day,
            archive_after_days=archive_after_days,
        )
        found = look(
            opened,
            registry,
            context.instance,
            alerts,
            answers,
            now,
            Memory.from_json(context.cursor),
            jobs=jobs,
            long_minutes=long_minutes,
        )
        return dg.SensorResult(skip_reason=str(found), cursor=found.memory.to_json())

    return alert_sensor


def _raised(cause: Cause, places: Sequence[int], at: dt.datetime) -> dict[str, Any]:
    return {
        **cause.as_row(),
        "title": clean_line(cause.title)[:TITLE_CHARACTERS],
        "body": clean_body(cause.body)[:BODY_CHARACTERS],
        "state": "raised",
        "sent": False,
        "pending": list(places),
        "at": at,
        "written_at": at,
    }


def _recovered(row: Mapping[str, Any], places: Sequence[int], at: dt.datetime) -> dict[str, Any]:
    was_told = row["sent"] or row["pending"]
    return {
        **row,
        "body": f"It is over. It was seen first at {row['at']:%Y-%m-%d %H:%M} UTC.",
        "state": "recovered",
        "sent": False,
        "pending": list(places) if was_told else [],
        "at": at,
        "written_at": at,
    }
