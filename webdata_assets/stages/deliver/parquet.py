"""The Parquet sink: one file named by its content, and a manifest that names the file.

What belongs here: writing these two. What does not: other file formats.
"""

import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.location import local_folder
from webdata_assets.stages.deliver.rows import DELIVERY_SCHEMA, KEY, delivery_hash
from webdata_assets.stages.deliver.sink import MergeResult, changes

MANIFEST = "manifest.json"
_ROW_GROUP = 20_000


class ParquetSink:
    """A folder with the delivered rows as one Parquet file, and `manifest.json`.

    The manifest is replaced in one step and names the current file; the file before it is kept, for readers
    that hold the old manifest.

    Args:
        uri: the folder.
    """

    name = "parquet"

    def __init__(self, uri: str | Path) -> None:
        self._folder = local_folder(uri)

    @property
    def uri(self) -> str:
        """The folder."""
        return str(self._folder)

    def merge(self, rows: pl.DataFrame, *, run_id: str) -> MergeResult:
        """Make the folder hold exactly these rows; nothing is written if it does already.

        Raises:
            PermanentError: the folder holds a manifest that is not this sink's.
            TransientError: the folder cannot be written.
            ValueError: rows of another schema, or a `record_id` twice.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                todo = changes(rows, self.read())
                if todo.any or self._manifest() is None:
                    self._replace(rows.sort(KEY), run_id)
                held = self.read()
        except OSError as error:
            raise TransientError(
                f"{self.uri} cannot be written: {error}", failure_domain=FailureDomain.SINK
            ) from error
        return MergeResult(
            rows=len(held),
            inserted=len(todo.inserted),
            updated=len(todo.updated),
            deleted=len(todo.deleted),
            content_hash=delivery_hash(held),
        )

    def read(self) -> pl.DataFrame:
        """Return the current file's rows by `record_id`; none when nothing was delivered yet.

        Raises:
            PermanentError: the folder holds a manifest that is not this sink's.
        """
        manifest = self._manifest()
        if manifest is None or not (file := self._folder / manifest["file"]).is_file():
            return pl.DataFrame(schema=DELIVERY_SCHEMA)
        return pl.read_parquet(file).select(DELIVERY_SCHEMA.names()).cast(DELIVERY_SCHEMA).sort(KEY)

    def _manifest(self) -> dict[str, Any] | None:
        path = self._folder / MANIFEST
        if not path.is_file():
            return None
        try:
            manifest = dict(json.loads(path.read_bytes()))
            if Path(str(manifest["file"])).name != manifest["file"]:
                raise ValueError(f"{manifest['file']!r} is not a plain file name")
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(
                f"{path} is not a delivery's manifest: {error}", failure_domain=FailureDomain.SINK
            ) from error
        return manifest

    def _replace(self, rows: pl.DataFrame, run_id: str) -> None:
        previous = self._manifest()
        digest = delivery_hash(rows)
        file = f"rows-{digest[:16]}.parquet"
        with tempfile.TemporaryDirectory(prefix=".delivery-", dir=self._folder) as staging:
            staged = Path(staging)
            rows.write_parquet(staged / file, compression="zstd", row_group_size=_ROW_GROUP)
            manifest = {"file": file, "rows": len(rows), "content_hash": digest, "run_id": run_id}
            (staged / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True))
            for name in (file, MANIFEST):
                _flush(staged / name)
                (staged / name).rename(self._folder / name)
        kept = {file, previous["file"] if previous else file}
        for old in self._folder.glob("rows-*.parquet"):
            if old.name not in kept:
                old.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
