"""What every sink is: a target that takes the whole wanted state and merges it by key.

What belongs here: the interface, what is delivered, and what goes wrong in every sink. What does not: any one
sink, and what changes between two states (changes.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

ROW_HASH = "row_hash"
"""The column that every delivered row carries: the BLAKE3 of its other columns."""


@dataclass(frozen=True)
class Shape:
    """What rows of a sink look like.

    Attributes:
        key: the column whose value each row has alone.
        schema: the columns in order; `row_hash` is the last.
    """

    key: str
    schema: pl.Schema

    def empty(self) -> pl.DataFrame:
        """Return no rows."""
        return pl.DataFrame(schema=self.schema)

    def fit(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows that were written in an earlier shape: what they lack is null, what is more goes."""
        return fitted(rows, self.schema)


@dataclass(frozen=True)
class Delivery:
    """One delivery of a wanted state.

    Attributes:
        sequence: grows with every newer state of what is delivered; equal for the same state.
        run_id: of the run that delivers.
        content_hash: of the wanted rows.
    """

    sequence: int
    run_id: str
    content_hash: str


@dataclass(frozen=True)
class MergeResult:
    """What a target holds after a merge, and what the merge did."""

    rows: int
    inserted: int
    updated: int
    deleted: int
    content_hash: str
    """Of the rows read back from the target."""


def fitted(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return rows with the columns of a schema: what they lack is null, what is more goes.

    Raises:
        polars.exceptions.PolarsError: a column is of a type that cannot become the schema's.
    """
    lacking = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in rows.columns
    ]
    return rows.with_columns(lacking).select(schema.names()).cast(schema)


def require_no_more_columns(uri: str, held: Collection[str], shape: Shape) -> None:
    """Raise PermanentError where a table has columns that a shape lacks: their values would grow stale."""
    removed = sorted(set(held) - set(shape.schema))
    if removed:
        raise PermanentError(
            f"{uri} has columns that are delivered no more: {', '.join(removed)}; nothing was written. "
            "Deliver to another address, or move the table away after its readers agreed",
            failure_domain=FailureDomain.SINK,
        )


class Sink(Protocol):
    """One delivery target."""

    @property
    def kind(self) -> str:
        """What kind of sink it is: `delta`, `postgres`."""

    @property
    def uri(self) -> str:
        """Where it is, without any secret."""

    @property
    def shape(self) -> Shape:
        """What its rows look like."""

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the target hold exactly these rows; readers see the old or the new state, never a part.

        What was written is read back and compared with what was sent before readers see it, or, where the
        target has no transactions, the old state is brought back when they differ. The same delivery again
        changes nothing in the target.

        Args:
            rows: of the sink's shape, each key once.
            delivery: kept with the change, so that an older one never takes its place.

        Raises:
            OvertakenError: a newer delivery is there already; it stays.
            MismatchError: the target did not keep what it was sent; it holds what it held before.
            TransientError: of domain SINK; nothing partial is visible.
            PermanentError: of domain SINK or CONFIGURATION; the message says what to do.
            ValueError: rows of another schema, or a key twice.
        """

    def read(self) -> pl.DataFrame:
        """Return the target's rows by key; none when nothing was delivered yet."""


class OvertakenError(PermanentError):
    """A newer delivery reached the target first.

    Attributes:
        held: its sequence.
    """

    def __init__(self, uri: str, *, held: int, given: int) -> None:
        self.held = held
        super().__init__(
            f"{uri} holds the newer delivery {held}, and keeps it; this one, {given}, changed nothing",
            failure_domain=FailureDomain.SINK,
        )


class MismatchError(TransientError):
    """What the target holds after a write is not what it was sent; the write was taken back."""

    def __init__(self, uri: str, *, sent: tuple[int, str], held: tuple[int, str]) -> None:
        super().__init__(
            f"{uri} was sent {sent[0]} rows of content {sent[1][:16]} and held {held[0]} of {held[1][:16]}; "
            "what it held before is back",
            failure_domain=FailureDomain.SINK,
        )
