"""The spool: what a crawl that is still running has finished, so that a killed run resumes where it was.

What belongs here: segments in a folder, notes beside them, and grouped writes. What does not: the final table
(store/), and what a resumed crawl does with the entries (crawler.py).

A segment is a row of entries: a line of JSON, whose `payload` says how many bytes follow it, and those bytes.
Each process writes a segment of its own and only ever adds to it. A kill, or a power cut, may leave its last
entry torn; that is told by the line's end and by the payload's hash, and passed over.
"""

import asyncio
import logging
import os
import shutil
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from blake3 import blake3

logger = logging.getLogger(__name__)

_SUFFIX = ".entries"
_NOTES = "notes"
_DROPPED = ".dropped-"
_OPEN_SEGMENTS = 64
_SEGMENT_BYTES = 256_000_000
_SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's payload lies in the spool."""

    segment: str
    offset: int
    size: int


class Spool:
    """One partition's spool in a local folder. Several processes may append to it at once."""

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

    def append(self, entries: list[tuple[bytes, bytes | None]]) -> list[Place]:
        """Add entries; when this returns they survive the process, and the machine after `sync`.

        Args:
            entries: each a JSON object in one line, without `payload`, and its payload, if any. One with a
                payload has its BLAKE3 as `payload_hash`.

        Returns:
            Where each payload lies.
        """
        if self._segment is None or self._size > _SEGMENT_BYTES:
            self._begin_segment()
        parts: list[bytes] = []
        places = []
        for line, payload in entries:
            size = -1 if payload is None else len(payload)
            head = b'%b,"payload":%d}\n' % (line[:-1], size)
            self._size += len(head)
            places.append(Place(self._name, self._size, size))
            parts.append(head)
            if payload:
                parts.append(payload)
                self._size += size
        assert self._segment is not None
        self._segment.writelines(parts)
        self._segment.flush()
        self._is_synced = False
        return places

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
        self._name = f"{uuid.uuid4().hex}{_SUFFIX}"
        self._segment = (self._folder / self._name).open("xb")
        self._size = 0

    def entries(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """Yield the entries of all segments with the places of their payloads, segment by segment.

        An entry that two runs wrote is there twice. A torn one is passed over, with the rest of its segment.
        """
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else ():
            with path.open("rb") as file:
                while line := file.readline():
                    entry = _read_entry(line, file)
                    if entry is None:
                        logger.warning("%s ends torn; what is missing is fetched again", path.name)
                        break
                    yield entry[0], Place(path.name, *entry[1:])

    def payload(self, place: Place) -> bytes | None:
        """Return an entry's payload; None where it has none."""
        if place.size < 0:
            return None
        with (self._folder / place.segment).open("rb") as file:
            return os.pread(file.fileno(), place.size, place.offset)

    @contextmanager
    def reader(self) -> Iterator[Callable[[Place], bytes | None]]:
        """Give a function like `payload` that keeps the segments open which it was asked for last."""
        opened: OrderedDict[str, BinaryIO] = OrderedDict()

        def payload_at(place: Place) -> bytes | None:
            if place.size < 0:
                return None
            file = opened.pop(place.segment, None) or (self._folder / place.segment).open("rb")
            opened[place.segment] = file
            if len(opened) > _OPEN_SEGMENTS:
                opened.popitem(last=False)[1].close()
            return os.pread(file.fileno(), place.size, place.offset)

        try:
            yield payload_at
        finally:
            for file in opened.values():
                file.close()

    def is_empty(self) -> bool:
        """Whether nothing was ever appended."""
        return next(self.entries(), None) is None

    def note(self, key: str, values: Mapping[str, Any]) -> None:
        """Keep a small JSON object under a key, in place of the one before."""
        folder = self._folder / _NOTES
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{blake3(key.encode()).hexdigest()}.json"
        unfinished = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        with unfinished.open("wb") as file:
            file.write(orjson.dumps(values))
            file.flush()
            os.fdatasync(file.fileno())
        unfinished.replace(path)

    def read_note(self, key: str) -> dict[str, Any] | None:
        """Return what was noted under a key."""
        path = self._folder / _NOTES / f"{blake3(key.encode()).hexdigest()}.json"
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


def _read_entry(line: bytes, file: BinaryIO) -> tuple[dict[str, Any], int, int] | None:
    """Return an entry with the offset and size of its payload, from behind which is read on; None if torn."""
    if not line.endswith(b"}\n"):
        return None
    try:
        values: dict[str, Any] = orjson.loads(line)
        size: int = values.pop("payload")
    except (orjson.JSONDecodeError, KeyError):
        return None
    offset = file.tell()
    if size > 0 and blake3(file.read(size)).hexdigest() != values.get("payload_hash"):
        return None
    return values, offset, size


class GroupedWriter:
    """Appends entries that finish at about the same time as one segment."""

    def __init__(self, spool: Spool) -> None:
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
