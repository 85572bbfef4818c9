"""One state of the embedded index: a LanceDB table held at one version.

What belongs here: ranking by one signal. What does not: writing states (lance.py), and fusing signals into
answers (search.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets.stages.index.chunk_rows import ANSWER_COLUMNS, ANSWER_SCHEMA, CHUNK_SCHEMA
from webdata_assets.stages.index.filters import condition
from webdata_assets.stages.index.index import ChunkFilter
from webdata_assets.stages.index.lance_rows import SEARCHED, from_arrow, stored_columns

_REFINE_FACTOR = 3
"""An approximate index proposes so many times the rows asked for; their whole vectors then decide."""
_LEAST_VISITED = 100
"""Rows that a search of the graph keeps in mind at least (ef)."""


@dataclass(frozen=True)
class LanceSnapshot:
    """One state. It stays as it is, whatever is written meanwhile; threads may share it.

    Attributes:
        table: a handle of its own, checked out; None for an index that was never written.
    """

    table: Any | None

    def count(self) -> int:
        """Return how many chunks it holds."""
        return self._count

    def ids(self) -> pl.Series:
        """Return the ids of its chunks, sorted."""
        return self.rows(["chunk_id"])["chunk_id"]

    def model_id(self) -> str | None:
        """Return the model of its vectors; None when it is empty."""
        return self._model_id

    def nearest(self, vector: Vectors, limit: int, where: ChunkFilter) -> pl.DataFrame:
        """Return the chunks whose vectors are most similar (cosine), the nearest first, as `ANSWER_COLUMNS`.

        Args:
            vector: a unit vector.
            limit: rows at most.
            where: applied before the search, so that a narrow filter finds as many.
        """
        if self.table is None or self._count == 0:
            return pl.DataFrame(schema=ANSWER_SCHEMA)
        query = self.table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.refine_factor(_REFINE_FACTOR).ef(max(_LEAST_VISITED, limit * _REFINE_FACTOR))
        return _answer(query, limit, where, "_distance")

    def matching(self, words: str, limit: int, where: ChunkFilter) -> pl.DataFrame:
        """Return the chunks that match any of the words best (BM25), the best first, as `ANSWER_COLUMNS`.

        Args:
            words: plain words; no character has a special meaning.
            limit: rows at most.
            where: applied before the search.
        """
        from lancedb.query import MatchQuery

        if self.table is None or not self._has_full_text:
            return pl.DataFrame(schema=ANSWER_SCHEMA)
        match: Any = MatchQuery  # a pydantic dataclass, whose defaults the type checker does not see
        return _answer(self.table.search(match(words, SEARCHED)), limit, where, "_score")

    def rows(self, columns: Collection[str]) -> pl.DataFrame:
        """Return some columns of `CHUNK_SCHEMA` of all chunks, sorted by id."""
        if self.table is None:
            return pl.DataFrame(schema={name: CHUNK_SCHEMA[name] for name in columns})
        names = list(dict.fromkeys(["chunk_id", *columns]))
        stored = self.table.search().select(stored_columns(names)).to_arrow()
        return from_arrow(stored, names).sort("chunk_id").select(columns)

    # a state never changes, and each of these costs as much as a search
    @cached_property
    def _count(self) -> int:
        return 0 if self.table is None else int(self.table.count_rows())

    @cached_property
    def _model_id(self) -> str | None:
        if self.table is None:
            return None
        first = self.table.search().select(["model_id"]).limit(1).to_arrow()["model_id"].to_pylist()
        return first[0] if first else None

    @cached_property
    def _has_full_text(self) -> bool:
        return self.table is not None and any(
            index.columns == [SEARCHED] for index in self.table.list_indices()
        )


def _answer(query: Any, limit: int, where: ChunkFilter, score: str) -> pl.DataFrame:
    conditions = condition(where)
    if conditions is not None:
        query = query.where(conditions, prefilter=True)
    stored = query.select([*stored_columns(ANSWER_COLUMNS), score]).limit(limit).to_arrow()
    ascending = "ascending" if score == "_distance" else "descending"
    ordered = stored.sort_by([(score, ascending), ("chunk_id", "ascending")])
    return from_arrow(ordered, ANSWER_COLUMNS)
