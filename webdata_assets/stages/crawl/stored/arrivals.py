"""Arrivals: what has been delivered to a source for a date, and whether its sender says that it is all.

What belongs here: one look at folders and prefixes, which reads no file. What does not: waiting until nothing
changes any more (automation/arrival.py), and the pages (files.py, warc.py).
"""

import datetime as dt
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.stored.files import list_files, name_of_file
from webdata_assets.stages.objects import Objects

Entry = tuple[bytes, int, str]
"""A file's name below its folder, its size, and what changes whenever its content does."""


@dataclass(frozen=True)
class Arrived:
    """What lies there at one moment.

    Attributes:
        files: their number; the marker is none of them.
        size: of all together, in bytes.
        fingerprint: changes whenever a file comes, grows, is replaced or goes.
        is_marked: whether the marker is in every folder that the source names.
    """

    files: int
    size: int
    fingerprint: str
    is_marked: bool


def look(source: Source, date: dt.date, options: Mapping[str, str]) -> Arrived | None:
    """Return what has been delivered for a date; None where nothing has.

    Args:
        source: of `via: files` or `via: warc`.
        date: the partition's; without `{date}` in its path, every date sees the same.
        options: of the object store, for prefixes.

    Raises:
        PermanentError: CONFIGURATION or ACCESS, naming what cannot be read.
        TransientError: RESOURCE, the store does not answer.
    """
    marker = source.arrival.marker if source.arrival else None
    digest, files, size, is_marked = blake3(), 0, 0, True
    for rule in source.fetch.discover:
        if not isinstance(rule, DiscoverFiles | DiscoverWarc):
            continue
        place, is_here = rule.at(date), False
        try:
            entries = sorted(_entries(rule, place, date, options))
            if marker is not None:
                is_here = _has(place, marker, options)
        except OSError as error:
            raise PermanentError(
                f"{place} cannot be looked at ({error.strerror}); correct `path` or its permissions",
                failure_domain=FailureDomain.ACCESS,
            ) from error
        for name, length, version in entries:
            if marker is not None and name == os.fsencode(marker):
                continue
            files, size = files + 1, size + length
            for part in (place.encode(), name, str(length).encode(), version.encode()):
                digest.update(len(part).to_bytes(4, "big"))
                digest.update(part)
        is_marked &= is_here
    return Arrived(files, size, digest.hexdigest()[:32], is_marked) if files or is_marked else None


def _has(place: str, marker: str, options: Mapping[str, str]) -> bool:
    if "://" in place:
        return Objects(place, options).size(marker) is not None
    return (Path(place) / marker).is_file()


def _entries(
    rule: DiscoverFiles | DiscoverWarc, place: str, date: dt.date, options: Mapping[str, str]
) -> Iterator[Entry]:
    if "://" in place:
        wanted = _names(rule, date, options)
        for info in Objects(place, options).list():
            if wanted is None or info.key in wanted:
                yield info.key.encode(), info.size, info.etag or ""
        return
    root = Path(place)
    if not root.exists():
        return
    names = _names(rule, date, options)
    if names is None:
        names = {root.name} if root.is_file() else set(_below(root))
        root = root.parent if root.is_file() else root
    for name in names:
        try:
            state = os.lstat(root / name)
        except FileNotFoundError:
            continue  # taken away since it was listed
        if not stat.S_ISDIR(state.st_mode):
            yield os.fsencode(name), state.st_size, f"{state.st_mtime_ns:x}"


def _names(rule: DiscoverFiles | DiscoverWarc, date: dt.date, options: Mapping[str, str]) -> set[str] | None:
    """Return the names of the files that are pages; None for archives, where every file counts."""
    if isinstance(rule, DiscoverWarc):
        return None
    return {name_of_file(url, rule) for url in list_files(rule, date, options)}


def _below(root: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise PermanentError(
            f"the folder {error.filename} cannot be read ({error.strerror}); give this user read permission",
            failure_domain=FailureDomain.ACCESS,
        ) from error

    for folder, _, names in os.walk(root, onerror=refuse):
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()
