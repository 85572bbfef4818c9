"""The embedded index: one LanceDB table of chunks with vectors and full text.

What belongs here: bringing the table to a wanted state, and ranking by one signal. What does not: which
chunks are wanted (chunk_rows.py), and fusing signals into answers (search.py).
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.schemas.embeddings import DIMENSIONS
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.filters import equals_any

TABLE = "chunks"
EXACT_BELOW_ROWS = 20_000
"""Up to here comparing with every vector takes milliseconds, and finds exactly the nearest."""

_COMPARED = [name for name in CHUNK_SCHEMA.names() if name not in ("text", "vector")]
_ANSWER = [name for name in CHUNK_SCHEMA.names() if name != "vector"]
_KEEP_OLD_VERSIONS = dt.timedelta(hours=1)
_REFINE_FACTOR = 3
"""An approximate index proposes so many times the rows asked for; their whole vectors then decide."""
_TIE = 1e-5


@dataclass(frozen=True)
class SyncResult:
    """Chunks that one sync wrote or removed."""

    inserted: int
    updated: int
    deleted: int

    @property
    def changed(self) -> bool:
        """Whether the table has a new version."""
        return bool(self.inserted or self.updated or self.deleted)


class LanceIndex:
    """Chunks, searchable by vector and by text.

    Args:
        uri: a folder, or an object store's address.
        dimensions: length of a vector.
        exact_below: rows from which on an approximate index (IVF_HNSW_SQ) answers vector queries.
    """

    def __init__(
        self, uri: str | Path, *, dimensions: int = DIMENSIONS, exact_below: int = EXACT_BELOW_ROWS
    ) -> None:
        self.uri = str(uri)
        self._dimensions = dimensions
        self._exact_below = exact_below

    def sync(self, chunks: pl.DataFrame) -> SyncResult:
        """Make the table hold exactly these chunks, in one commit that readers see whole or not at all.

        Vectors and texts are written only where `text_hash`, `model_id` or the chunk's origin differ.

        Args:
            chunks: rows of `CHUNK_SCHEMA`, of one model.

        Raises:
            ValueError: a chunk twice, vectors of several models or of another length.
        """
        chunks = chunks.select(CHUNK_SCHEMA.names()).cast(CHUNK_SCHEMA)
        self._check(chunks)
        table = self._open(create=True)
        held = self._read(table, _COMPARED)
        wanted = chunks.select(_COMPARED)
        inserted = wanted.join(held, on="chunk_id", how="anti")
        vanished = held.join(wanted, on="chunk_id", how="anti")
        changed = wanted.join(held, on=_COMPARED, how="anti", nulls_equal=True)
        result = SyncResult(len(inserted), len(changed) - len(inserted), len(vanished))
        if result.changed:
            rows = chunks.join(changed.select("chunk_id"), on="chunk_id", how="semi")
            merge = table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
            if len(vanished):
                merge = merge.when_not_matched_by_source_delete(
                    equals_any("chunk_id", vanished["chunk_id"].to_list())
                )
            merge.execute(self._to_arrow(rows))
        # also after a sync that was killed between its commit and this
        if result.changed or self._has_unindexed_rows(table):
            self._refresh(table)
        return result

    def ids(self) -> pl.Series:
        """Return the ids of all chunks held, sorted."""
        return self._read(self._open(), ["chunk_id"])["chunk_id"].sort()

    def count(self) -> int:
        """Return how many chunks the table holds."""
        table = self._open()
        return 0 if table is None else int(table.count_rows())

    def model_id(self) -> str | None:
        """Return the model of the vectors held; None when there are none."""
        table = self._open()
        if table is None:
            return None
        first = table.search().select(["model_id"]).limit(1).to_arrow()["model_id"].to_pylist()
        return first[0] if first else None

    def nearest(self, vector: Vectors, limit: int, where: str | None = None) -> pl.DataFrame:
        """Return the chunks whose vectors are most similar (cosine), the nearest first.

        Args:
            vector: a unit vector.
            limit: rows at most.
            where: a condition from `filters.py`, applied before the search.
        """
        table = self._open()
        if table is None:
            return pl.DataFrame(schema=_answer_schema())
        query = table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.refine_factor(_REFINE_FACTOR)
        return self._answer(query, limit, where, "_distance")

    def matching(self, words: str, limit: int, where: str | None = None) -> pl.DataFrame:
        """Return the chunks that match any of the words best (BM25), the best first.

        Args:
            words: plain words; no character has a special meaning.
            limit: rows at most.
            where: a condition from `filters.py`, applied before the search.
        """
        from lancedb.query import MatchQuery

        table = self._open()
        if table is None or not self._has_index(table, "text"):
            return pl.DataFrame(schema=_answer_schema())
        match: Any = MatchQuery  # a pydantic dataclass, whose defaults the type checker does not see
        return self._answer(table.search(match(words, "text")), limit, where, "_score")

    def recall_at_10(self, sample: int) -> float:
        """Return the share of the true ten nearest chunks that `nearest` finds; 1.0 for an empty table.

        Args:
            sample: how many of the held vectors serve as queries, spread evenly over the ids.
        """
        held = self._read(self._open(), ["chunk_id", "vector"]).sort("chunk_id")
        if held.is_empty():
            return 1.0
        vectors = vector_matrix(held["vector"])
        row_of = {chunk_id: row for row, chunk_id in enumerate(held["chunk_id"])}
        neighbours = min(10, len(held))
        found = 0
        queries = np.linspace(0, len(held) - 1, num=min(sample, len(held)), dtype=np.int64)
        for query in queries:
            similarities = vectors @ vectors[query]
            tenth = np.partition(similarities, -neighbours)[-neighbours]
            rows = [row_of[chunk_id] for chunk_id in self.nearest(vectors[query], neighbours)["chunk_id"]]
            # equal texts have equal vectors: any of those that tie with the tenth is right
            found += int((similarities[rows] >= tenth - _TIE).sum())
        return found / (len(queries) * neighbours)

    def _check(self, chunks: pl.DataFrame) -> None:
        if chunks["chunk_id"].is_duplicated().any():
            raise ValueError("a chunk_id occurs twice")
        if chunks["model_id"].n_unique() > 1:
            raise ValueError(f"vectors of several models: {sorted(chunks['model_id'].unique())}")
        if not (chunks["vector"].list.len() == self._dimensions).all():
            raise ValueError(f"vectors are not of length {self._dimensions}")

    def _open(self, *, create: bool = False) -> Any:
        """Return the table at its newest version; None when it is not there and not to be created."""
        import lancedb

        if not create and "://" not in self.uri and not Path(self.uri).is_dir():
            return None
        database: Any = lancedb.connect(self.uri)
        if create:
            return database.create_table(TABLE, schema=self._arrow_schema(), exist_ok=True)
        return database.open_table(TABLE) if TABLE in database.list_tables().tables else None

    def _arrow_schema(self) -> Any:
        import pyarrow as pa

        texts = {name: pa.string() for name, dtype in CHUNK_SCHEMA.items() if dtype == pl.String}
        vector = pa.list_(pa.float32(), self._dimensions)
        types = {**texts, "date": pa.date32(), "vector": vector}
        return pa.schema([(name, types[name]) for name in CHUNK_SCHEMA.names()])

    def _to_arrow(self, chunks: pl.DataFrame) -> Any:
        vectors = pl.col("vector").cast(pl.Array(pl.Float32, self._dimensions))
        return chunks.with_columns(vectors).to_arrow().cast(self._arrow_schema())

    @staticmethod
    def _read(table: Any, columns: list[str]) -> pl.DataFrame:
        schema = {name: CHUNK_SCHEMA[name] for name in columns}
        if table is None:
            return pl.DataFrame(schema=schema)
        rows = pl.from_arrow(table.search().select(columns).to_arrow())
        assert isinstance(rows, pl.DataFrame)
        return rows.cast(pl.Schema(schema))

    @staticmethod
    def _answer(query: Any, limit: int, where: str | None, score: str) -> pl.DataFrame:
        if where is not None:
            query = query.where(where, prefilter=True)
        rows = pl.from_arrow(query.select([*_ANSWER, score]).limit(limit).to_arrow())
        assert isinstance(rows, pl.DataFrame)
        return rows.sort([score, "chunk_id"], descending=[score == "_score", False]).select(_ANSWER)

    @staticmethod
    def _has_index(table: Any, column: str) -> bool:
        return any(index.columns == [column] for index in table.list_indices())

    @staticmethod
    def _has_unindexed_rows(table: Any) -> bool:
        indices = {index.columns[0]: index for index in table.list_indices()}
        held = table.count_rows()
        return held > 0 and ("text" not in indices or indices["text"].num_unindexed_rows > 0)

    def _refresh(self, table: Any) -> None:
        """Build the full-text index anew, the vector index where it pays, and put small files together."""
        from lancedb.index import FTS, HnswSq

        table.create_index("text", config=FTS(), replace=True)
        if table.count_rows() >= self._exact_below:
            graph = HnswSq(distance_type="cosine", num_partitions=1)
            table.create_index("vector", config=graph, replace=True)
        else:
            for index in table.list_indices():
                if index.columns == ["vector"]:
                    table.drop_index(index.name)
        table.optimize(cleanup_older_than=_KEEP_OLD_VERSIONS)


def _answer_schema() -> dict[str, pl.DataType]:
    return {name: CHUNK_SCHEMA[name] for name in _ANSWER}
