"""Kept extractions: what the pages of a growing partition gave when they were read first.

What belongs here: keeping them beside the tables for as long as their partition grows. What does not: their
form (stages/extract/packed.py), and when they may stand in for reading (assets/records.py).

They are a cache: whatever is missing, or of another version of code and rules, is read again.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from blake3 import blake3

from webdata_assets.partitions import Partition
from webdata_assets.stages.extract.extraction import Extraction
from webdata_assets.stages.extract.packed import pack, unpack
from webdata_assets.store.location import Location

_ROOM = "extractions"


@dataclass(frozen=True)
class KeptExtractions:
    """The extractions of one partition, in parts: one for each time that it grew."""

    location: Location
    partition: Partition
    version: str
    """Of the code and the source's rules (`extractor_version`)."""

    def read(self, present: Mapping[str, str]) -> Iterator[tuple[list[str], Extraction]]:
        """Yield the parts all of whose pages are still as they were: their URLs, and what they gave.

        Args:
            present: URL → payload hash of the partition's pages.
        """
        known: set[str] = set()
        for content in self._parts():
            head, _, packed = content.partition(b"\n")
            about = orjson.loads(head)
            pages = about["pages"]
            is_as_it_was = all(present.get(url) == payload_hash for url, payload_hash in pages.items())
            if about["version"] == self.version and is_as_it_was and known.isdisjoint(pages):
                known |= set(pages)
                yield list(pages), unpack(packed)

    def add(self, pages: Mapping[str, str], extraction: Extraction) -> None:
        """Keep what pages gave, but for those that failed. What earlier dates of the source kept goes.

        Args:
            pages: URL → payload hash.
            extraction: of these pages.
        """
        failed = {failure.url for failure in extraction.failures}
        good = {url: payload_hash for url, payload_hash in pages.items() if url not in failed}
        if not good:
            return
        head = orjson.dumps({"version": self.version, "pages": good}, option=orjson.OPT_SORT_KEYS)
        content = head + b"\n" + pack(replace(extraction, failures=()))
        name = f"{blake3(head).hexdigest()[:32]}.part"
        if self.location.is_local:
            folder = self._folder / self.partition.date.isoformat()
            # a reader sees the whole part, or none; none too if a later date has just removed the folder
            half = folder / f".{name}.{os.getpid()}"
            with suppress(FileNotFoundError, FileExistsError):
                folder.mkdir(parents=True, exist_ok=True)
                half.write_bytes(content)
                half.replace(folder / name)
            for other in list(self._folder.iterdir()):
                if other.name < self.partition.date.isoformat():
                    shutil.rmtree(other, ignore_errors=True)
            return
        objects = self.location.objects(_ROOM, self.partition.source)
        objects.put(f"{self.partition.date.isoformat()}/{name}", content)
        today = self.partition.date.isoformat()
        objects.delete([info.key for info in objects.list() if info.key.split("/")[0] < today])

    def drop(self) -> None:
        """Remove what is kept of the partition; harmless where nothing is."""
        if self.location.is_local:
            shutil.rmtree(self._folder / self.partition.date.isoformat(), ignore_errors=True)
            return
        objects = self.location.objects(_ROOM, self.partition.source, self.partition.date.isoformat())
        objects.delete([info.key for info in objects.list()])

    def _parts(self) -> Iterator[bytes]:
        if self.location.is_local:
            folder = self._folder / self.partition.date.isoformat()
            # a later date may remove them meanwhile
            with suppress(FileNotFoundError):
                for path in sorted(folder.glob("*.part")):
                    yield path.read_bytes()
            return
        objects = self.location.objects(_ROOM, self.partition.source, self.partition.date.isoformat())
        for info in objects.list():
            found = objects.get(info.key)
            if found is not None:
                yield found

    @property
    def _folder(self) -> Path:
        return self.location.folder(_ROOM, self.partition.source)
