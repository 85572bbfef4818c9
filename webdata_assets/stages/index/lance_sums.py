"""Checksums of the files that a named state of the embedded index consists of: LanceDB keeps none itself.

What belongs here: noting them, and refusing files that were changed. What does not: what the files mean.

Every file is written once and never again, so what was noted holds until the file is no longer needed. On an
object store the service's own entity tags take the place of hashes, so that nothing is downloaded for it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.objects import Objects

FOLDER = "checksums"
_WRITTEN_ONCE = ("data/", "_indices/", "_deletions/", "_versions/", "_refs/")
_NAMED_AT_RANDOM = ("data/", "_indices/")
_REWRITTEN = "latest_version_hint.json"


class LanceSums:
    """The checksums of one table's named states.

    Args:
        uri: of the database: a folder, or an object store's address.
        table: its name.
        options: of the object store.
    """

    def __init__(self, uri: str, table: str, options: Mapping[str, str]) -> None:
        self._table = f"{table}.lance"
        self._folder = None if "://" in uri else Path(uri)
        self._objects = None if self._folder else Objects(uri.rstrip("/"), dict(options))
        self._uri = uri

    def note(self, snapshot: str) -> None:
        """Note the files of the state that was just named, unless they are noted already."""
        if self._get(snapshot) is None:
            content = json.dumps(self._files(known=self._noted_last()), indent=1, sort_keys=True).encode()
            if self._folder is not None:
                _write(self._folder / FOLDER / f"{snapshot}.json", content)
            elif self._objects is not None:
                self._objects.put(f"{FOLDER}/{snapshot}.json", content)

    def verify(self, snapshot: str) -> None:
        """Compare the files with what was noted of a state; one that has no notes, as it is older, passes.

        Files that are gone are left to LanceDB, which knows whether the state needs them.

        Raises:
            PermanentError: MODEL, a file was changed, or the notes cannot be read. The message names it.
        """
        noted = self._get(snapshot)
        if noted is None:
            return
        try:
            expected = {str(key): str(value) for key, value in dict(json.loads(noted)).items()}
        except (ValueError, TypeError) as error:
            raise self._changed(f"{FOLDER}/{snapshot}.json") from error
        for key, found in self._files(set(expected)).items():
            if expected.get(key) != found:
                raise self._changed(key)

    def forget(self, snapshot: str) -> None:
        """Remove what was noted of a state."""
        if self._folder is not None:
            (self._folder / FOLDER / f"{snapshot}.json").unlink(missing_ok=True)
        elif self._objects is not None:
            self._objects.delete([f"{FOLDER}/{snapshot}.json"])

    def _get(self, snapshot: str) -> bytes | None:
        if self._objects is not None:
            return self._objects.get(f"{FOLDER}/{snapshot}.json")
        assert self._folder is not None
        path = self._folder / FOLDER / f"{snapshot}.json"
        return path.read_bytes() if path.is_file() else None

    def _noted_last(self) -> dict[str, str]:
        """Return what was noted last of files whose names are random, so that they need not be read again."""
        if self._folder is None:
            return {}
        notes = sorted((self._folder / FOLDER).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        start = len(self._table) + 1
        noted = json.loads(notes[-1].read_bytes()) if notes else {}
        return {key: checksum for key, checksum in noted.items() if key[start:].startswith(_NAMED_AT_RANDOM)}

    def _files(
        self, wanted: set[str] | None = None, known: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return the checksum of each file that is there; of the wanted ones only, where some are.

        Args:
            wanted: keys.
            known: checksums that are taken as they are.
        """
        found = {}
        known = known or {}
        if self._objects is not None:
            for info in self._objects.list(self._table):
                found[info.key] = f"{info.size} {info.etag}"
        elif self._folder is not None:
            for path in (self._folder / self._table).rglob("*"):
                key = path.relative_to(self._folder).as_posix()
                if path.is_file() and (wanted is None or key in wanted):
                    found[key] = known.get(key) or blake3().update_mmap(path).hexdigest()
        start = len(self._table) + 1
        return {
            key: checksum
            for key, checksum in found.items()
            if key[start:].startswith(_WRITTEN_ONCE) and not key.endswith(_REWRITTEN)
            if wanted is None or key in wanted
        }

    def _changed(self, key: str) -> PermanentError:
        return PermanentError(
            f"{self._uri}/{key} of the index was changed: restore it, or delete the folder {self._uri} and "
            "run `webdata publish`, which makes the index anew",
            failure_domain=FailureDomain.MODEL,
        )


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    staged = path.with_suffix(f".{os.getpid()}")
    with staged.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    staged.rename(path)
