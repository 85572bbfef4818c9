"""Embedding in a process that kills itself: `python -m …killable_embed ROOT LOG MOMENT BATCH`.

Each text that is encoded is a line of LOG, so that the test can count them over several processes.
"""

import datetime as dt
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed import embed
from webdata_assets.stages.embed.encoder import OnProgress, Vectors
from webdata_assets.store import Store
from webdata_assets.store.tables import Tables
from webdata_assets.store.vectors import StoredVectors
from webdata_assets_tests.embed.tiny import tiny_encoder

TEXTS, BATCH = 95, 10
MOMENTS = ("in the encoder", "before the commit", "after the commit")


class Logging:
    """The tiny encoder, which writes down what it encodes, and ends in the middle of a batch where told."""

    def __init__(self, log: Path, last_batch: int | None = None) -> None:
        self._inner = tiny_encoder()
        self._log = log
        self._left = last_batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        for number, text in enumerate(texts):
            if self._left == 1 and number == BATCH // 2:
                die()
            with self._log.open("a") as log:
                log.write(f"{text}\n")
        if self._left is not None:
            self._left -= 1
        return self._inner.encode(texts, on_progress)


def die() -> None:
    """End at once, as the kernel ends a process for memory: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def records() -> pl.DataFrame:
    """Return records of one chunk each."""
    place = {"date": dt.date(2026, 6, 1), "source": "shop"}
    rows = [{**place, "record_id": f"{number:032x}", "text": f"text {number}"} for number in range(TEXTS)]
    return pl.DataFrame(rows, schema=RECORDS.polars_schema)


def die_at_commit(number: int, *, after: bool) -> None:
    """End around the commit of a batch, counted from 1."""
    append, left = Tables.append, iter(range(number - 1))

    def method(self: Tables, table: Any, frame: pl.DataFrame) -> int:
        is_last = next(left, None) is None
        if is_last and not after:
            die()
        version = append(self, table, frame)
        if is_last:
            die()
        return version

    Tables.append = method  # type: ignore[method-assign]


def main(root: str, log: str, moment: str, batch: str) -> None:
    embed.BATCH_CHUNKS = BATCH
    encoder = Logging(Path(log), int(batch) if moment == "in the encoder" else None)
    if moment in ("before the commit", "after the commit"):
        die_at_commit(int(batch), after=moment == "after the commit")
    embed.embed_records(records(), encoder, StoredVectors(Store.open(root).tables))
    sys.exit(f"batch {batch} was never reached")


if __name__ == "__main__":
    main(*sys.argv[1:])
