"""The spool: what a crawl that is still running has finished, so that a killed run resumes where it was.

What belongs here: what a spool promises, wherever it lies. What does not: where it lies (folder_spool.py,
object_spool.py), the final table (store/), and what a resumed crawl does with the entries (crawler.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Entry = tuple[bytes, bytes | None]
"""A JSON object in one line, without `payload`, and its payload, if any; then it has the payload's BLAKE3 as
`payload_hash`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry's payload lies in the spool."""

    segment: str
    offset: int
    size: int


class SpoolWriter(Protocol):
    """Appends entries that finish at about the same time together."""

    async def write(self, line: bytes, payload: bytes | None) -> Place:
        """Return once the entry is in the spool."""
        ...

    async def close(self) -> None:
        """Finish what is being written."""
        ...


class Spool(Protocol):
    """One partition's spool. Several processes may append to it at once."""

    @property
    def scratch(self) -> Path:
        """A folder of this machine for what goes with the spool, and may be lost with the machine."""
        ...

    def append(self, entries: Sequence[Entry]) -> list[Place]:
        """Add entries; when this returns they survive the process. Returns where each payload lies."""
        ...

    def writer(self) -> SpoolWriter:
        """Return a writer for the event loop."""
        ...

    def close(self) -> None:
        """Make what was added survive the machine, and release what is open."""
        ...

    def entries(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """Yield the entries with the places of their payloads. One that two runs wrote is there twice."""
        ...

    def payload(self, place: Place) -> bytes | None:
        """Return an entry's payload; None where it has none."""
        ...

    def reader(self) -> AbstractContextManager[Callable[[Place], bytes | None]]:
        """Give a function like `payload` for many of them."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing was ever appended."""
        ...

    def note(self, key: str, values: Mapping[str, Any]) -> None:
        """Keep a small JSON object under a key, in place of the one before."""
        ...

    def read_note(self, key: str) -> dict[str, Any] | None:
        """Return what was noted under a key."""
        ...

    def drop(self) -> None:
        """Remove the spool in one step; harmless where there is none."""
        ...
