"""Our way from documents to rankings: chunker, encoder, index and search as a deployment runs them.

What belongs here: the steps of the assets `embeddings` and `vector_index`, without a store. What does not:
other ways (peers.py).
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.cache import MemoryCache
from webdata_assets.stages.embed.embed import embed_records
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.search import Mode, search
from webdata_assets_tests.benchmarks.ranking_metrics import CUTOFF
from webdata_assets_tests.benchmarks.rankings.collection import Collection

_PARTITION = {"date": dt.date(2026, 6, 1), "source": "collection"}


@dataclass(frozen=True)
class Ranked:
    """The best documents of each query, and how long all queries took one after the other."""

    rankings: dict[str, list[str]]
    seconds: float


def rank(collection: Collection, answer: Callable[[str], list[str]]) -> Ranked:
    """Answer every query; the first one is asked once before the clock starts."""
    answer(next(iter(collection.queries.values())))
    started = time.perf_counter()
    rankings = {name: answer(words) for name, words in collection.queries.items()}
    return Ranked(rankings, time.perf_counter() - started)


def chunks_of(collection: Collection, encoder: TextEncoder) -> pl.DataFrame:
    """Return the rows of the index, as the pipeline makes them of records with these titles and texts."""
    records = _rows(
        "records",
        [
            {
                **_PARTITION,
                "record_id": record_id(document.id),
                "url": f"https://collection.test/{document.id}",
                "title": document.title,
                "text": document.text,
            }
            for document in collection.documents
        ],
    )
    embeddings = embed_records(records, encoder, MemoryCache())
    columns = [name for name in TABLES["corpus"].polars_schema if name in records.columns]
    corpus = _rows("corpus", [{**row, "state": "live"} for row in records.select(columns).to_dicts()])
    return indexable_chunks(corpus, embeddings)


def record_id(document: str) -> str:
    """Return the id of the record that a document becomes."""
    return blake3(document.encode()).hexdigest()[:32]


def our_rankings(
    collection: Collection, chunks: pl.DataFrame, encoder: TextEncoder, folder: Path
) -> dict[str, Ranked]:
    """Return the rankings by text, by vector and by both, through an index in `folder`."""
    index = LanceIndex(folder)
    index.sync(chunks)
    snapshot = index.at()
    document_of = {record_id(document.id): document.id for document in collection.documents}

    def answer(words: str, mode: Mode) -> list[str]:
        hits = search(snapshot, encoder, words, limit=CUTOFF, mode=mode)
        return [document_of[hit.record_id] for hit in hits]

    modes: tuple[Mode, ...] = ("text", "vector", "hybrid")
    return {mode: rank(collection, lambda words, mode=mode: answer(words, mode)) for mode in modes}


def _rows(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return rows of a table, null where nothing is said."""
    schema = TABLES[table].polars_schema
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)
