"""The spool in a local folder.

What belongs here: segments that grow, notes beside them, and grouped writes. What does not: the form of a
segment (spool_segments.py), and the spool in an object store (object_spool.py).

Each process writes a segment of its own and only ever adds to it.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from webdata_assets.stages.crawl.spool import Entry, Place
from webdata_assets.stages.crawl.spool_segments import (
    SUFFIX,
    encode,
    note_name,
    payload_reader,
    read_payload,
    read_segment,
)

_NOTES = "notes"
_DROPPED = ".dropped-"
_SEGMENT_BYTES = 256_000_000
_SYNC_SECONDS = 1.0


class FolderSpool:
    """One partition's spool in a local folder. Implements `Spool`."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made on the first append."""
        self._folder = folder
        self._segment: BinaryIO | None = None
        self._name = ""
        self._size = 0
        self._is_synced = True

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._folder

    @property
    def scratch(self) -> Path:
        """The same folder: both go together."""
        return self._folder

    def append(self, entries: Sequence[Entry]) -> list[Place]:
        """Add entries; when this returns they survive the process, and the machine after `sync`."""
        if self._segment is None or self._size > _SEGMENT_BYTES:
            self._begin_segment()
        parts, places = encode(self._name, self._size, entries)
        assert self._segment is not None
        self._segment.writelines(parts)
        self._segment.flush()
        self._size += sum(map(len, parts))
        self._is_synced = False
        return places

    def writer(self) -> "GroupedWriter":
        """Return a writer for the event loop."""
        return GroupedWriter(self)

    def sync(self) -> None:
        """Make what was added so far survive the machine."""
        if self._segment is not None and not self._is_synced:
            self._is_synced = True
            os.fdatasync(self._segment.fileno())

    def close(self) -> None:
        """End the segment; another `append` begins a new one."""
        if self._segment is not None:
            self.sync()
            self._segment.close()
            self._segment = None

    def _begin_segment(self) -> None:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._name = f"{uuid.uuid4().hex}{SUFFIX}"
        self._segment = (self._folder / self._name).open("xb")
        self._size = 0

    def entries(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """Yield the entries of all segments with the places of their payloads, segment by segment.

        An entry that two runs wrote is there twice. A torn one is passed over, with the rest of its segment.
        """
        for path in sorted(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else ():
            yield from read_segment(path)

    def payload(self, place: Place) -> bytes | None:
        """Return an entry's payload; None where it has none."""
        return read_payload(self._folder / place.segment, place)

    def reader(self) -> AbstractContextManager[Callable[[Place], bytes | None]]:
        """Give a function like `payload` that keeps the segments open which it was asked for last."""
        return payload_reader(lambda name: self._folder / name)

    def is_empty(self) -> bool:
        """Whether nothing was ever appended."""
        return next(self.entries(), None) is None

    def note(self, key: str, values: Mapping[str, Any]) -> None:
        """Keep a small JSON object under a key, in place of the one before."""
        folder = self._folder / _NOTES
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / note_name(key)
        unfinished = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        with unfinished.open("wb") as file:
            file.write(orjson.dumps(values))
            file.flush()
            os.fdatasync(file.fileno())
        unfinished.replace(path)

    def read_note(self, key: str) -> dict[str, Any] | None:
        """Return what was noted under a key."""
        path = self._folder / _NOTES / note_name(key)
        if not path.is_file():
            return None
        values: dict[str, Any] = orjson.loads(path.read_bytes())
        return values

    def drop(self) -> None:
        """Remove the spool; harmless where there is none."""
        self.close()
        if self._folder.is_dir():
            # in one step: half a spool would make the next run fetch the other half again
            dropped = self._folder.with_name(f"{self._folder.name}{_DROPPED}{uuid.uuid4().hex}")
            self._folder.rename(dropped)
        for leftover in self._folder.parent.glob(f"{self._folder.name}{_DROPPED}*"):
            shutil.rmtree(leftover, ignore_errors=True)


class GroupedWriter:
    """Appends entries that finish in the same round of the event loop together, and syncs once a second."""

    def __init__(self, spool: FolderSpool) -> None:
        """Take the spool to write to."""
        self._spool = spool
        self._waiting: list[tuple[bytes, bytes | None, asyncio.Future[Place]]] = []
        self._syncing: asyncio.Task[None] | None = None

    async def write(self, line: bytes, payload: bytes | None) -> Place:
        """Return once the entry is in the spool. Entries that come in the same round share a segment."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Place] = loop.create_future()
        self._waiting.append((line, payload, done))
        if len(self._waiting) == 1:
            loop.call_soon(self._append)
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._sync())
        return await done

    async def close(self) -> None:
        """Finish what is being written."""
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)
        if self._waiting:
            self._append()

    def _append(self) -> None:
        # in the event loop: it goes to the page cache, and handing it to a thread costs more than writing it
        group, self._waiting = self._waiting, []
        try:
            places = self._spool.append([(line, payload) for line, payload, _ in group])
        except OSError as error:
            for _, _, done in group:
                if not done.done():
                    done.set_exception(error)
            return
        for (_, _, done), place in zip(group, places, strict=True):
            if not done.done():
                done.set_result(place)

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            await asyncio.to_thread(self._spool.sync)
