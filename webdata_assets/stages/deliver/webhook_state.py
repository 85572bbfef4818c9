"""What a webhook's receiver acknowledged, and what is on its way: kept so that nothing is sent twice.

What belongs here: the state, its files and its swaps. What does not: sending (webhook.py, webhook_client.py).

`state.json` names the rows that are acknowledged, and the plan that is being sent: its rows, its changes and
how many of their batches are acknowledged. A plan is written down before its first batch is sent, so that
whoever goes on with it sends the same batches under the same ids. A plan that takes the place of one that was
partly sent begins at the rows that were acknowledged by then, and remembers those of which nobody knows.
"""

import json
import re
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.changes import Changes
from webdata_assets.stages.deliver.file_formats import decode, encode
from webdata_assets.stages.deliver.folder import Folder
from webdata_assets.stages.deliver.sink import Shape

STATE = "state.json"
CHANGE = "change"
_FILE = re.compile(r"(?:rows|changes)-(\d{12,})-[0-9a-f]{16}\.parquet")


class LostFileError(PermanentError):
    """A file that the state names is not there."""


@dataclass(frozen=True)
class Plan:
    """A delivery that is being sent.

    Attributes:
        token: part of its messages' ids.
        sequence, run_id, content_hash: of the delivery.
        planned_at: ISO 8601.
        rows: name of the file with the wanted rows.
        changes: name of the file with what is sent, in order.
        batch: changes in a message.
        batches: messages.
        done: messages that are acknowledged.
        inserted, updated, deleted: changes by kind.
    """

    token: str
    sequence: int
    run_id: str
    content_hash: str
    planned_at: str
    rows: str
    changes: str
    batch: int
    batches: int
    done: int
    inserted: int
    updated: int
    deleted: int

    def message_id(self, number: int) -> str:
        """Return the id of a message, from 0: the same whenever it is sent."""
        return f"msg_{self.token}_{number}"


@dataclass(frozen=True)
class State:
    """What `state.json` says.

    Attributes:
        receiver: who acknowledged it: another address knows nothing of it.
        sequence: of the newest delivery that is acknowledged whole; -1 for none.
        rows: name of the file with the rows that were acknowledged when the plan was made; empty for none.
        plan: what is being sent; None when nothing is.
        unsure: name of the file with changes of plans before it that may have arrived or not; empty for none.
    """

    receiver: str
    sequence: int = -1
    rows: str = ""
    plan: Plan | None = None
    unsure: str = ""

    @property
    def newest(self) -> int:
        """The sequence of the newest delivery that began."""
        return self.sequence if self.plan is None else max(self.sequence, self.plan.sequence)

    @property
    def files(self) -> set[str]:
        """The names of the files that it needs."""
        planned = (self.plan.rows, self.plan.changes) if self.plan else ()
        return {name for name in (self.rows, self.unsure, *planned) if name}

    def to_json(self) -> bytes:
        """Return the state's bytes."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()


class Acknowledged:
    """The state of one receiver.

    Args:
        folder: in which it lies, and nothing else does.
        receiver: its address; what another one acknowledged before it does not count.
        shape: of the rows.
    """

    def __init__(self, folder: Folder, receiver: str, shape: Shape) -> None:
        self._folder = folder
        self._receiver = receiver
        self._shape = shape

    def load(self) -> tuple[State, str | None]:
        """Return the state and the tag with which it is swapped.

        Raises:
            PermanentError: `state.json` is not a webhook's.
        """
        found = self._folder.get_with_etag(STATE)
        if found is None:
            return State(self._receiver), None
        try:
            told: Any = json.loads(found[0])
            plan = None if told["plan"] is None else Plan(**told["plan"])
            unsure = str(told.get("unsure", ""))
            state = State(str(told["receiver"]), int(told["sequence"]), str(told["rows"]), plan, unsure)
            for name in state.files:
                if not _FILE.fullmatch(name):
                    raise ValueError(f"{name!r} is not the name of a file of this state")
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(
                f"{self._folder.uri}/{STATE} is not the state of a webhook: {error}; move it away, and "
                "everything is sent again",
                failure_domain=FailureDomain.SINK,
            ) from error
        return (state if state.receiver == self._receiver else State(self._receiver)), found[1]

    def swap(self, state: State, etag: str | None) -> bool:
        """Write the state unless somebody else did since it was loaded; return whether it was written."""
        if etag is None:
            return self._folder.put_if_absent(STATE, state.to_json())
        return self._folder.replace(STATE, state.to_json(), etag)

    def advance(self, plan: Plan, done: int) -> bool:
        """Write down that messages of a plan are acknowledged; return whether it still is the plan."""
        while True:
            state, etag = self.load()
            if state.plan is None or state.plan.token != plan.token:
                return False
            if state.plan.done >= done or self.swap(
                replace(state, plan=replace(state.plan, done=done)), etag
            ):
                return True

    def write(self, sequence: int, wanted: pl.DataFrame, todo: Changes) -> tuple[str, str, int]:
        """Write the files of a plan; return the names of rows and changes, and the number of changes."""
        told = pl.concat(
            [
                pl.concat([todo.inserted, todo.updated]).with_columns(pl.lit("upsert").alias(CHANGE)),
                todo.deleted.with_columns(pl.lit("delete").alias(CHANGE)),
            ]
        ).sort(self._shape.key)
        return self._put("rows", sequence, wanted), self._put("changes", sequence, told), len(told)

    def superseded(self, state: State, plan: Plan) -> State:
        """Return the state in which a plan takes the place of another one, that may have been partly sent."""
        if state.plan is None:
            return replace(state, plan=plan)
        unsure = self.on_its_way(state)
        return replace(
            state,
            rows=self._put("rows", plan.sequence, self.received(state)),
            plan=plan,
            unsure="" if unsure.is_empty() else self._put("changes", plan.sequence, unsure),
        )

    def rows(self, name: str) -> pl.DataFrame:
        """Return the rows of a file of rows; none for an empty name. Raises LostFileError."""
        return self._read(name, self._shape.schema) if name else self._shape.empty()

    def changes(self, plan: Plan) -> pl.DataFrame:
        """Return the changes of a plan in the order in which they are sent."""
        return self._read(plan.changes, self._changes_schema)

    def received(self, state: State) -> pl.DataFrame:
        """Return the rows that the receiver has acknowledged, by key."""
        held = self.rows(state.rows)
        if state.plan is not None:
            sent = self._sent(state.plan)
            upserts = sent.filter(pl.col(CHANGE) == "upsert").drop(CHANGE)
            held = pl.concat([held.join(sent, on=self._shape.key, how="anti"), upserts])
        return held.sort(self._shape.key)

    def on_its_way(self, state: State) -> pl.DataFrame:
        """Return the changes of which nobody knows whether the receiver took them, by key.

        Those are the next message's, and what earlier plans left so and this one has not sent again yet.
        """
        if state.plan is None:
            return pl.DataFrame(schema=self._changes_schema)
        key, plan = self._shape.key, state.plan
        unknown = self.changes(plan).slice(plan.done * plan.batch, plan.batch)
        if state.unsure:
            before = self._read(state.unsure, self._changes_schema)
            settled = pl.concat([self._sent(plan), unknown])
            unknown = pl.concat([unknown, before.join(settled, on=key, how="anti")])
        return unknown.sort(key)

    def drop_old(self, state: State) -> None:
        """Remove files that no delivery needs any more."""
        self._folder.delete(
            [
                info.key
                for info in self._folder.list()
                if (match := _FILE.fullmatch(info.key))
                and info.key not in state.files
                and int(match[1]) < state.newest
            ]
        )

    @property
    def _changes_schema(self) -> pl.Schema:
        return pl.Schema({**self._shape.schema, CHANGE: pl.String()})

    def _sent(self, plan: Plan) -> pl.DataFrame:
        return self.changes(plan).head(plan.done * plan.batch)

    def _put(self, kind: str, sequence: int, frame: pl.DataFrame) -> str:
        name = f"{kind}-{sequence:012d}-{secrets.token_hex(8)}.parquet"
        self._folder.put(name, encode(frame.sort(self._shape.key), "parquet"))
        return name

    def _read(self, name: str, schema: pl.Schema) -> pl.DataFrame:
        content = self._folder.get(name)
        if content is None:
            raise LostFileError(
                f"{self._folder.uri}/{name}, which {STATE} names, is lost: move {STATE} away, and everything "
                "is sent again",
                failure_domain=FailureDomain.SINK,
            )
        return decode(content, "parquet", schema)
