"""Local copies of archives that lie in an object store: reading them jumps about, which objects are bad at.

What belongs here: bringing a folder in step with a prefix. What does not: reading archives (warc_index.py).
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.objects import ObjectInfo, Objects

_PART_BYTES = 32_000_000
_SUFFIXES = (".warc.gz", ".warc.zst", ".warc", ".arc.gz", ".arc")


def local_archive(place: str, cache: Path, options: Mapping[str, str]) -> Path:
    """Return where an archive can be read: the path itself, or a copy of the archives below a prefix.

    A copy is named by hashes of key and entity tag, whatever the key is, and fetched once. Archives that are
    gone, or were replaced, are removed from it.

    Args:
        place: a path, or an address such as `s3://bucket/prefix`.
        cache: the folder that keeps indexes and copies.
        options: of the object store.

    Raises:
        PermanentError: CONFIGURATION, there is no archive below the prefix, or it may not be read.
        TransientError: RESOURCE, the store does not answer.
    """
    if "://" not in place:
        return Path(place)
    objects = Objects(place, options)
    folder = cache / "copies" / _hash(place)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: info for info in objects.list() if (name := _local_name(info)) is not None}
    if not wanted:
        raise PermanentError(
            f"there is no *.warc or *.warc.gz below {place}; correct `path` under `by: warc`",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    for name, info in sorted(wanted.items()):
        if not (folder / name).exists():
            _copy(objects, info, folder / name)
    for path in folder.iterdir():
        if path.name not in wanted and path.name.endswith(_SUFFIXES):
            path.unlink(missing_ok=True)
    return folder


def _local_name(info: ObjectInfo) -> str | None:
    suffix = next((suffix for suffix in _SUFFIXES if info.key.endswith(suffix)), None)
    return None if suffix is None else f"{_hash(f'{info.key} {info.etag} {info.size}')}{suffix}"


def _copy(objects: Objects, info: ObjectInfo, path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".copy-", delete=False) as file:
        try:
            for start in range(0, info.size, _PART_BYTES):
                file.write(objects.get_range(info.key, start, min(_PART_BYTES, info.size - start)))
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)


def _hash(text: str) -> str:
    return blake3(text.encode()).hexdigest()[:32]
