"""How many of the true nearest chunks a search by vector finds.

What belongs here: comparing a snapshot with brute force over the vectors it holds itself.
"""

from functools import reduce

import numpy as np
import polars as pl

from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.index.index import ChunkFilter, Snapshot

NEIGHBOURS = 10
_TIE = 1e-5
"""Cosine similarities that differ by less are equal: engines add up in different orders."""
_FILTERED = ("chunk_id", "source", "language", "date", "pii", "injection")
EVERYTHING = ChunkFilter(pii=True, injection=True)


def recall_at_10(snapshot: Snapshot, sample: int, where: ChunkFilter = EVERYTHING) -> float:
    """Return the share of the true ten nearest chunks that `nearest` finds; 1.0 where there is none to find.

    Equal texts have equal vectors: any chunk that is as near as the tenth is a right answer.

    Args:
        snapshot: a state of an index.
        sample: how many of its vectors serve as queries, spread evenly over the ids.
        where: which chunks may be found; queries are taken from all of them.
    """
    held = snapshot.rows([*_FILTERED, "vector"])
    findable = held.with_row_index("row").filter(admits(where))
    neighbours = min(NEIGHBOURS, findable.height)
    if neighbours == 0:
        return 1.0
    vectors = vector_matrix(held["vector"])
    candidates = vectors[findable["row"].to_numpy()]
    row_of = {chunk_id: row for row, chunk_id in enumerate(findable["chunk_id"])}
    queries = np.linspace(0, held.height - 1, num=min(sample, held.height), dtype=np.int64)
    found = 0
    for query in queries:
        similarities = candidates @ vectors[query]
        tenth = np.partition(similarities, -neighbours)[-neighbours]
        answer = snapshot.nearest(vectors[query], neighbours, where)["chunk_id"]
        # a chunk that the filter leaves out counts as not found
        rows = [row_of[chunk_id] for chunk_id in answer if chunk_id in row_of]
        found += int((similarities[rows] >= tenth - _TIE).sum())
    return found / (len(queries) * neighbours)


def admits(where: ChunkFilter) -> pl.Expr:
    """Return what a filter means, as an expression over columns of `CHUNK_SCHEMA`."""
    conditions = [pl.lit(True)]
    if not where.pii:
        conditions.append(~pl.col("pii"))
    if not where.injection:
        conditions.append(~pl.col("injection"))
    if where.sources is not None:
        conditions.append(pl.col("source").is_in(where.sources))
    if where.languages is not None:
        conditions.append(pl.col("language").is_in(where.languages).fill_null(False))
    if where.since is not None:
        conditions.append(pl.col("date") >= where.since)
    if where.until is not None:
        conditions.append(pl.col("date") <= where.until)
    return reduce(pl.Expr.and_, conditions)
