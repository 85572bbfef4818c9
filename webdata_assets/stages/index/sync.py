"""From what an index holds to what it shall hold: which chunks to write, to remove and to leave alone.

What belongs here: the plan, the same for every engine. What does not: engines (lance.py, postgres.py).
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.stages.hashing import row_hashes
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA

HELD_SCHEMA = pl.Schema(TABLES["vector_index"].polars_schema)
"""What an engine reads of its chunks for a plan. It stores `row_hash` with each row that it writes."""

_PARTITION = ("date", "source")
_NAMED_PARTITIONS = 5


@dataclass(frozen=True)
class SyncPlan:
    """What one commit has to do.

    Attributes:
        write: rows to insert, or to put in the place of those with the same id: the columns of
            `CHUNK_SCHEMA`, and `row_hash`.
        vanished: ids of rows to delete.
        manifest: rows of the `vector_index` table as they are after the commit, by `chunk_id`.
        inserted: how many of `write` are new.
    """

    write: pl.DataFrame
    vanished: pl.Series
    manifest: pl.DataFrame
    inserted: int

    @property
    def updated(self) -> int:
        """How many rows of `write` take the place of another."""
        return self.write.height - self.inserted

    @property
    def deleted(self) -> int:
        """How many rows go."""
        return len(self.vanished)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.write.height > 0 or self.deleted > 0


def plan_sync(
    chunks: pl.DataFrame,
    held: pl.DataFrame,
    refreshed: pl.DataFrame | None = None,
    pending: Collection[str] = (),
    gone: Collection[str] = (),
) -> SyncPlan:
    """Return what brings an index that holds some chunks to the wanted ones.

    A record with a held chunk of a partition that is not in `refreshed` keeps exactly what it has, unless
    `chunks` holds a later version of it: what a failed or partial crawl left out is not known to be gone.

    Args:
        chunks: wanted rows of `CHUNK_SCHEMA`, of one model.
        held: rows of `HELD_SCHEMA`.
        refreshed: `date` and `source` of the partitions that `chunks` describes completely; None for all.
        pending: ids of records whose chunks are not known yet: they keep what they have.
        gone: ids of records that are known to be gone: none of their chunks is kept.

    Raises:
        PermanentError: the index would hold vectors of several models.
        ValueError: a chunk twice, vectors of different lengths.
    """
    chunks = chunks.select(CHUNK_SCHEMA.names()).cast(CHUNK_SCHEMA)
    _check(chunks)
    kept = _kept(chunks, held.filter(~pl.col("record_id").is_in(list(gone))), refreshed, pending)
    wanted = chunks.join(kept, on="record_id", how="anti")
    open_to_change = held.join(kept, on="record_id", how="anti")
    wanted = wanted.with_columns(row_hashes(wanted, exclude=("vector",)))
    changed = wanted.join(open_to_change, on=["chunk_id", "row_hash"], how="anti")
    after = pl.concat([kept.select(HELD_SCHEMA.names()), wanted.select(HELD_SCHEMA.names())])
    _check_model(after, kept)
    return SyncPlan(
        write=changed.sort("chunk_id"),
        vanished=open_to_change.join(wanted, on="chunk_id", how="anti")["chunk_id"].sort(),
        manifest=after.sort("chunk_id"),
        inserted=changed.join(open_to_change, on="chunk_id", how="anti").height,
    )


def _kept(
    chunks: pl.DataFrame, held: pl.DataFrame, refreshed: pl.DataFrame | None, pending: Collection[str]
) -> pl.DataFrame:
    """Return the held rows of records that nothing new is known of."""
    known = held if refreshed is None else held.join(refreshed, on=_PARTITION, how="semi")
    unknown = held.join(known, on="chunk_id", how="anti").group_by("record_id").agg(
        held_date=pl.col("date").max()
    )  # fmt: skip
    later = chunks.join(unknown, on="record_id").filter(pl.col("date") > pl.col("held_date"))
    return pl.concat(
        [
            held.join(unknown.join(later, on="record_id", how="anti"), on="record_id", how="semi"),
            held.filter(pl.col("record_id").is_in(list(pending))),
        ]
    ).unique("chunk_id")


def _check(chunks: pl.DataFrame) -> None:
    if chunks["chunk_id"].is_duplicated().any():
        raise ValueError("a chunk_id occurs twice")
    lengths = chunks["vector"].list.len().unique().sort().to_list()
    if len(lengths) > 1:
        raise ValueError(f"vectors of different lengths: {lengths}")


def _check_model(after: pl.DataFrame, kept: pl.DataFrame) -> None:
    models = after["model_id"].unique().sort().to_list()
    if len(models) > 1:
        partitions = kept.select(_PARTITION).unique().sort(_PARTITION).rows()
        named = ", ".join(f"{date}|{source}" for date, source in partitions[:_NAMED_PARTITIONS])
        raise PermanentError(
            f"The index would hold vectors of several models: {', '.join(models)}. "
            + (f"It keeps chunks of {len(partitions)} partitions that are not admitted now ({named}): repair "
               "them, or remove their sources" if partitions else "Give it chunks of one model"),
            failure_domain=FailureDomain.CONFIGURATION,
        )  # fmt: skip
