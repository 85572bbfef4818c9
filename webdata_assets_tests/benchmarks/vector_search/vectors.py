"""Vectors that lie as those of texts do, and chunks around them.

What belongs here: making the data, the same for the same seed. What does not: measuring.
"""

import datetime as dt

import numpy as np
import polars as pl

from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA

TOPICS = 1_000
SPREAD = 0.8
"""Of a topic's vectors around its centre: a vector's tenth neighbour of 100,000 is at cosine 0.7."""
QUERY_SPREAD = 0.35
RARE_SHARE = 0.01
RARE, COMMON = "rare", tuple(f"common{number}" for number in range(9))

_WORDS, _WORDS_OF_A_TEXT = 30_000, 100


def topical(rows: int, dimensions: int, seed: int) -> Vectors:
    """Return unit vectors around centres of topics of uneven size; most variance is in few directions."""
    random = np.random.default_rng(seed)
    fixed = np.random.default_rng(0)
    scale = np.arange(1, dimensions + 1, dtype=np.float32) ** -0.5
    turn = np.linalg.qr(fixed.normal(size=(dimensions, dimensions)))[0].astype(np.float32)

    def draw(source: np.random.Generator, count: int) -> Vectors:
        plain = source.standard_normal((count, dimensions), dtype=np.float32)
        return (plain * (scale / np.linalg.norm(scale))) @ turn

    centres = draw(fixed, TOPICS)
    weights = np.arange(1, TOPICS + 1) ** -0.7
    topics = random.choice(TOPICS, size=rows, p=weights / weights.sum())
    return _unit(centres[topics] + SPREAD * draw(random, rows))


def questions(vectors: Vectors, count: int, seed: int) -> Vectors:
    """Return unit vectors each of which is near one of the given."""
    random = np.random.default_rng(seed)
    noise = topical(count, vectors.shape[1], seed)
    return _unit(vectors[random.integers(0, len(vectors), count)] + QUERY_SPREAD * noise)


def sources(rows: int, seed: int) -> np.ndarray:
    """Return a source for each row, of which one has a hundredth of the rows."""
    random = np.random.default_rng(seed)
    common = np.array(COMMON)[random.integers(0, len(COMMON), rows)]
    return np.where(random.random(rows) < RARE_SHARE, RARE, common)


def chunks(vectors: Vectors, of_sources: np.ndarray, seed: int, first: int = 0) -> pl.DataFrame:
    """Return rows of `CHUNK_SCHEMA` with texts of 100 words whose frequencies follow Zipf's law."""
    rows = len(vectors)
    frequencies = 1 / np.arange(1, _WORDS + 1)
    words = np.random.default_rng(seed).choice(
        _WORDS, size=(rows, _WORDS_OF_A_TEXT), p=frequencies / frequencies.sum()
    )
    texts = [" ".join(f"w{word}" for word in row) for row in words.tolist()]
    numbers = range(first, first + rows)
    values = {
        "chunk_id": [f"{number:032x}-0000" for number in numbers],
        "record_id": [f"{number:032x}" for number in numbers],
        "source": of_sources.tolist(),
        "date": [dt.date(2026, 1, 1) + dt.timedelta(days=number % 90) for number in numbers],
        "url": [f"https://site.example/{number}" for number in numbers],
        "text": texts,
        "text_hash": [f"{seed:08x}{number:056x}" for number in numbers],
    }
    constant = {
        "kind": "article", "language": "en", "field": "text", "start": 0, "end": 1, "heading_path": [],
        "pii": False, "injection": False, "model_id": "synthetic@1",
    }  # fmt: skip
    frame = pl.DataFrame(
        [
            pl.Series(name, values[name] if name in values else [constant.get(name)] * rows, dtype)
            for name, dtype in CHUNK_SCHEMA.items()
        ]
    )
    return frame.with_columns(vector_series(vectors))


def _unit(vectors: Vectors) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
