"""Search: words in, records out, ranked by text and vectors together.

What belongs here: fusing the rankings, one hit per record, snippets. What does not: each ranking (lance.py).
"""

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.index.filters import chunk_filter
from webdata_assets.stages.index.lance import LanceIndex

Mode = Literal["hybrid", "text", "vector"]

RANK_CONSTANT = 60
"""k of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
MAX_QUERY_CHARACTERS = 2_000
"""More of a query is ignored: the encoder reads no further."""
SNIPPET_CHARACTERS = 240

_CANDIDATES_PER_HIT = 5
_MIN_CANDIDATES = 50
_MAX_QUERY_WORDS = 64


@dataclass(frozen=True)
class Hit:
    """One record that answers a query, by its best chunk. A higher score is better."""

    record_id: str
    chunk_id: str
    url: str
    title: str | None
    source: str
    date: dt.date
    score: float
    snippet: str


def search(
    index: LanceIndex,
    encoder: TextEncoder,
    query: str,
    limit: int = 10,
    source: str | None = None,
    mode: Mode = "hybrid",
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> list[Hit]:
    """Return the records that answer a query best, the best first.

    Args:
        index: where to search.
        encoder: the model that made the index's vectors.
        query: plain words; no character has a special meaning.
        limit: hits at most, at least 1.
        source: only records of this source.
        mode: by text (BM25), by vector (cosine), or both fused by rank.
        since: only chunks of this date or later.
        until: only chunks of this date or earlier.

    Raises:
        PermanentError: the query is empty, or the index's vectors are of another model.
        ValueError: `limit` is under 1.
    """
    query = query[:MAX_QUERY_CHARACTERS].strip()
    if not query:
        raise PermanentError(
            "The query is empty: give at least one word", failure_domain=FailureDomain.CONFIGURATION
        )
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    where = chunk_filter(source=source, since=since, until=until)
    depth = max(_MIN_CANDIDATES, limit * _CANDIDATES_PER_HIT)
    rankings = []
    if mode != "vector":
        rankings.append(index.matching(query, depth, where))
    if mode != "text":
        _check_model(index, encoder)
        rankings.append(index.nearest(encoder.encode([query])[0], depth, where))
    scores = fuse([ranking["chunk_id"].to_list() for ranking in rankings])
    chunks = {row["chunk_id"]: row for ranking in rankings for row in ranking.iter_rows(named=True)}
    best: dict[str, str] = {}
    for chunk_id in scores:
        best.setdefault(chunks[chunk_id]["record_id"], chunk_id)
    return [
        Hit(
            record_id=record_id,
            chunk_id=chunk_id,
            url=chunks[chunk_id]["url"],
            title=chunks[chunk_id]["title"],
            source=chunks[chunk_id]["source"],
            date=chunks[chunk_id]["date"],
            score=scores[chunk_id],
            snippet=snippet(chunks[chunk_id]["text"], query),
        )
        for record_id, chunk_id in list(best.items())[:limit]
    ]


def fuse(rankings: list[list[str]]) -> dict[str, float]:
    """Return the reciprocal rank fusion of rankings: score by id, the best first, ties by id.

    An id scores the sum of 1 / (k + rank) over the rankings that hold it, ranks counted from 1.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] += 1 / (RANK_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def snippet(text: str, query: str, characters: int = SNIPPET_CHARACTERS) -> str:
    """Return the part of `text` with the most different words of `query`, with ellipses where it was cut.

    The part between the ellipses is an exact slice of the text, of about `characters` characters.
    """
    if len(text) <= characters:
        return text
    start = max(0, _densest(text, query, characters) - characters // 4)
    start = min(start, len(text) - characters)
    end = start + characters
    start, end = _at_words(text, start, end)
    return ("…" if start > 0 else "") + text[start:end] + ("…" if end < len(text) else "")


def _densest(text: str, query: str, characters: int) -> int:
    words = list(dict.fromkeys(re.findall(r"\w+", query.lower())))[:_MAX_QUERY_WORDS]
    if not words:
        return 0
    # words that begin with a query word count too, as the text index stems
    pattern = r"\b(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"
    matches = [(match.start(), match[0].lower()) for match in re.finditer(pattern, text, re.IGNORECASE)]
    best, most, last = 0, 0, 0
    inside: defaultdict[str, int] = defaultdict(int)
    for first, (position, word) in enumerate(matches):
        while last < len(matches) and matches[last][0] < position + characters * 3 // 4:
            inside[matches[last][1]] += 1
            last += 1
        distinct = sum(count > 0 for count in inside.values())
        if distinct > most:
            best, most = matches[first][0], distinct
        inside[word] -= 1
    return best


def _at_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Move the ends of a slice inwards to the next space, unless that is far."""
    reach = 30
    if start > 0 and (space := re.search(r"\s", text[start : start + reach])):
        start += space.end()
    if end < len(text) and (spaces := list(re.finditer(r"\s", text[end - reach : end]))):
        end = end - reach + spaces[-1].start()
    return start, end


def _check_model(index: LanceIndex, encoder: TextEncoder) -> None:
    held = index.model_id()
    if held is not None and held != encoder.model_id:
        raise PermanentError(
            f"The index holds vectors of {held}, the encoder is {encoder.model_id}: "
            "materialize embeddings and vector_index with this encoder, or search by text",
            failure_domain=FailureDomain.CONFIGURATION,
        )
