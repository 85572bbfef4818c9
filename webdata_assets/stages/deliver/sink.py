"""What every sink is: a target that takes the whole wanted state and merges it by key.

What belongs here: the interface, and what changes between two states. What does not: any one sink.
"""

from dataclasses import dataclass
from typing import Protocol

import polars as pl

from webdata_assets.stages.deliver.rows import DELIVERY_SCHEMA, KEY
from webdata_assets.stages.hashing import row_hashes


@dataclass(frozen=True)
class MergeResult:
    """What a target holds after a merge, and what the merge did."""

    rows: int
    inserted: int
    updated: int
    deleted: int
    content_hash: str
    """Of the rows read back from the target."""


class Sink(Protocol):
    """One delivery target."""

    @property
    def name(self) -> str:
        """What kind of sink it is: `delta`, `parquet`."""

    @property
    def uri(self) -> str:
        """Where it is."""

    def merge(self, rows: pl.DataFrame, *, run_id: str) -> MergeResult:
        """Make the target hold exactly these rows; readers see the old or the new state, never a part.

        The same rows again change nothing in the target.

        Args:
            rows: of `DELIVERY_SCHEMA`, each `record_id` once.
            run_id: kept with the change, where the target has a place for it.

        Raises:
            TransientError: of domain `sink`; nothing partial is visible.
            ValueError: rows of another schema, or a `record_id` twice.
        """

    def read(self) -> pl.DataFrame:
        """Return the target's rows by `record_id`; none when nothing was delivered yet."""


@dataclass(frozen=True)
class Changes:
    """How a wanted state differs from the one held: rows by what must happen to them."""

    inserted: pl.DataFrame
    updated: pl.DataFrame
    deleted: pl.DataFrame

    @property
    def any(self) -> bool:
        """Whether anything must happen."""
        return not (self.inserted.is_empty() and self.updated.is_empty() and self.deleted.is_empty())


def changes(wanted: pl.DataFrame, held: pl.DataFrame) -> Changes:
    """Return what leads from the rows held to the rows wanted.

    Rows are compared by the hash of what is held, not by the hash that is stored beside it, so that a
    target that was edited is brought back too.

    Raises:
        ValueError: rows of another schema, or a `record_id` twice.
    """
    if wanted.schema != DELIVERY_SCHEMA:
        raise ValueError(f"rows to deliver have the schema {wanted.schema}, not {DELIVERY_SCHEMA}")
    if wanted[KEY].is_duplicated().any():
        raise ValueError(f"a {KEY} occurs twice in the rows to deliver")
    actual = held.select(KEY, "row_hash").with_columns(actual_hash=row_hashes(held, exclude={"row_hash"}))
    intact = actual.filter(pl.col("actual_hash") == pl.col("row_hash")).select(KEY, "row_hash")
    differing = wanted.join(intact, on=[KEY, "row_hash"], how="anti")
    return Changes(
        inserted=differing.join(held, on=KEY, how="anti"),
        updated=differing.join(held, on=KEY, how="semi"),
        deleted=held.join(wanted, on=KEY, how="anti"),
    )
