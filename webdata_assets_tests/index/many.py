"""Chunks in any number, for indexes under test.

What belongs here: making rows. What does not: assertions, and texts that mean something (searching.py).
"""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.index import ChunkFilter

DIMENSIONS = 16
DAY = dt.date(2026, 1, 2)
SOURCES = ("blog", "shop")
EVERYTHING = ChunkFilter(pii=True, injection=True)


def chunks(
    count: int, *, seed: int = 0, model_id: str = "tiny@1", dimensions: int = DIMENSIONS
) -> pl.DataFrame:
    """Return one chunk each of so many records, sorted by id; sources and dates take turns."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [_row(number, model_id) for number in range(count)]
    return pl.DataFrame(rows, schema=CHUNK_SCHEMA).with_columns(vector_series(vectors))


def _row(number: int, model_id: str) -> dict[str, object]:
    return {
        "chunk_id": chunk_id(number),
        "record_id": f"{number:032x}",
        "source": SOURCES[number % 2],
        "date": DAY + dt.timedelta(days=number % 3),
        "url": f"https://x.test/{number}",
        "title": None if number % 5 == 0 else f"Title {number}",
        "kind": "article",
        "published_at": None if number % 4 == 0 else dt.datetime(2026, 1, 1, 12, number % 60, tzinfo=dt.UTC),
        "language": (None, "en", "de")[number % 3],
        "pii": number % 10 == 3,
        "injection": number % 10 == 7,
        "field": "text",
        "start": number,
        "end": number + 20,
        "heading_path": [] if number % 2 else ["Guide", f"Part {number}"],
        "context": None if number % 5 == 0 else f"Title {number}\nPart {number}",
        "text": f"kettle number{number} boils\n\nübrigens",
        "text_hash": f"{number:064x}",
        "model_id": model_id,
        "vector": None,
    }


def chunk_id(number: int) -> str:
    return f"{number:032x}-0000"


def numbers(found: pl.DataFrame) -> list[int]:
    """Return which of the chunks were found, in their order."""
    return [int(name[:32], 16) for name in found["chunk_id"]]


def disk_bytes(folder: str | Path) -> int:
    """Return the size of all files of a folder."""
    return sum(place.stat().st_size for place in Path(folder).rglob("*") if place.is_file())
