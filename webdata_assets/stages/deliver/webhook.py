"""The webhook sink: changes in signed batches, each sent until it is acknowledged, and then never again.

What belongs here: what is sent, in which order, and what a batch says. What does not: signatures
(signing.py), attempts (webhook_client.py), and what is acknowledged (webhook_state.py).

A receiver gets each message at least once, under an id that stays the same: one that drops ids it has seen
gets each once. Messages carry the delivery's `sequence`: one that drops those below the highest it has seen
is safe from a late one, too. Each message holds whole rows, so that taking one twice changes nothing.
"""

import datetime as dt
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import Changes, changes, hash_of
from webdata_assets.stages.deliver.folder import Folder
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, MismatchError, OvertakenError, Shape
from webdata_assets.stages.deliver.webhook_client import WebhookClient
from webdata_assets.stages.deliver.webhook_state import CHANGE, Acknowledged, LostFileError, Plan, State

EVENT = "webdata.changes"
_MAX_ATTEMPTS = 20


class WebhookSink:
    """A receiver of changes. Implements `Sink`; what it holds is what it has acknowledged.

    Args:
        url: where messages are posted. Redirects are refused.
        shape: of the rows.
        secret: `whsec_…`, shared with the receiver.
        state: the folder of what is acknowledged, of this sink alone.
        batch: changes in one message.
        sleep: waits for seconds between attempts.
    """

    kind = "webhook"

    def __init__(
        self,
        url: str,
        shape: Shape,
        *,
        secret: str,
        state: Folder,
        batch: int = 100,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if batch < 1:
            raise PermanentError(
                f"a webhook's batch is at least 1 change, not {batch}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self._client = WebhookClient(url, secret, sleep=sleep)
        self.uri = self._client.place
        self.shape = shape
        self._batch = batch
        self._state = Acknowledged(state, self.uri, shape)

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Send what leads from the acknowledged rows to these; nothing if they are acknowledged already.

        A delivery that was cut off goes on at the batch that was not acknowledged. Another one takes its
        place and sends whatever that batch held again, since the receiver may have taken it or not.

        Raises:
            OvertakenError: a newer delivery has begun.
            MismatchError: the state does not keep what is to be sent; nothing was sent.
            TransientError: the receiver does not answer, or is overloaded; what it took is noted.
            PermanentError: the receiver refuses a message or redirects, or the state is damaged.
            ValueError: rows of another schema, or a key twice.
        """
        for _ in range(_MAX_ATTEMPTS):
            state, etag = self._state.load()
            if delivery.sequence < state.newest:
                raise OvertakenError(self.uri, held=state.newest, given=delivery.sequence)
            try:
                result = self._attempt(rows, delivery, state, etag)
            except LostFileError:
                # another delivery that ended meanwhile removes the files of the state before it
                if self._state.load()[1] == etag:
                    raise
                continue
            if result is not None:
                return result
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} attempts in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        )

    def read(self) -> pl.DataFrame:
        """Return the rows that the receiver has acknowledged, by key."""
        return self._state.received(self._state.load()[0])

    def _attempt(
        self, rows: pl.DataFrame, delivery: Delivery, state: State, etag: str | None
    ) -> MergeResult | None:
        """Send from one state; None where another delivery changed it meanwhile."""
        todo = self._todo(rows, state)
        counts = len(todo.inserted), len(todo.updated), len(todo.deleted)
        plan = state.plan
        if plan is not None and plan.content_hash == delivery.content_hash:
            counts = plan.inserted, plan.updated, plan.deleted
        elif plan is None and not todo.any:
            noted = state.sequence == delivery.sequence or self._state.swap(
                replace(state, sequence=delivery.sequence), etag
            )
            return MergeResult(len(rows), *counts, delivery.content_hash) if noted else None
        else:
            plan = self._plan(rows, todo, delivery)
            if not self._state.swap(self._state.superseded(state, plan), etag):
                return None
        sent = self._send(plan) and self._finish(plan, delivery)
        return MergeResult(len(rows), *counts, delivery.content_hash) if sent else None

    def _todo(self, rows: pl.DataFrame, state: State) -> Changes:
        held, unknown = self._state.received(state), self._state.on_its_way(state)
        todo = changes(rows, held, self.shape)
        if unknown.is_empty():
            return todo
        key = self.shape.key
        known = pl.concat([todo.inserted, todo.updated, todo.deleted])
        again = rows.join(unknown, on=key, how="semi").join(known, on=key, how="anti")
        gone = unknown.drop(CHANGE).join(rows, on=key, how="anti").join(known, on=key, how="anti")
        return Changes(todo.inserted, pl.concat([todo.updated, again]), pl.concat([todo.deleted, gone]))

    def _plan(self, rows: pl.DataFrame, todo: Changes, delivery: Delivery) -> Plan:
        kept, told, count = self._state.write(delivery.sequence, rows, todo)
        written = self._state.rows(kept)
        sent = (len(rows), delivery.content_hash)
        if (held := (len(written), hash_of(written, self.shape))) != sent:
            raise MismatchError(self.uri, sent=sent, held=held)
        return Plan(
            token=secrets.token_hex(12),
            sequence=delivery.sequence,
            run_id=delivery.run_id,
            content_hash=delivery.content_hash,
            planned_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            rows=kept,
            changes=told,
            batch=self._batch,
            batches=-(-count // self._batch),
            done=0,
            inserted=len(todo.inserted),
            updated=len(todo.updated),
            deleted=len(todo.deleted),
        )

    def _send(self, plan: Plan) -> bool:
        """Send what is left of a plan; return whether it still is the plan."""
        told = self._state.changes(plan)
        while True:
            now = self._state.load()[0].plan
            if now is None or now.token != plan.token:
                return False
            if now.done == plan.batches:
                return True
            changed = told.slice(now.done * plan.batch, plan.batch)
            self._client.post(plan.message_id(now.done), self._body(plan, now.done, changed))
            if not self._state.advance(plan, now.done + 1):
                return False

    def _finish(self, plan: Plan, delivery: Delivery) -> bool:
        state, etag = self._state.load()
        if state.plan is None or state.plan.token != plan.token:
            return False
        done = State(self.uri, max(plan.sequence, delivery.sequence), plan.rows)
        if not self._state.swap(done, etag):
            return False
        self._state.drop_old(done)
        return True

    def _body(self, plan: Plan, number: int, changed: pl.DataFrame) -> bytes:
        upserts = changed.filter(pl.col(CHANGE) == "upsert").drop(CHANGE)
        deletes = changed.filter(pl.col(CHANGE) == "delete")[self.shape.key]
        body: dict[str, Any] = {
            "type": EVENT,
            "timestamp": plan.planned_at,
            "data": {
                "sequence": plan.sequence,
                "run_id": plan.run_id,
                "content_hash": plan.content_hash,
                "batch": number + 1,
                "batches": plan.batches,
                "key": self.shape.key,
                "upserts": _as_json(upserts).to_dicts(),
                "deletes": deletes.to_list(),
            },
        }
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _as_json(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose values JSON can say exactly: decimals as text, days and moments as ISO 8601."""
    told = []
    for name, dtype in rows.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            column = column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        elif isinstance(dtype, pl.Decimal | pl.Date):
            column = column.cast(pl.String)
        told.append(column)
    return rows.select(told)
