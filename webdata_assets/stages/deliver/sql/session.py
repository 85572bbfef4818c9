"""One delivery to a database, step by step, in one transaction.

What belongs here: the order of steps that every database shares, and the ledger. What does not: how one
database does a step (its own file).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, MismatchError, OvertakenError, Shape
from webdata_assets.stages.deliver.sql.kinds import missing_columns
from webdata_assets.stages.deliver.sql.statements import NEVER, Statements


@dataclass(frozen=True)
class Entry:
    """What the ledger says that a target holds."""

    sequence: int
    content_hash: str


class Session(ABC):
    """An open transaction on a database that holds one target.

    Args:
        uri: of the target, for messages.
        shape: of its rows.
        statements: about it.
        types: what the database calls the type of each column.
        name: of the target in the ledger.
    """

    marker = "?"
    """Stands for a parameter in statements."""

    def __init__(
        self, uri: str, shape: Shape, statements: Statements, types: dict[str, str], name: str
    ) -> None:
        self.uri = uri
        self.shape = shape
        self.statements = statements
        self.types = types
        self.name = name

    @abstractmethod
    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, and return its rows."""

    @abstractmethod
    def columns(self) -> dict[str, str]:
        """Return the target's columns and their types; none when there is no such table."""

    @abstractmethod
    def has_ledger(self) -> bool:
        """Whether the ledger exists."""

    @abstractmethod
    def create(self, missing: Sequence[str] | None) -> None:
        """Create the ledger and, if `missing` is None, the target; else add the missing columns to it."""

    @abstractmethod
    def stage(self, rows: pl.DataFrame) -> None:
        """Write the wanted rows where only this session sees them."""

    @abstractmethod
    def lock(self) -> None:
        """Enter the target in the ledger if it is not there, and keep other deliveries to it waiting."""

    @abstractmethod
    def apply(self) -> tuple[int, int, int]:
        """Make the target equal to the staged rows; return how many were inserted, updated and deleted."""

    @abstractmethod
    def select(self, names: Sequence[str]) -> pl.DataFrame:
        """Return these columns of the target, in the types of the shape."""

    def entry(self) -> Entry | None:
        """Return what the ledger says; None when there was no delivery yet."""
        found = self.execute(
            f"SELECT sequence, content_hash FROM {self.statements.ledger} "
            f"WHERE target = {self.marker} AND sequence > {NEVER}",
            [self.name],
        )
        return Entry(int(found[0][0]), str(found[0][1])) if found else None

    def record(self, delivery: Delivery, rows: int) -> None:
        """Enter a delivery in the ledger."""
        values = ", ".join(
            f"{column} = {self.marker}" for column in ("sequence", "run_id", "content_hash", "row_count")
        )
        self.execute(
            f"UPDATE {self.statements.ledger} SET {values}, delivered_at = CURRENT_TIMESTAMP "
            f"WHERE target = {self.marker}",
            [delivery.sequence, delivery.run_id, delivery.content_hash, rows, self.name],
        )

    def read(self) -> pl.DataFrame:
        """Return the target's rows by key; a column that it has not yet is null."""
        held = self.columns()
        if not held:
            return self.shape.empty()
        rows = self.select([name for name in self.shape.schema if name in held])
        return self.shape.fit(rows).sort(self.shape.key)

    def merge(self) -> tuple[int, int, int]:
        """Do what `apply` says by DELETE and MERGE; nothing is written where nothing differs."""
        inserted, updated, deleted = (int(count) for count in self.execute(self.statements.difference)[0])
        if deleted:
            self.execute(self.statements.delete)
        if inserted or updated:
            self.execute(self.statements.merge)
        return inserted, updated, deleted

    def define(self) -> None:
        """Make the ledger, the target and its new columns, after looking whether rows can go there.

        Raises:
            PermanentError: the table has other columns, or rows that no delivery wrote.
        """
        held = self.columns()
        missing = missing_columns(self.uri, held, self.types) if held else None
        if held and not (self.has_ledger() and self.entry()) and self._has_rows():
            raise foreign_rows(self.uri)
        self.create(missing)

    def _has_rows(self) -> bool:
        return bool(self.execute(f"SELECT 1 FROM {self.statements.target} LIMIT 1"))


def foreign_rows(uri: str) -> PermanentError:
    """Return the error of a target that holds what no delivery put there."""
    return PermanentError(
        f"{uri} holds rows that no delivery wrote, and a delivery would delete them; nothing was written. "
        "Give the sink a table of another name, or empty this one",
        failure_domain=FailureDomain.SINK,
    )


def deliver(session: Session, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
    """Make a target hold exactly these rows; the caller commits, or rolls back on an exception.

    Raises:
        OvertakenError: a newer delivery is there.
        MismatchError: the rows read back are not those that were sent.
        PermanentError: the table cannot take such rows.
    """
    before = _not_newer(session, delivery) if session.has_ledger() else None
    same = before is not None and before.content_hash == delivery.content_hash
    intact = same and hash_of(session.read(), session.shape) == delivery.content_hash
    nothing = MergeResult(len(rows), 0, 0, 0, delivery.content_hash)
    if intact and before == Entry(delivery.sequence, delivery.content_hash):
        return nothing
    if not intact:
        session.stage(rows)
    session.define()
    session.lock()
    held = _not_newer(session, delivery)
    if intact and held == before:
        session.record(delivery, len(rows))
        return nothing
    if intact:  # another delivery came in between
        session.stage(rows)
    inserted, updated, deleted = session.apply()
    written = session.read()
    found = (len(written), hash_of(written, session.shape))
    if found != (len(rows), delivery.content_hash):
        raise MismatchError(session.uri, sent=(len(rows), delivery.content_hash), held=found)
    if held != Entry(delivery.sequence, delivery.content_hash):
        session.record(delivery, len(rows))
    return MergeResult(len(written), inserted, updated, deleted, found[1])


def _not_newer(session: Session, delivery: Delivery) -> Entry | None:
    held = session.entry()
    if held is not None and held.sequence > delivery.sequence:
        raise OvertakenError(session.uri, held=held.sequence, given=delivery.sequence)
    return held
