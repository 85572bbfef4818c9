"""What an index offers, whichever engine keeps it: states that are written unseen and read by name.

What belongs here: the protocol and its values. What does not: an engine (lance.py, postgres.py), and what the
index shall hold (chunk_rows.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from webdata_assets.stages.embed.encoder import Vectors


@dataclass(frozen=True)
class ChunkFilter:
    """Which chunks may be found; None for all. Dates are inclusive.

    Attributes:
        sources: names of sources.
        languages: languages of the text, as ISO 639-1.
        since: chunks of this date or later.
        until: chunks of this date or earlier.
        injection: whether chunks of records with text for language models may be found.
        pii: whether chunks of records with personal data may be found.
    """

    sources: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    injection: bool = False
    pii: bool = False


@dataclass(frozen=True)
class SyncResult:
    """What one sync wrote or removed.

    Attributes:
        manifest: rows of the `vector_index` table: exactly the chunks that the newest state holds.
    """

    manifest: pl.DataFrame
    inserted: int
    updated: int
    deleted: int

    @property
    def changed(self) -> bool:
        """Whether there is a new state."""
        return bool(self.inserted or self.updated or self.deleted)


class Snapshot(Protocol):
    """One state of an index. It stays as it is, whatever is written meanwhile; threads may share it."""

    def count(self) -> int:
        """Return how many chunks it holds."""

    def ids(self) -> pl.Series:
        """Return the ids of its chunks, sorted."""

    def model_id(self) -> str | None:
        """Return the model of its vectors; None when it is empty."""

    def nearest(self, vector: Vectors, limit: int, where: ChunkFilter) -> pl.DataFrame:
        """Return the chunks whose vectors are most similar (cosine), the nearest first, as `ANSWER_COLUMNS`.

        Args:
            vector: a unit vector.
            limit: rows at most.
            where: applied before the search, so that a narrow filter finds as many.
        """

    def matching(self, words: str, limit: int, where: ChunkFilter) -> pl.DataFrame:
        """Return the chunks that match any of the words best, the best first, as `ANSWER_COLUMNS`.

        Args:
            words: plain words; no character has a special meaning.
        """

    def rows(self, columns: Collection[str]) -> pl.DataFrame:
        """Return some columns of `CHUNK_SCHEMA` of all chunks, sorted by id."""


class ChunkIndex(Protocol):
    """Chunks, searchable by vector and by text."""

    def sync(
        self,
        chunks: pl.DataFrame,
        refreshed: pl.DataFrame | None = None,
        pending: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> SyncResult:
        """Bring the newest state to these chunks, in one commit. Named states stay as they are.

        Args:
            chunks: rows of `CHUNK_SCHEMA`, of one model.
            refreshed: `date` and `source` of the partitions that `chunks` describes completely. Held chunks
                of other partitions are kept as they are, and so are the records that they belong to, unless
                `chunks` holds a later version of them. None for every partition.
            pending: ids of records whose chunks are not known yet: they keep what they have.
            gone: ids of records that are known to be gone: none of their chunks is kept.

        Raises:
            PermanentError: vectors of several models.
            ValueError: a chunk twice, vectors of different lengths.
        """

    def name(self, snapshot: str) -> None:
        """Give the newest state a name, for ever the same; a name that is taken stays where it is."""

    def at(self, snapshot: str | None = None) -> Snapshot:
        """Return the state of that name, or the newest. Raises PermanentError for an unknown name."""

    def names(self) -> list[str]:
        """Return the names given, in no order."""

    def forget(self, keep: Collection[str]) -> None:
        """Give up all names but these, and what no name nor the newest state needs any more."""
