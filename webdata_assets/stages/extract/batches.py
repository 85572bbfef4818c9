"""Extraction in batches that travel as steps: which pages make one, and the bytes of what they gave.

What belongs here: cutting a partition by URL, and an exact form of answers. What does not: extracting
(workers/pool.py), and where the bytes are kept (store/extractions.py).
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from webdata_assets.stages.extract.extraction import Payload

if TYPE_CHECKING:
    from webdata_assets.stages.extract.main_content.templates import Templates

Answers = Iterable[tuple[Payload, Any]]


@dataclass(frozen=True)
class Batch:
    """Neighbouring pages of a partition, in the order of their URLs."""

    number: int
    first_url: str
    last_url: str
    pages: int


def plan_batches(pages: pl.LazyFrame, pages_per_batch: int) -> list[Batch]:
    """Return the batches of a partition's pages, all of them of about the same size.

    Args:
        pages: with the column `url`, each once.
        pages_per_batch: at most.
    """
    urls = pages.select("url").sort("url").collect()["url"]
    if urls.is_empty():
        return []
    count = -(-len(urls) // pages_per_batch)
    bounds = [number * len(urls) // count for number in range(count + 1)]
    return [
        Batch(number, urls[start], urls[end - 1], end - start)
        for number, (start, end) in enumerate(pairwise(bounds))
    ]


def pack_answers(answers: Answers) -> bytes:
    """Return pages with what a worker said of each, as compressed lines of JSON."""
    lines = [
        orjson.dumps([page.url, page.payload_hash, page.payload_date.isoformat(), answer])
        for page, answer in answers
    ]
    content = b"\n".join(lines)
    return len(content).to_bytes(8) + _codec().compress(content, asbytes=True)


def unpack_answers(packed: bytes) -> Iterator[tuple[Payload, Any]]:
    """Yield what `pack_answers` packed; the pages without their bytes."""
    content = _codec().decompress(packed[8:], int.from_bytes(packed[:8]), asbytes=True)
    for line in content.split(b"\n") if content else ():
        url, payload_hash, date, answer = orjson.loads(line)
        yield Payload(url, url, None, b"", payload_hash, dt.date.fromisoformat(date)), answer


def pack_templates(templates: "Templates") -> bytes:
    """Return the blocks that pages of a host share, as JSON."""
    return orjson.dumps(
        {host: sorted(map(bytes.hex, blocks)) for host, blocks in sorted(templates.blocks.items())}
    )


def unpack_templates(packed: bytes) -> "Templates":
    """Return what `pack_templates` packed."""
    from webdata_assets.stages.extract.main_content.templates import Templates

    blocks: dict[str, list[str]] = orjson.loads(packed)
    return Templates({host: frozenset(map(bytes.fromhex, each)) for host, each in blocks.items()})


def _codec() -> Any:
    import pyarrow as pa

    return pa.Codec("zstd", 3)
