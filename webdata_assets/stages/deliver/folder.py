"""Where sinks of files lie: a local folder, or the objects below one address, behind one small interface.

What belongs here: reading, writing and swapping files whole. What does not: what the files mean.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from blake3 import blake3

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.deliver.location import is_local, local_folder
from webdata_assets.stages.objects import ObjectInfo, Objects

LOCK = ".lock"
_STAGING = ".delivery-"


class Folder(Protocol):
    """Files under relative keys, each written whole or not at all. `Objects` is one."""

    @property
    def uri(self) -> str:
        """Its address."""

    def put(self, key: str, content: bytes) -> None:
        """Write a file, in place of one that is there. When this returns, it is durable."""

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write a file unless there is one; return whether it was written."""

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        """Write a file in place of the one that has this entity tag; return whether it still had it."""

    def get(self, key: str) -> bytes | None:
        """Return a file's bytes; None where there is none."""

    def get_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Return a file's bytes and entity tag; None where there is none."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the files below whole path segments of a prefix, by key."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove files; harmless where there are none."""


def open_folder(uri: str | Path, options: Mapping[str, str] | None = None) -> Folder:
    """Return the folder at an address: a path, `file://…`, or an object store's.

    Raises:
        PermanentError: the address names no folder of this machine.
    """
    if is_local(uri):
        return LocalFolder(local_folder(uri))
    return Objects(str(uri).rstrip("/"), dict(options or {}))


class LocalFolder:
    """A folder on this machine. Files are staged, flushed and renamed; conditions hold under a lock.

    Args:
        path: the folder; it is made with the first file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def uri(self) -> str:
        """The folder's path."""
        return str(self.path)

    def put(self, key: str, content: bytes) -> None:
        """Write a file, in place of one that is there. When this returns, it is durable."""
        with self._locked():
            self._write(key, content)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write a file unless there is one; return whether it was written."""
        with self._locked():
            if (self.path / key).exists():
                return False
            self._write(key, content)
            return True

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        """Write a file in place of the one that has this entity tag; return whether it still had it."""
        with self._locked():
            found = self.get_with_etag(key)
            if found is None or found[1] != etag:
                return False
            self._write(key, content)
            return True

    def get(self, key: str) -> bytes | None:
        """Return a file's bytes; None where there is none."""
        try:
            return (self.path / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _failure(f"{self.uri}/{key} cannot be read", error) from error

    def get_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Return a file's bytes and a hash of them; None where there is none."""
        content = self.get(key)
        return None if content is None else (content, blake3(content).hexdigest())

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the files below whole path segments of a prefix, by key; not those of this class itself."""
        with self._locked():
            found = [
                ObjectInfo(self._key(path), path.stat().st_size, None)
                for path in (self.path / prefix).rglob("*")
                if path.is_file() and not path.name.startswith(".")
            ]
        yield from sorted(found, key=lambda info: info.key)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove files, and folders that this leaves empty; harmless where there are none."""
        with self._locked():
            for key in keys:
                path = self.path / key
                path.unlink(missing_ok=True)
                if path.parent != self.path and path.parent.is_dir() and not any(path.parent.iterdir()):
                    path.parent.rmdir()

    def _key(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # of a writer that was killed: nobody else writes now
                for orphan in self.path.rglob(f"{_STAGING}*"):
                    orphan.unlink(missing_ok=True)
                yield
        except OSError as error:
            raise _failure(f"{self.uri} cannot be written", error) from error

    def _write(self, key: str, content: bytes) -> None:
        path = self.path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.parent / f"{_STAGING}{secrets.token_hex(8)}"
        with staged.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(path)
        _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(what: str, error: OSError) -> TransientError:
    return TransientError(f"{what}: {error}", failure_domain=FailureDomain.SINK)
