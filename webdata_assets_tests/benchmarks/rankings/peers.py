"""Other ways from the same documents to rankings.

What belongs here: one function each. What does not: our own way (ours.py), and judging (retrieval.py).
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets_tests.benchmarks.ranking_metrics import CUTOFF
from webdata_assets_tests.benchmarks.rankings.collection import Collection
from webdata_assets_tests.benchmarks.rankings.ours import Ranked, rank, record_id

CANDIDATES = 100
"""Chunks that a peer ranks, as many as our search does for ten answers."""


def has_stemmer() -> bool:
    """Whether PyStemmer is installed."""
    try:
        import Stemmer  # noqa: F401
    except ImportError:
        return False
    return True


def bm25s_rankings(collection: Collection, *, stemming: bool) -> Ranked:
    """Return the rankings of bm25s at its defaults over documents: k1 1.5, b 0.75, English stop words."""
    import bm25s

    stemmer: Any = None
    if stemming:
        import Stemmer

        stemmer = Stemmer.Stemmer("english")

    def tokens(texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords="english", stemmer=stemmer, show_progress=False)

    names = [document.id for document in collection.documents]
    ranker = bm25s.BM25()
    ranker.index(tokens([document.whole for document in collection.documents]), show_progress=False)
    limit = min(CUTOFF, len(names))

    def answer(words: str) -> list[str]:
        found, scores = ranker.retrieve(tokens([words]), k=limit, show_progress=False)
        return [names[at] for at, score in zip(found[0], scores[0], strict=True) if score > 0]

    return rank(collection, answer)


def lancedb_rankings(
    collection: Collection, chunks: pl.DataFrame, encoder: TextEncoder, folder: Path
) -> Ranked:
    """Return the rankings of LanceDB's own hybrid query at its defaults, over our chunks and vectors."""
    import lancedb
    from lancedb.index import FTS
    from lancedb.rerankers import RRFReranker

    rows = pl.DataFrame(
        {
            "record_id": chunks["record_id"],
            "text": _encoded(chunks),
            "vector": chunks["vector"].cast(pl.Array(pl.Float32, encoder.dimensions)),
        }
    )
    table = lancedb.connect(folder).create_table("chunks", rows.to_arrow())
    table.create_index("text", config=FTS())
    reranker = RRFReranker()
    document_of = _documents(collection)

    def answer(words: str) -> list[str]:
        query: Any = table.search(query_type="hybrid").vector(encoder.encode_queries([words])[0]).text(words)
        found = query.distance_type("cosine").rerank(reranker).limit(CANDIDATES).to_arrow()
        return [document_of[name] for name in dict.fromkeys(found["record_id"].to_pylist())][:CUTOFF]

    return rank(collection, answer)


def exact_rankings(collection: Collection, chunks: pl.DataFrame, encoder: TextEncoder) -> Ranked:
    """Return the rankings by the nearest vectors of another encoder, compared with every one."""
    if encoder.model_id == chunks["model_id"][0]:
        vectors = vector_matrix(chunks["vector"])
    else:
        vectors = encoder.encode(_encoded(chunks))
    document_of = _documents(collection)
    names = [document_of[name] for name in chunks["record_id"]]

    def answer(words: str) -> list[str]:
        order = np.argsort(-(vectors @ encoder.encode_queries([words])[0]), kind="stable")
        return list(dict.fromkeys(names[at] for at in order[:CANDIDATES]))[:CUTOFF]

    return rank(collection, answer)


def _encoded(chunks: pl.DataFrame) -> list[str]:
    return [encoded_text(context, text) for context, text in chunks.select("context", "text").iter_rows()]


def _documents(collection: Collection) -> dict[str, str]:
    return {record_id(document.id): document.id for document in collection.documents}
