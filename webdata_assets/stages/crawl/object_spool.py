"""The spool in an object store.

What belongs here: immutable segments put whole, notes beside them, and grouped puts. What does not: the form
of a segment (spool_segments.py), and the spool in a local folder (folder_spool.py).

Everything lies below a generation, which one object names. A spool is dropped by naming another one: half a
drop, or a process that still writes after it, leaves garbage and never half a spool. Segments never change,
so that each is read from the store once at most: what this machine has put or read stays in the scratch
folder until the spool is dropped.
"""

import asyncio
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import orjson

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.crawl.spool import Entry, Place
from webdata_assets.stages.crawl.spool_segments import (
    SUFFIX,
    encode,
    note_name,
    payload_reader,
    read_payload,
    read_segment,
)
from webdata_assets.stages.objects import Objects

_GENERATION = "generation"
_NOTES = "notes"
_SEGMENT_BYTES = 16_000_000
_READS_AT_ONCE = 8


class ObjectSpool:
    """One partition's spool in an object store. Implements `Spool`."""

    def __init__(self, objects: Objects, scratch: Path) -> None:
        """Take the place in the store.

        Args:
            objects: below the partition's prefix, which nothing else uses.
            scratch: a folder of this machine; what the spool keeps there takes as much room as its payloads.
        """
        self._objects = objects
        self._scratch = scratch
        self._known_generation: str | None = None

    @property
    def scratch(self) -> Path:
        """A folder of this machine; it goes with the spool."""
        return self._scratch

    def append(self, entries: Sequence[Entry]) -> list[Place]:
        """Add entries; when this returns they survive the machine."""
        places: list[Place] = []
        for group in _groups(entries):
            name = f"{uuid.uuid4().hex}{SUFFIX}"
            parts, of_group = encode(name, 0, group)
            content = b"".join(parts)
            self._objects.put(f"{self._begun_generation()}/{name}", content)
            self._keep(name, content)
            places += of_group
        return places

    def writer(self) -> "GroupedPuts":
        """Return a writer for the event loop."""
        return GroupedPuts(self)

    def close(self) -> None:
        """Nothing is open, and what was added survives."""

    def entries(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """Yield the entries of all segments with the places of their payloads, segment by segment."""
        names = self._segments()
        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            for begin in range(0, len(names), _READS_AT_ONCE):
                for path in pool.map(self._segment, names[begin : begin + _READS_AT_ONCE]):
                    yield from read_segment(path)

    def payload(self, place: Place) -> bytes | None:
        """Return an entry's payload; None where it has none."""
        return None if place.size < 0 else read_payload(self._segment(place.segment), place)

    def reader(self) -> AbstractContextManager[Callable[[Place], bytes | None]]:
        """Give a function like `payload` that keeps the segments open which it was asked for last."""
        return payload_reader(self._segment)

    def is_empty(self) -> bool:
        """Whether nothing was ever appended."""
        return not self._segments()

    def note(self, key: str, values: Mapping[str, Any]) -> None:
        """Keep a small JSON object under a key, in place of the one before."""
        self._objects.put(f"{self._begun_generation()}/{_NOTES}/{note_name(key)}", orjson.dumps(values))

    def read_note(self, key: str) -> dict[str, Any] | None:
        """Return what was noted under a key."""
        generation = self._generation()
        content = generation and self._objects.get(f"{generation}/{_NOTES}/{note_name(key)}")
        if not content:
            return None
        values: dict[str, Any] = orjson.loads(content)
        return values

    def drop(self) -> None:
        """Remove the spool; harmless where there is none."""
        if next(self._objects.list(), None) is not None:
            # in one step: half a spool would make the next run fetch the other half again
            self._objects.put(_GENERATION, uuid.uuid4().hex.encode())
            self._objects.delete([info.key for info in self._objects.list() if info.key != _GENERATION])
            self._objects.delete([_GENERATION])
        self._known_generation = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _generation(self) -> str | None:
        """Return the name of the generation that is in use; None where none is."""
        if self._known_generation is None:
            named = self._objects.get(_GENERATION)
            self._known_generation = None if named is None else named.decode()
        return self._known_generation

    def _begun_generation(self) -> str:
        """Return the name of the generation to write to; of processes that begin at once, one names it."""
        generation = self._generation()
        if generation is None:
            mine = uuid.uuid4().hex.encode()
            self._objects.put_if_absent(_GENERATION, mine)
            generation = self._known_generation = (self._objects.get(_GENERATION) or mine).decode()
        return generation

    def _segments(self) -> list[str]:
        """Return the names of the segments."""
        generation = self._generation()
        if generation is None:
            return []
        prefix = f"{generation}/"
        keys = (info.key.removeprefix(prefix) for info in self._objects.list(generation))
        return [key for key in keys if key.endswith(SUFFIX)]

    def _segment(self, name: str) -> Path:
        """Return the file of a segment, read from the store unless it is there."""
        path = self._scratch / name
        if not path.is_file():
            key = f"{self._generation()}/{name}"
            content = self._objects.get(key)
            if content is None:
                raise TransientError(
                    f"{self._objects.uri}/{key} is gone: another process has dropped the spool; run the "
                    "partition again",
                    failure_domain=FailureDomain.RESOURCE,
                )
            self._keep(name, content)
        return path

    def _keep(self, name: str, content: bytes) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        unfinished = self._scratch / f"{name}.{uuid.uuid4().hex}"
        unfinished.write_bytes(content)
        unfinished.replace(self._scratch / name)


class GroupedPuts:
    """Puts entries as segments: while one put is under way, the entries of the next one gather."""

    def __init__(self, spool: ObjectSpool) -> None:
        """Take the spool to write to."""
        self._spool = spool
        self._waiting: list[tuple[bytes, bytes | None, asyncio.Future[Place]]] = []
        self._putting: asyncio.Task[None] | None = None

    async def write(self, line: bytes, payload: bytes | None) -> Place:
        """Return once the entry is in the object store."""
        done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, payload, done))
        if self._putting is None or self._putting.done():
            self._putting = asyncio.create_task(self._put())
        return await done

    async def close(self) -> None:
        """Finish what is being written."""
        if self._putting is not None:
            await self._putting

    async def _put(self) -> None:
        # entries that finish in the same round of the event loop go together
        await asyncio.sleep(0)
        while self._waiting:
            group, self._waiting = self._waiting, []
            entries = [(line, payload) for line, payload, _ in group]
            put = asyncio.create_task(asyncio.to_thread(self._spool.append, entries))
            await asyncio.wait([put])
            if (error := put.exception()) is not None:
                # raised by every `write` that waits, also for the next group: it would wait as long in vain
                for _, _, done in [*group, *self._waiting]:
                    if not done.done():
                        done.set_exception(error)
                self._waiting = []
                return
            for (_, _, done), place in zip(group, put.result(), strict=True):
                if not done.done():
                    done.set_result(place)


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries in groups that make segments of no more than a few megabytes each."""
    group: list[Entry] = []
    size = 0
    for line, payload in entries:
        added = len(line) + len(payload or b"")
        if group and size + added > _SEGMENT_BYTES:
            yield group
            group, size = [], 0
        group.append((line, payload))
        size += added
    if group:
        yield group
