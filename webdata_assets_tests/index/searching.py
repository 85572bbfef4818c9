"""A small index of real texts, to search.

What belongs here: making one. What does not: assertions.
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from blake3 import blake3

from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.lance_snapshot import LanceSnapshot
from webdata_assets.stages.index.search import Hit


@dataclass(frozen=True)
class Passage:
    """One chunk: of which record, and what it says."""

    record: int
    text: str
    source: str = "shop"
    ordinal: int = 0
    title: str | None = None
    language: str | None = "en"
    headings: list[str] = field(default_factory=list)
    pii: bool = False
    injection: bool = False
    published_at: dt.datetime | None = None

    @property
    def date(self) -> dt.date:
        return dt.date(2026, 1, 1) + dt.timedelta(days=self.record - 1)

    @property
    def context(self) -> str | None:
        return "\n".join(filter(None, (self.title, *self.headings))) or None


def rows_of(passages: list[Passage], encoder: TextEncoder) -> pl.DataFrame:
    """Return rows of `CHUNK_SCHEMA`, encoded as the pipeline does."""
    encoded = [encoded_text(each.context, each.text) for each in passages]
    rows = [
        {
            **dict.fromkeys(CHUNK_SCHEMA),
            "chunk_id": f"{each.record:032x}-{each.ordinal:04d}",
            "record_id": f"{each.record:032x}",
            "source": each.source,
            "date": each.date,
            "url": f"https://x.test/{each.record}",
            "title": each.title,
            "language": each.language,
            "published_at": each.published_at,
            "heading_path": each.headings,
            "context": each.context,
            "field": "text",
            "start": 0,
            "end": len(each.text),
            "text": each.text,
            "text_hash": blake3(text.encode()).hexdigest(),
            "pii": each.pii,
            "injection": each.injection,
            "model_id": encoder.model_id,
        }
        for each, text in zip(passages, encoded, strict=True)
    ]
    vectors = vector_series(encoder.encode(encoded))
    return pl.DataFrame(rows, schema=CHUNK_SCHEMA).with_columns(vectors)


def snapshot_of(passages: list[Passage], encoder: TextEncoder, folder: Path) -> LanceSnapshot:
    """Return an index of these chunks, to read."""
    index = LanceIndex(folder)
    index.sync(rows_of(passages, encoder))
    return index.at()


def records(hits: list[Hit]) -> list[int]:
    """Return the numbers of the records found, the best first."""
    return [int(hit.record_id, 16) for hit in hits]
