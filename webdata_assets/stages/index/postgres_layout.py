"""How chunks lie in PostgreSQL: one row for each version of a chunk, valid from one state to another.

What belongs here: tables, indexes, and chunks to rows and back. What does not: when they change
(postgres.py), and searching (postgres_snapshot.py).
"""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl
from blake3 import blake3

from webdata_assets.stages.embed.embed import vector_matrix, vector_series
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from webdata_assets.stages.index.postgres_connections import Connection

_TYPES: dict[Any, str] = {
    pl.String(): "text",
    pl.Date(): "date",
    pl.Boolean(): "boolean",
    pl.Int32(): "integer",
    pl.Datetime("us", "UTC"): "timestamptz",
    pl.List(pl.String()): "text[]",
    pl.List(pl.Float32()): "vector",
}
COLUMN_TYPES = {**{name: _TYPES[dtype] for name, dtype in CHUNK_SCHEMA.items()}, "row_hash": "text"}

_LAYOUT = 1
_DIGEST = blake3(repr((_LAYOUT, sorted(COLUMN_TYPES.items()))).encode()).digest()
SCHEMA = f"webdata_index_{_DIGEST[:4].hex()}"
"""Another layout lies in a schema of its own: what an older release of this code reads stays as it is."""
LOCK = int.from_bytes(_DIGEST[:8], signed=True)
"""Advisory lock of writers."""

_GRAPH = {"m": 16, "ef_construction": 128}
_MAX_DIMENSIONS = {"vector": 2_000, "halfvec": 4_000}
_NOT_IN_POSTGRES = "\x00"
_HELD = "valid_from <= %(state)s AND (valid_to IS NULL OR valid_to > %(state)s)"

_TABLES = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.chunks (
    {columns},
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('english'::regconfig, coalesce(context || E'\\n\\n', '') || text) ||
        to_tsvector('simple'::regconfig, coalesce(context || E'\\n\\n', '') || text)
    ) STORED,
    valid_from bigint NOT NULL,
    valid_to bigint,
    PRIMARY KEY (chunk_id, valid_from)
);
-- vectors beside their row: comparing with every one must not fetch each of them from elsewhere
ALTER TABLE {schema}.chunks ALTER COLUMN vector SET STORAGE MAIN;
CREATE INDEX IF NOT EXISTS chunks_words ON {schema}.chunks USING gin (words);
CREATE INDEX IF NOT EXISTS chunks_source ON {schema}.chunks (source, date);
CREATE INDEX IF NOT EXISTS chunks_date ON {schema}.chunks (date);
CREATE TABLE IF NOT EXISTS {schema}.states (
    state bigint PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO {schema}.states VALUES (0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS {schema}.names (name text PRIMARY KEY, state bigint NOT NULL);
"""
# valid_to stands in no index: a row is closed in place, without a new entry in any of them


def statement(text: str, **parts: Any) -> "Composed":
    """Return a statement with parts in its braces: composed ones that are given, `schema` and `held`.

    `held` is the condition that a row is of the state %(state)s.
    """
    from psycopg import sql

    return sql.SQL(text).format(schema=sql.Identifier(SCHEMA), held=sql.SQL(_HELD), **parts)


def column_list(columns: Iterable[str]) -> "Composed":
    """Return names of columns, quoted and parted by commas."""
    from psycopg import sql

    return sql.SQL(", ").join(map(sql.Identifier, columns))


def tables_exist(connection: "Connection") -> bool:
    """Return whether anything was ever written."""
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{SCHEMA}.names"]).fetchone()
    return bool(found and found[0])


def create_tables(connection: "Connection") -> None:
    """Make what is missing; the caller holds the lock."""
    from psycopg import sql

    columns = sql.SQL(",\n    ").join(
        sql.SQL('{} {} COLLATE "C"' if kind.startswith("text") else "{} {}").format(
            sql.Identifier(name), sql.SQL(kind)
        )
        for name, kind in COLUMN_TYPES.items()
    )  # fmt: skip
    connection.execute(statement(_TABLES, columns=columns))


def create_graph(connection: "Connection", dimensions: int) -> None:
    """Make the graph over the vectors of a length, where there is none and the server can."""
    if (kind := graph_type(dimensions)) is None:
        return
    from psycopg import sql

    connection.execute(
        statement(
            "CREATE INDEX IF NOT EXISTS {name} ON {schema}.chunks USING hnsw ((vector::{kind}) {operators}) "
            "WITH (m = {m}, ef_construction = {ef_construction}) WHERE vector_dims(vector) = {dimensions}",
            name=sql.Identifier(f"chunks_graph_{dimensions}"),
            kind=sql.SQL(kind),
            operators=sql.SQL(f"{kind.partition('(')[0]}_cosine_ops"),
            dimensions=sql.Literal(dimensions),
            **{name: sql.Literal(value) for name, value in _GRAPH.items()},
        )
    )


def graph_type(dimensions: int) -> str | None:
    """Return the type of the vectors in a graph: halves above 2,000 dimensions, none above 4,000."""
    for name, most in _MAX_DIMENSIONS.items():
        if dimensions <= most:
            return f"{name}({dimensions})"
    return None


def insert(connection: "Connection", rows: pl.DataFrame, valid_from: int) -> None:
    """Copy rows of `COLUMN_TYPES` into the table, valid from a state on."""
    names = [name for name in COLUMN_TYPES if name != "vector"]
    columns = column_list([*names, "vector", "valid_from"])
    target = statement("COPY {schema}.chunks ({columns}) FROM STDIN WITH (FORMAT binary)", columns=columns)
    plain = rows.select(names).with_columns(
        pl.col(pl.String).str.replace_all(_NOT_IN_POSTGRES, "\ufffd"),
        pl.col(pl.List(pl.String)).list.eval(pl.element().str.replace_all(_NOT_IN_POSTGRES, "\ufffd")),
    )
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        copy.set_types([*(COLUMN_TYPES[name] for name in names), "vector", "bigint"])
        for row, vector in zip(plain.iter_rows(), vector_matrix(rows["vector"]), strict=True):
            copy.write_row((*row, vector, valid_from))


def as_frame(rows: Iterable[tuple[Any, ...]], columns: Collection[str], schema: pl.Schema) -> pl.DataFrame:
    """Return rows of some columns, as the server sent them, as a frame."""
    names = list(columns)
    held = list(rows)
    if "vector" not in names or not held:
        return pl.DataFrame(held, schema={name: schema[name] for name in names}, orient="row")
    import numpy as np

    at = names.index("vector")
    vectors = vector_series(np.stack([row[at].to_numpy() for row in held]))
    others = [name for name in names if name != "vector"]
    plain = pl.DataFrame(
        list(_without(held, at)), schema={name: schema[name] for name in others}, orient="row"
    )
    return plain.with_columns(vectors.alias("vector")).select(names)


def _without(rows: Iterable[tuple[Any, ...]], at: int) -> Iterator[tuple[Any, ...]]:
    return (row[:at] + row[at + 1 :] for row in rows)
