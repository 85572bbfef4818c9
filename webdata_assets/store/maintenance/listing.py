"""The files of a store as they lie there, in a folder or in an object store.

What belongs here: listing and removing by place and age. What does not: what a file is for.
"""

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webdata_assets.store.location import Location


@dataclass(frozen=True)
class StoredFile:
    """One file or object.

    Attributes:
        path: relative to the folder that was listed, with `/`.
        size: in bytes.
        modified: when it was written, in UTC.
    """

    path: str
    size: int
    modified: dt.datetime


def files_below(location: Location, *parts: str) -> list[StoredFile]:
    """Return the files below names below the root, by path. One that goes meanwhile is left out."""
    if not location.is_local:
        return [
            StoredFile(found.key, found.size, found.modified)
            for found in location.objects(*parts).list()
            if found.modified is not None
        ]
    root, found = location.folder(*parts), []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            modified = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
            found.append(StoredFile(path.relative_to(root).as_posix(), status.st_size, modified))
    return sorted(found, key=lambda file: file.path)


def remove(location: Location, parts: Sequence[str], paths: Sequence[str]) -> None:
    """Remove files that `files_below` listed, and folders that this empties; harmless where they are gone."""
    if not location.is_local:
        location.objects(*parts).delete(list(paths))
        return
    root = location.folder(*parts)
    for path in paths:
        (root / path).unlink(missing_ok=True)
    for folder in sorted({(root / path).parent for path in paths}, reverse=True):
        _remove_if_empty(folder, root)


def _remove_if_empty(folder: Path, root: Path) -> None:
    """Remove a folder and those above it, up to the root, as far as nothing is in them."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return  # something is in it, perhaps since a moment ago
        folder = folder.parent
