"""One state of the index in PostgreSQL, by its number.

What belongs here: ranking by one signal. What does not: writing states (postgres.py), and fusing signals into
answers (search.py).

Full text is ranked by `ts_rank`, divided by 1 + log(length), over English stems and the words as they stand.
Other than BM25 it knows no document frequency: a rare word counts no more than a common one, and repetition
is not damped. Languages that write no space between words are found by whole runs only.
"""

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets.stages.index.chunk_rows import ANSWER_COLUMNS, ANSWER_SCHEMA, CHUNK_SCHEMA
from webdata_assets.stages.index.index import ChunkFilter
from webdata_assets.stages.index.postgres_connections import Connections
from webdata_assets.stages.index.postgres_layout import as_frame, column_list, graph_type, statement

if TYPE_CHECKING:
    from webdata_assets.stages.index.postgres_connections import Connection

_MAX_TERMS = 64
_MIN_CANDIDATES = 200
_MAX_CANDIDATES = 1_000
"""What pgvector allows to look at in one round; further rounds follow until enough rows pass the filter."""

# any of the words: stems, and the words as they stand, but for those that nearly every English text holds
_QUERY = """
WITH stems AS (SELECT to_tsvector('english'::regconfig, %(words)s) AS found),
terms AS (
    SELECT unnest(tsvector_to_array(found)) AS term FROM stems
    UNION
    SELECT term FROM stems, unnest(tsvector_to_array(to_tsvector('simple'::regconfig, %(words)s))) AS term
    WHERE found = ''::tsvector OR to_tsvector('english'::regconfig, term) <> ''::tsvector
)
SELECT string_agg('''' || replace(replace(term, '\\', '\\\\'), '''', '''''') || '''', ' | ')
FROM (SELECT term FROM terms ORDER BY term LIMIT %(most)s) AS first
"""


class PostgresSnapshot:
    """One state. It stays as it is, whatever is written meanwhile; threads may share it.

    Args:
        connections: to the server.
        state: number of the state; None for an index that was never written.
        exact_below: rows from which on the graph answers vector queries; fewer, all of them or those that
            pass a filter, are compared one by one.
    """

    def __init__(self, connections: Connections, state: int | None, *, exact_below: int) -> None:
        self._connections = connections
        self._state = state
        self._exact_below = exact_below

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
        if self.count() == 0:
            return pl.DataFrame(schema=ANSWER_SCHEMA)
        conditions, values = self._conditions(where)
        values |= {"vector": vector, "limit": limit}
        kind = graph_type(len(vector))
        with self._connections.transaction() as connection:
            if kind is None or self._few(connection, where):
                return _answer(
                    connection,
                    statement(
                        "SELECT {columns} FROM {schema}.chunks WHERE {conditions} "
                        "ORDER BY vector <=> %(vector)s, chunk_id LIMIT %(limit)s",
                        columns=column_list(ANSWER_COLUMNS),
                        conditions=conditions,
                    ),
                    values,
                )
            return self._from_graph(connection, kind, conditions, values)

    def matching(self, words: str, limit: int, where: ChunkFilter) -> pl.DataFrame:
        """Return the chunks that match any of the words best, the best first, as `ANSWER_COLUMNS`.

        Args:
            words: plain words; no character has a special meaning.
            limit: rows at most.
            where: applied before the search.
        """
        if self.count() == 0:
            return pl.DataFrame(schema=ANSWER_SCHEMA)
        conditions, values = self._conditions(where)
        with self._connections.transaction() as connection:
            asked = {"words": words.replace("\x00", " "), "most": _MAX_TERMS}
            terms = connection.execute(_QUERY, asked).fetchone()
            if terms is None or terms[0] is None:
                return pl.DataFrame(schema=ANSWER_SCHEMA)
            return _answer(
                connection,
                statement(
                    "SELECT {columns} FROM {schema}.chunks "
                    "WHERE words @@ %(terms)s::tsquery AND {conditions} "
                    "ORDER BY ts_rank(words, %(terms)s::tsquery, 1) DESC, chunk_id LIMIT %(limit)s",
                    columns=column_list(ANSWER_COLUMNS),
                    conditions=conditions,
                ),
                values | {"terms": terms[0], "limit": limit},
            )

    def rows(self, columns: Collection[str]) -> pl.DataFrame:
        """Return some columns of `CHUNK_SCHEMA` of all chunks, sorted by id."""
        names = list(dict.fromkeys(["chunk_id", *columns]))
        if self._state is None:
            return pl.DataFrame(schema=CHUNK_SCHEMA).select(columns)
        asked = statement("SELECT {columns} FROM {schema}.chunks WHERE {held}", columns=column_list(names))
        with self._connections.transaction() as connection, connection.cursor(binary=True) as cursor:
            found = cursor.execute(asked, {"state": self._state}).fetchall()
        return as_frame(found, names, CHUNK_SCHEMA).sort("chunk_id").select(columns)

    @cached_property
    def _count(self) -> int:
        return int(self._single("SELECT count(*) FROM {schema}.chunks WHERE {held}") or 0)

    @cached_property
    def _model_id(self) -> str | None:
        found = self._single("SELECT model_id FROM {schema}.chunks WHERE {held} LIMIT 1")
        return None if found is None else str(found)

    def _single(self, text: str) -> Any:
        if self._state is None:
            return None
        with self._connections.transaction() as connection:
            found = connection.execute(statement(text), {"state": self._state}).fetchone()
        return found and found[0]

    def _few(self, connection: "Connection", where: ChunkFilter) -> bool:
        """Return whether so few chunks pass the filter that comparing with each is quick, and exact."""
        if self.count() < self._exact_below:
            return True
        if (where.sources, where.languages, where.since, where.until) == (None, None, None, None):
            return False
        conditions, values = self._conditions(where)
        asked = statement(
            "SELECT count(*) FROM (SELECT FROM {schema}.chunks WHERE {conditions} LIMIT %(limit)s) AS first",
            conditions=conditions,
        )
        found = connection.execute(asked, values | {"limit": self._exact_below}).fetchone()
        return found is not None and found[0] < self._exact_below

    def _from_graph(
        self, connection: "Connection", kind: str, conditions: Any, values: dict[str, Any]
    ) -> pl.DataFrame:
        from psycopg import sql

        candidates = min(max(_MIN_CANDIDATES, 2 * values["limit"]), _MAX_CANDIDATES)
        connection.execute(
            "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), "
            "set_config('hnsw.ef_search', %s, true)",
            [str(candidates)],
        )
        return _answer(
            connection,
            # the graph holds the very vectors of `kind`; what it finds is put into exact order at the end
            statement(
                "WITH found AS MATERIALIZED ("
                "SELECT {columns}, (vector::{kind}) <=> %(vector)s::{kind} AS distance FROM {schema}.chunks "
                "WHERE vector_dims(vector) = {dimensions} AND {conditions} "
                "ORDER BY (vector::{kind}) <=> %(vector)s::{kind} LIMIT %(limit)s"
                ") SELECT {columns} FROM found ORDER BY distance + 0, chunk_id",
                columns=column_list(ANSWER_COLUMNS),
                kind=sql.SQL(kind),
                dimensions=sql.Literal(len(values["vector"])),
                conditions=conditions,
            ),
            values,
        )

    def _conditions(self, where: ChunkFilter) -> tuple[Any, dict[str, Any]]:
        """Return the condition that a chunk is of this state and passes a filter, and its values."""
        values: dict[str, Any] = {"state": self._state}
        conditions = ["{held}"]
        if not where.pii:
            conditions.append("NOT pii")
        if not where.injection:
            conditions.append("NOT injection")
        given = {
            "sources": ("source = ANY(%(sources)s)", where.sources),
            "languages": ("language = ANY(%(languages)s)", where.languages),
            "since": ("date >= %(since)s", where.since),
            "until": ("date <= %(until)s", where.until),
        }
        for name, (condition, value) in given.items():
            if value is not None:
                conditions.append(condition)
                values[name] = list(value) if isinstance(value, tuple) else value
        return statement(" AND ".join(conditions)), values


def _answer(connection: "Connection", asked: Any, values: dict[str, Any]) -> pl.DataFrame:
    with connection.cursor(binary=True) as cursor:
        found = cursor.execute(asked, values).fetchall()
    return as_frame(found, ANSWER_COLUMNS, ANSWER_SCHEMA)
