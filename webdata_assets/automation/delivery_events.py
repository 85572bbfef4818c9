"""The sensor that announces deliveries: each that has passed its checks once in effect.

What belongs here: which deliveries are told of, to whom, and writing down who was. What does not: the ways of
telling (stages/deliver/announcing.py), and the outbox's table (store/delivery_events.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import orjson
import polars as pl

from webdata_assets.automation.alerts.outbox import Failing
from webdata_assets.checks.sink_verdicts import verified_deliveries
from webdata_assets.errors import WebdataError
from webdata_assets.resources import ClockResource, SinksResource, StoreResource
from webdata_assets.sinks.announce import Announcement, ByFile, ByRedis, ByWebhook
from webdata_assets.sinks.model import SinkFile
from webdata_assets.stages.deliver.announcing import Event, add_event, event_id, post_event, write_event
from webdata_assets.store import Store
from webdata_assets.store.delivery_events import delivery_events, record_events
from webdata_assets.store.location import Location
from webdata_assets.store.options import storage_options
from webdata_assets.store.sinks import secret_of

DELIVERY_EVENT_SENSOR = "delivery_event_sensor"

Receiver = tuple[str, int]
"""A sink, and a place in its `announce`, from 1."""


@dataclass(frozen=True)
class Told:
    """What one look did.

    Attributes:
        told: events that a receiver took, once for each.
        waiting: how many are still to be taken.
        failing: receivers that are not asked before their time.
        errors: why, in words.
    """

    told: int = 0
    waiting: int = 0
    failing: Mapping[Receiver, Failing] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.told} announced"]
        words += [f"{self.waiting} not taken yet"] if self.waiting else []
        return "; ".join([", ".join(words), *self.errors])


def announce_deliveries(
    store: Store,
    sinks: Mapping[str, SinkFile],
    environ: Mapping[str, str],
    now: dt.datetime,
    failing: Mapping[Receiver, Failing],
) -> Told:
    """Write down new verified deliveries, then tell of those that not everyone was told of, oldest first.

    After each telling it is written down. A process that dies between the two tells that one event once more,
    under the same id, by which receivers know it. A receiver that fails is left alone for a growing gap.

    Args:
        store: where deliveries, their verdicts and the outbox are.
        sinks: every enabled sink.
        environ: holds the secrets that their files name.
        now: the moment of the look, in UTC.
        failing: as the look before left it.
    """
    record_events(store, _new_events(store, sinks, now))
    failing, told, waiting, errors = dict(failing), 0, 0, []
    for row in delivery_events(store).iter_rows(named=True):
        sink = sinks.get(row["sink"])
        if sink is None:
            continue
        for place in list(row["pending"]):
            receiver = (row["sink"], place)
            if place > len(sink.announce):
                continue
            if receiver in failing and failing[receiver].not_before > now:
                waiting += 1
                continue
            try:
                _tell(_event(row), sink.announce[place - 1], store.location, environ, now)
            except WebdataError as error:
                failing[receiver] = failing.get(receiver, Failing(0, now)).again(now)
                errors.append(f"{row['sink']}, announcement {place}: {error}")
                waiting += 1
                continue
            failing.pop(receiver, None)
            row["pending"].remove(place)
            row["written_at"] = max(now, row["written_at"] + dt.timedelta(microseconds=1))
            record_events(store, [row])
            told += 1
    return Told(told, waiting, failing, tuple(errors))


def build_delivery_event_sensor(*, seconds: int) -> dg.SensorDefinition:
    """Return the sensor that announces verified deliveries to those whom the sinks' files name.

    Args:
        seconds: between two looks, at least.
    """

    @dg.sensor(
        name=DELIVERY_EVENT_SENSOR,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Announces each delivery that has passed its checks, once in effect, to those whom the "
        "sink's file names under `announce`: by signed webhook, file, or Redis stream.",
    )
    def delivery_event_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sinks: SinksResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        told = announce_deliveries(
            store.open(), sinks.enabled(), sinks.environ(), clock.now(), _from_json(context.cursor)
        )
        for error in told.errors:
            context.log.warning("%s", error)
        return dg.SensorResult(skip_reason=str(told), cursor=_to_json(told.failing))

    return delivery_event_sensor


def _new_events(store: Store, sinks: Mapping[str, SinkFile], now: dt.datetime) -> list[dict[str, Any]]:
    announced = [name for name, sink in sinks.items() if sink.announce]
    if not announced:
        return []
    known = set(delivery_events(store)["event_id"])
    rows = []
    for row in verified_deliveries(store).filter(pl.col("sink").is_in(announced)).iter_rows(named=True):
        identity = event_id(row["sink"], row["content_hash"], row["sequence"])
        if identity not in known:
            names = (
                "sink", "kind", "content", "target", "rows", "content_hash", "sequence", "run_id",
                "delivered_at",
            )  # fmt: skip
            rows.append(
                {
                    "event_id": identity,
                    **{name: row[name] for name in names},
                    "pending": list(range(1, len(sinks[row["sink"]].announce) + 1)),
                    "at": now,
                    "written_at": now,
                }
            )
    return rows


def _event(row: Mapping[str, Any]) -> Event:
    names = [name for name in Event.__dataclass_fields__ if name != "id"]
    return Event(id=row["event_id"], **{name: row[name] for name in names})


def _tell(
    event: Event, way: Announcement, location: Location, environ: Mapping[str, str], now: dt.datetime
) -> None:
    match way:
        case ByWebhook():
            secret = secret_of(event.sink, way.secret_env, environ)
            assert secret is not None, "a webhook's file names its secret"
            post_event(event, way.url, secret, now)
        case ByFile():
            if way.uri is None:
                write_event(event, location.uri("events", event.sink), location.options)
            else:
                write_event(event, way.uri, storage_options(way.uri, environ))
        case ByRedis():
            add_event(event, way.uri, way.stream, secret_of(event.sink, way.password_env, environ))


def _to_json(failing: Mapping[Receiver, Failing]) -> str:
    rows = [[sink, place, each.failures, each.not_before] for (sink, place), each in failing.items()]
    return orjson.dumps(rows).decode()


def _from_json(text: str | None) -> dict[Receiver, Failing]:
    rows = orjson.loads(text) if text else []
    return {
        (sink, place): Failing(failures, dt.datetime.fromisoformat(not_before))
        for sink, place, failures, not_before in rows
    }
