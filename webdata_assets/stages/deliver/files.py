"""The file sink: Parquet, ORC or Arrow, one data file for each state, and a manifest that names it.

What belongs here: writing data files and moving the manifest. What does not: formats (file_formats.py), and
where files lie (folder.py).

The manifest is replaced in one step, if it still is the one that the delivery looked at: of two deliveries at
once, the loser looks again. A data file is written under a name that nobody wrote before and read back before
the manifest names it. The file before it stays, for readers that hold the old manifest. Files of deliveries
older than the manifest's are dropped: whoever still writes one is refused.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import changes, hash_of
from webdata_assets.stages.deliver.file_formats import FORMATS, FileFormat, decode, encode
from webdata_assets.stages.deliver.folder import open_folder
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, MismatchError, OvertakenError, Shape

MANIFEST = "manifest.json"
_DATA_FILE = re.compile(r"rows-(?:(\d{12,})-)?[0-9a-f]{16}\.(?:parquet|orc|arrow)")
_MAX_ATTEMPTS = 20


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says.

    Attributes:
        file: the data file, beside the manifest.
        rows: in it.
        content_hash: of its rows.
        run_id: that delivered it.
        sequence: of the newest delivery of this content; -1 where no sequence was kept.
        previous: the data file before, kept for readers; empty if there was none.
        format: of the data file.
    """

    file: str
    rows: int
    content_hash: str
    run_id: str
    sequence: int = -1
    previous: str = ""
    format: str = "parquet"

    def to_json(self) -> bytes:
        """Return the manifest's bytes."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()


class FilesSink:
    """A folder with the delivered rows as one file, and `manifest.json`. Implements `Sink`.

    Args:
        uri: the folder, or its address in an object store.
        shape: of the rows.
        format: of the data file.
        options: of the object store.
    """

    def __init__(
        self,
        uri: str | Path,
        shape: Shape,
        *,
        format: FileFormat = "parquet",  # noqa: A002 (the field's word)
        options: Mapping[str, str] | None = None,
    ) -> None:
        if format not in FORMATS:
            raise PermanentError(
                f"{format} is no file format of a sink: use {', '.join(FORMATS)}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self.kind: str = format
        self.shape = shape
        self._format: FileFormat = format
        self._folder = open_folder(uri, options)
        self.uri = self._folder.uri

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the folder hold exactly these rows; no data file is written if it does already.

        Raises:
            OvertakenError: the folder holds a newer delivery.
            MismatchError: the file that was written does not hold what was sent; no manifest names it.
            PermanentError: the folder holds a manifest that is not this sink's.
            TransientError: the folder cannot be written, or others were faster each time.
            ValueError: rows of another schema, or a key twice.
        """
        for _ in range(_MAX_ATTEMPTS):
            found = self._folder.get_with_etag(MANIFEST)
            manifest = None if found is None else self._parse(found[0])
            held = self._rows_of(manifest)
            todo = changes(rows, self.shape.empty() if held is None else held, self.shape)
            if manifest is not None and delivery.sequence < manifest.sequence:
                raise OvertakenError(self.uri, held=manifest.sequence, given=delivery.sequence)
            result = MergeResult(
                len(rows), len(todo.inserted), len(todo.updated), len(todo.deleted), delivery.content_hash
            )
            if held is not None and not todo.any and manifest is not None:
                file, previous = manifest.file, manifest.previous
                if manifest.sequence == delivery.sequence:
                    return result
            else:
                file, previous = self._write(rows, delivery), "" if manifest is None else manifest.file
            now = Manifest(
                file,
                len(rows),
                delivery.content_hash,
                delivery.run_id,
                delivery.sequence,
                previous,
                self._format,
            )
            if self._swap(now, None if found is None else found[1]):
                self._drop_old(now)
                return result
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} attempts in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        )

    def read(self) -> pl.DataFrame:
        """Return the current file's rows by key; none when nothing was delivered yet.

        Raises:
            PermanentError: the folder holds a manifest that is not this sink's.
        """
        for _ in range(_MAX_ATTEMPTS):
            manifest = self.manifest()
            rows = self._rows_of(manifest)
            # the file may be gone because two deliveries came since the manifest was read
            if rows is not None or manifest == self.manifest():
                break
        return self.shape.empty() if rows is None else rows

    def manifest(self) -> Manifest | None:
        """Return what the manifest says; None when nothing was delivered yet."""
        content = self._folder.get(MANIFEST)
        return None if content is None else self._parse(content)

    def _rows_of(self, manifest: Manifest | None) -> pl.DataFrame | None:
        """Return the rows of the file that a manifest names; None where it is lost."""
        content = None if manifest is None else self._folder.get(manifest.file)
        if manifest is None or content is None:
            return None
        return self._decode(content, manifest.format).sort(self.shape.key)

    def _decode(self, content: bytes, file_format: str) -> pl.DataFrame:
        known = next(each for each in FORMATS if each == file_format)
        return decode(content, known, self.shape.schema)

    def _write(self, rows: pl.DataFrame, delivery: Delivery) -> str:
        """Write a data file and read it back; return its name. Raises as `merge`."""
        file = f"rows-{delivery.sequence:012d}-{secrets.token_hex(8)}.{self._format}"
        self._folder.put(file, encode(rows.sort(self.shape.key), self._format))
        written = self._folder.get(file)
        if written is None and (newer := self.manifest()) and newer.sequence > delivery.sequence:
            # which has removed every older file that it does not know
            raise OvertakenError(self.uri, held=newer.sequence, given=delivery.sequence)
        held = self.shape.empty() if written is None else self._decode(written, self._format)
        sent, kept = (len(rows), delivery.content_hash), (len(held), hash_of(held, self.shape))
        if sent != kept:
            self._folder.delete([file])
            raise MismatchError(self.uri, sent=sent, held=kept)
        return file

    def _swap(self, manifest: Manifest, etag: str | None) -> bool:
        if etag is None:
            return self._folder.put_if_absent(MANIFEST, manifest.to_json())
        return self._folder.replace(MANIFEST, manifest.to_json(), etag)

    def _drop_old(self, manifest: Manifest) -> None:
        kept = {manifest.file, manifest.previous}
        self._folder.delete(
            [
                info.key
                for info in self._folder.list()
                if (match := _DATA_FILE.fullmatch(info.key))
                and info.key not in kept
                and int(match[1] or -1) < manifest.sequence
            ]
        )

    def _parse(self, content: bytes) -> Manifest:
        try:
            manifest = Manifest(**_known(json.loads(content)))
            for file in filter(None, (manifest.file, manifest.previous)):
                if not _DATA_FILE.fullmatch(file):
                    raise ValueError(f"{file!r} is not the name of a data file")
            if manifest.format not in FORMATS:
                raise ValueError(f"{manifest.format!r} is no format")
        except (ValueError, TypeError) as error:
            raise PermanentError(
                f"{self.uri}/{MANIFEST} is not a delivery's manifest: {error}; "
                "deliver to another address, or move the folder away",
                failure_domain=FailureDomain.SINK,
            ) from error
        return manifest


def _known(manifest: Any) -> dict[str, Any]:
    if not isinstance(manifest, dict):
        raise TypeError("it is no object")
    return {name: value for name, value in manifest.items() if name in Manifest.__dataclass_fields__}
