"""Search: words in, records out, ranked by text and vectors together.

What belongs here: the query, fusing the rankings, one hit per record. What does not: each ranking (lance.py,
postgres.py), and what of a chunk is shown (snippets.py).
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.index.index import ChunkFilter, Snapshot
from webdata_assets.stages.index.snippets import snippet

Mode = Literal["hybrid", "text", "vector"]

RANK_CONSTANT = 60
"""k of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
MAX_QUERY_CHARACTERS = 2_000
"""More of a query is ignored: the encoder reads no further."""

_CANDIDATES_PER_HIT = 5
_MIN_CANDIDATES = 100
_MAX_CANDIDATES = 10_000
_DEEPER = 4
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs: no text holds them, and engines stumble over them."""


@dataclass(frozen=True)
class Hit:
    """One record that answers a query, by its best chunk.

    Attributes:
        record_id: the record.
        chunk_id: its chunk that ranks best.
        url: where the record was found.
        title: the record's.
        source: the source's name.
        date: of the partition that holds this version of the record.
        language: of the record's text, as ISO 639-1.
        published_at: what the page says of its publication.
        heading_path: the headings above the chunk, the outermost first.
        score: higher is better; comparable within one answer only.
        snippet: a part of the chunk, as plain text, with an ellipsis where it was cut.
        highlights: start and end, in characters of `snippet`, of words of the query.
    """

    record_id: str
    chunk_id: str
    url: str
    title: str | None
    source: str
    date: dt.date
    language: str | None
    published_at: dt.datetime | None
    heading_path: tuple[str, ...]
    score: float
    snippet: str
    highlights: tuple[tuple[int, int], ...]


def search(
    snapshot: Snapshot,
    encoder: TextEncoder,
    query: str,
    limit: int = 10,
    where: ChunkFilter = ChunkFilter(),  # noqa: B008  (frozen)
    mode: Mode = "hybrid",
) -> list[Hit]:
    """Return the records that answer a query best, the best first; equal queries give equal answers.

    Each ranking orders records by their best chunk, so that a long record counts once; the fusion sums
    1 / (60 + rank).

    Args:
        snapshot: the state of the index to search.
        encoder: the model that made the index's vectors; not used for text.
        query: plain words; no character has a special meaning.
        limit: hits at most, at least 1.
        where: which chunks may be found; those with personal data, and those with text for language models,
            only where it says so.
        mode: by text (BM25), by vector (cosine), or both fused by rank.

    Raises:
        PermanentError: the query is empty, or the index's vectors are of another model.
        ValueError: `limit` is under 1.
    """
    words = _UNUSABLE.sub(" ", query)[:MAX_QUERY_CHARACTERS].strip()
    if not words:
        raise PermanentError(
            "The query is empty: give at least one word", failure_domain=FailureDomain.CONFIGURATION
        )
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    rankings = []
    if mode != "vector":
        rankings.append(_candidates(lambda depth: snapshot.matching(words, depth, where), limit))
    if mode != "text":
        _check_model(snapshot, encoder)
        vector = encoder.encode_queries([words])[0]
        rankings.append(_candidates(lambda depth: snapshot.nearest(vector, depth, where), limit))
    records = fuse([list(dict.fromkeys(ranking["record_id"])) for ranking in rankings])
    chunks = fuse([ranking["chunk_id"].to_list() for ranking in rankings])
    rows = {row["chunk_id"]: row for ranking in rankings for row in ranking.iter_rows(named=True)}
    best: dict[str, dict[str, Any]] = {}
    for chunk_id in chunks:
        best.setdefault(rows[chunk_id]["record_id"], rows[chunk_id])
    return [_hit(best[record_id], score, words) for record_id, score in list(records.items())[:limit]]


def fuse(rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the reciprocal rank fusion of rankings: score by id, the best first, ties by id.

    An id scores the sum of 1 / (k + rank) over the rankings that hold it, ranks counted from 1.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] += 1 / (RANK_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _candidates(ranked: Callable[[int], pl.DataFrame], limit: int) -> pl.DataFrame:
    """Return a ranking deep enough for `limit` records, though one with many chunks may fill the top."""
    depth = max(_MIN_CANDIDATES, limit * _CANDIDATES_PER_HIT)
    while True:
        rows = ranked(depth)
        if len(rows) < depth or rows["record_id"].n_unique() >= limit or depth >= _MAX_CANDIDATES:
            return rows
        depth = min(depth * _DEEPER, _MAX_CANDIDATES)


def _hit(chunk: dict[str, Any], score: float, words: str) -> Hit:
    shown = snippet(chunk["text"], words)
    return Hit(
        record_id=chunk["record_id"],
        chunk_id=chunk["chunk_id"],
        url=chunk["url"],
        title=chunk["title"],
        source=chunk["source"],
        date=chunk["date"],
        language=chunk["language"],
        published_at=chunk["published_at"],
        heading_path=tuple(chunk["heading_path"] or ()),
        score=score,
        snippet=shown.text,
        highlights=shown.highlights,
    )


def _check_model(snapshot: Snapshot, encoder: TextEncoder) -> None:
    held = snapshot.model_id()
    if held is not None and held != encoder.model_id:
        raise PermanentError(
            f"The index holds vectors of {held}, the encoder is {encoder.model_id}: set WEBDATA_ENCODER and "
            "its companions back, or embed with this encoder and publish again, or search by text",
            failure_domain=FailureDomain.CONFIGURATION,
        )
