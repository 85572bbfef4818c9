"""The spool: pages of a crawl that is still running, so that a killed run resumes where it was.

What belongs here: immutable segments in a folder, and grouped writes to them. What does not: the final table
(store/), and what a resumed crawl does with the rows (crawler.py).
"""

import asyncio
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.stages.crawl.rows import SPOOL_SCHEMA

_SUFFIX = ".arrow"


class Spool:
    """One partition's spool in a local folder: each append is one segment, there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made on the first append."""
        self._folder = folder

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Write the rows as one segment; when this returns they survive the process.

        Args:
            rows: with the columns of SPOOL_SCHEMA.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        values = [[row[name] for name in SPOOL_SCHEMA] for row in rows]
        frame = pl.DataFrame(values, schema=SPOOL_SCHEMA, orient="row")
        segment = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        unfinished = segment.with_suffix(".tmp")
        with unfinished.open("wb") as file:
            frame.write_ipc(file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(segment)

    def read(self) -> pl.DataFrame:
        """Return the rows of all segments: the columns of pages, `head` and `first_tried_at`.

        A URL that two runs finished is there once.
        """
        segments = sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else []
        frames = [pl.read_ipc(segment) for segment in segments]
        rows = pl.concat(frames) if frames else pl.DataFrame(schema=SPOOL_SCHEMA)
        return rows.unique("url", keep="first", maintain_order=True)

    def drop(self) -> None:
        """Remove the spool; harmless where there is none."""
        if self._folder.is_dir():
            shutil.rmtree(self._folder)


class GroupedWriter:
    """Appends rows that finish at about the same time as one segment."""

    def __init__(self, spool: Spool) -> None:
        """Take the spool to write to."""
        self._spool = spool
        self._lock = asyncio.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._taken = 0
        self._written = 0

    async def write(self, row: dict[str, Any]) -> None:
        """Return once the row is in the spool. Rows that come during a write share the next one."""
        self._waiting.append(row)
        self._taken += 1
        place = self._taken
        async with self._lock:
            if self._written >= place:
                return
            group, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._spool.append, group)
            except BaseException:
                # the others of the group must not take a failed write for a finished one
                self._waiting = group + self._waiting
                raise
            self._written += len(group)
