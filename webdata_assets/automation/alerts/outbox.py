"""Delivering what the log holds: to every receiver, until it took it, without waiting long for any.

What belongs here: which receivers are asked now, and writing down who took what. What does not: wording
(messages.py), and Apprise (stages/observe/receivers.py).
"""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from webdata_assets.automation.alerts.messages import Message, compose
from webdata_assets.resources import AlertsResource
from webdata_assets.store import Store
from webdata_assets.store.alerts import messages, record

LOOK_SECONDS = 10.0
"""For which one look sends; the rest waits for the next."""
LEAST_SECONDS = 1.0
FIRST_GAP = dt.timedelta(seconds=30)
LONGEST_GAP = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Failing:
    """A receiver that did not take the last message: how often in a row, and when it is asked again."""

    failures: int
    not_before: dt.datetime

    def again(self, now: dt.datetime) -> "Failing":
        """Return how it stands after another failure: each gap is twice the one before, up to an hour."""
        gap = min(FIRST_GAP * 2 ** min(self.failures, 16), LONGEST_GAP)
        return Failing(self.failures + 1, now + gap)


@dataclass(frozen=True)
class Delivered:
    """What one look delivered.

    Attributes:
        sent: messages that at least one receiver took.
        failing: receivers that are not asked before their time, by place.
        waiting: messages that some receiver has not taken yet.
    """

    sent: int = 0
    failing: Mapping[int, Failing] = field(default_factory=dict)
    waiting: int = 0


def deliver_pending(
    store: Store, alerts: AlertsResource, now: dt.datetime, failing: Mapping[int, Failing]
) -> Delivered:
    """Send what receivers have not taken yet, oldest first, and write down after each message who took it.

    A process that dies between the two sends that one message once more; none is lost. A receiver that fails
    is left alone for the rest of the look and for a growing gap; the others get everything.

    Args:
        now: the moment of the look, in UTC.
        failing: as the look before left it.
    """
    places = set(alerts.places())
    failing = {place: state for place, state in failing.items() if place in places}
    asked = places - {place for place, state in failing.items() if state.not_before > now}
    deadline = time.monotonic() + LOOK_SECONDS
    sent = 0
    for receivers, message in _outgoing(store, asked):
        left, only = deadline - time.monotonic(), receivers & asked
        if left < LEAST_SECONDS:
            break
        if not only:
            continue
        took = alerts.deliver(message.title, message.body, message.severity, only=only, seconds=left)
        if took:
            record(store, [_taken(row, took, store.ledger.now()) for row in message.rows])
            sent += 1
        for place in only:
            if place in took:
                failing.pop(place, None)
            else:
                failing[place] = failing.get(place, Failing(0, now)).again(now)
                asked.discard(place)
    waiting = _pending(store, places).height
    return Delivered(sent, failing, waiting)


def _outgoing(store: Store, asked: set[int]) -> Iterable[tuple[set[int], Message]]:
    by_receivers: defaultdict[frozenset[int], list[dict[str, Any]]] = defaultdict(list)
    for row in _pending(store, asked).iter_rows(named=True):
        by_receivers[frozenset(asked.intersection(row["pending"]))].append(row)
    found = [
        (set(receivers), message) for receivers, rows in by_receivers.items() for message in compose(rows)
    ]
    return sorted(found, key=lambda pair: pair[1].rows[0]["at"])


def _pending(store: Store, places: set[int]) -> pl.DataFrame:
    rows = messages(store)
    wanted = pl.Series(sorted(places), dtype=pl.Int16)
    return rows.filter(pl.col("pending").list.set_intersection(wanted.implode()).list.len() > 0)


def _taken(row: Mapping[str, Any], took: set[int], now: dt.datetime) -> dict[str, Any]:
    left = [place for place in row["pending"] if place not in took]
    written = max(now, row["written_at"] + dt.timedelta(microseconds=1))
    return {**row, "sent": True, "pending": left, "written_at": written}
