"""Segments: rows of entries, each a line of JSON and the bytes of a payload, in files.

What belongs here: their form, and reading it. What does not: where segments lie and when they are written
(folder_spool.py, object_spool.py).

The line of an entry says as `payload` how many bytes follow it. A kill, or a power cut, may leave the last
entry of a file torn; that is told by the line's end and by the payload's hash, and passed over.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from blake3 import blake3

from webdata_assets.stages.crawl.spool import Entry, Place

logger = logging.getLogger(__name__)

SUFFIX = ".entries"
_OPEN_SEGMENTS = 64


def encode(segment: str, offset: int, entries: Sequence[Entry]) -> tuple[list[bytes], list[Place]]:
    """Return entries as bytes in parts, and where their payloads will lie.

    Args:
        segment: the name of the one that they are added to.
        offset: its length in bytes so far.
        entries: to be added.
    """
    parts: list[bytes] = []
    places = []
    for line, payload in entries:
        size = -1 if payload is None else len(payload)
        head = b'%b,"payload":%d}\n' % (line[:-1], size)
        offset += len(head)
        places.append(Place(segment, offset, size))
        parts.append(head)
        if payload:
            parts.append(payload)
            offset += size
    return parts, places


def read_segment(path: Path) -> Iterator[tuple[dict[str, Any], Place]]:
    """Yield the entries of a segment; a torn one is passed over, with what is behind it."""
    with path.open("rb") as file:
        while line := file.readline():
            entry = _read_entry(line, file)
            if entry is None:
                logger.warning("%s ends torn; what is missing is fetched again", path.name)
                break
            yield entry[0], Place(path.name, *entry[1:])


@contextmanager
def payload_reader(find: Callable[[str], Path]) -> Iterator[Callable[[Place], bytes | None]]:
    """Give a function from places to payloads that keeps the segments open which it was asked for last.

    Args:
        find: from a segment's name to its file.
    """
    opened: OrderedDict[str, BinaryIO] = OrderedDict()

    def payload_at(place: Place) -> bytes | None:
        if place.size < 0:
            return None
        file = opened.pop(place.segment, None) or find(place.segment).open("rb")
        opened[place.segment] = file
        if len(opened) > _OPEN_SEGMENTS:
            opened.popitem(last=False)[1].close()
        return os.pread(file.fileno(), place.size, place.offset)

    try:
        yield payload_at
    finally:
        for file in opened.values():
            file.close()


def read_payload(path: Path, place: Place) -> bytes | None:
    """Return an entry's payload from its segment; None where it has none."""
    if place.size < 0:
        return None
    with path.open("rb") as file:
        return os.pread(file.fileno(), place.size, place.offset)


def note_name(key: str) -> str:
    """Return the file name of the note under a key."""
    return f"{blake3(key.encode()).hexdigest()}.json"


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
