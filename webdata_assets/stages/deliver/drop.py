"""The drop: one folder per delivery with its rows, its changes and a manifest, for whoever consumes files.

What belongs here: laying out those folders. What does not: formats (file_formats.py), where they lie
(folder.py).

    latest.json                              the manifest of the newest delivery; replaced in one step
    deliveries/000000000012-<token>/
        data.parquet                         every row
        changes.parquet                      what changed since the delivery before; `change` says how
        manifest.json                        written last, once `latest.json` names the delivery

An object store's event for `manifest.json` therefore tells of a delivery that is whole and that counts.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import Changes, changes, hash_of
from webdata_assets.stages.deliver.file_formats import decode, encode
from webdata_assets.stages.deliver.folder import open_folder
from webdata_assets.stages.deliver.sink import Delivery, MergeResult, MismatchError, OvertakenError, Shape

LATEST = "latest.json"
MANIFEST = "manifest.json"
CHANGE = "change"
_DELIVERIES = "deliveries"
_FOLDER = re.compile(r"deliveries/(\d{12,})-[0-9a-f]{16}")
_MAX_ATTEMPTS = 20


@dataclass(frozen=True)
class Drop:
    """What the manifest of a delivery says.

    Attributes:
        folder: of the delivery, relative to the drop.
        sequence: of the newest delivery with these rows.
        run_id: that delivered them.
        rows: in `data.parquet`.
        content_hash: of these rows.
        inserted: rows of `changes.parquet`, and so are `updated` and `deleted`.
        files: BLAKE3 of each file beside the manifest.
    """

    folder: str
    sequence: int
    run_id: str
    rows: int
    content_hash: str
    inserted: int
    updated: int
    deleted: int
    files: Mapping[str, str]

    def to_json(self) -> bytes:
        """Return the manifest's bytes."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()


class DropSink:
    """A folder of deliveries. Implements `Sink`.

    Args:
        uri: the folder, or its address in an object store.
        shape: of the rows.
        options: of the object store.
        keep: deliveries that stay, the newest among them.
    """

    kind = "drop"

    def __init__(
        self, uri: str | Path, shape: Shape, *, options: Mapping[str, str] | None = None, keep: int = 10
    ) -> None:
        if keep < 1:
            raise PermanentError(
                f"a drop keeps at least 1 delivery, not {keep}", failure_domain=FailureDomain.CONFIGURATION
            )
        self.shape = shape
        self._keep = keep
        self._folder = open_folder(uri, options)
        self.uri = self._folder.uri

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Drop these rows and what changed; no folder is made if the newest delivery holds them already.

        Raises:
            OvertakenError: the drop holds a newer delivery.
            MismatchError: the files that were written do not hold what was sent; nothing names them.
            PermanentError: `latest.json` is not this sink's.
            TransientError: the drop cannot be written, or others were faster each time.
            ValueError: rows of another schema, or a key twice.
        """
        for _ in range(_MAX_ATTEMPTS):
            found = self._folder.get_with_etag(LATEST)
            latest = None if found is None else self._parse(found[0])
            held = self._rows_of(latest)
            todo = changes(rows, self.shape.empty() if held is None else held, self.shape)
            if latest is not None and delivery.sequence < latest.sequence:
                raise OvertakenError(self.uri, held=latest.sequence, given=delivery.sequence)
            if latest is None or held is None or todo.any:
                now = self._drop(rows, todo, delivery)
            else:
                now = Drop(**{**asdict(latest), "sequence": delivery.sequence})
            if now == latest or self._swap(now, None if found is None else found[1]):
                # also after a kill between the swap and this
                self._folder.put_if_absent(f"{now.folder}/{MANIFEST}", now.to_json())
                self._drop_old(now)
                return MergeResult(
                    len(rows), len(todo.inserted), len(todo.updated), len(todo.deleted), delivery.content_hash
                )
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} attempts in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        )

    def read(self) -> pl.DataFrame:
        """Return the newest delivery's rows by key; none when nothing was delivered yet."""
        for _ in range(_MAX_ATTEMPTS):
            latest = self.latest()
            rows = self._rows_of(latest)
            # the folder may be gone because deliveries came since `latest.json` was read
            if rows is not None or latest == self.latest():
                break
        return self.shape.empty() if rows is None else rows

    def latest(self) -> Drop | None:
        """Return the manifest of the newest delivery; None when nothing was delivered yet."""
        content = self._folder.get(LATEST)
        return None if content is None else self._parse(content)

    def _rows_of(self, drop: Drop | None) -> pl.DataFrame | None:
        """Return the rows of a delivery; None where its file is lost."""
        content = None if drop is None else self._folder.get(f"{drop.folder}/data.parquet")
        return None if content is None else decode(content, "parquet", self.shape.schema)

    def _drop(self, rows: pl.DataFrame, todo: Changes, delivery: Delivery) -> Drop:
        """Write the folder of a delivery but for its manifest, and read the rows back. Raises as `merge`."""
        folder = f"{_DELIVERIES}/{delivery.sequence:012d}-{secrets.token_hex(8)}"
        told = pl.concat(
            [
                part.sort(self.shape.key).with_columns(pl.lit(change).alias(CHANGE))
                for change, part in (
                    ("insert", todo.inserted), ("update", todo.updated), ("delete", todo.deleted),
                )
            ]
        )  # fmt: skip
        files = {
            "data.parquet": encode(rows.sort(self.shape.key), "parquet"),
            "changes.parquet": encode(told, "parquet"),
        }
        for name, content in files.items():
            self._folder.put(f"{folder}/{name}", content)
        written = self._folder.get(f"{folder}/data.parquet")
        held = self.shape.empty() if written is None else decode(written, "parquet", self.shape.schema)
        sent, kept = (len(rows), delivery.content_hash), (len(held), hash_of(held, self.shape))
        if sent != kept:
            self._folder.delete([f"{folder}/{name}" for name in files])
            latest = self.latest()
            if written is None and latest is not None and latest.sequence > delivery.sequence:
                # a newer one removes what came to nothing
                raise OvertakenError(self.uri, held=latest.sequence, given=delivery.sequence)
            raise MismatchError(self.uri, sent=sent, held=kept)
        return Drop(
            folder, delivery.sequence, delivery.run_id, len(rows), delivery.content_hash, len(todo.inserted),
            len(todo.updated), len(todo.deleted),
            {name: blake3(content).hexdigest() for name, content in files.items()},
        )  # fmt: skip

    def _swap(self, drop: Drop, etag: str | None) -> bool:
        if etag is None:
            return self._folder.put_if_absent(LATEST, drop.to_json())
        return self._folder.replace(LATEST, drop.to_json(), etag)

    def _drop_old(self, latest: Drop) -> None:
        """Remove deliveries beyond those kept, and what deliveries that came to nothing left."""
        folders: dict[str, list[str]] = {}
        for info in self._folder.list(_DELIVERIES):
            if match := _FOLDER.match(info.key):
                folders.setdefault(match[0], []).append(info.key)
        older = [
            folder
            for folder in sorted(folders)
            if folder != latest.folder and int(folder.split("/")[1].split("-")[0]) < latest.sequence
        ]
        counted = [folder for folder in older if f"{folder}/{MANIFEST}" in folders[folder]]
        kept = set(counted[len(counted) - self._keep + 1 :])
        self._folder.delete([key for folder in older if folder not in kept for key in folders[folder]])

    def _parse(self, content: bytes) -> Drop:
        try:
            told: Any = json.loads(content)
            drop = Drop(**{name: told[name] for name in Drop.__dataclass_fields__})
            if not _FOLDER.fullmatch(drop.folder):
                raise ValueError(f"{drop.folder!r} is not the folder of a delivery")
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(
                f"{self.uri}/{LATEST} is not a delivery's manifest: {error}; "
                "deliver to another address, or move the folder away",
                failure_domain=FailureDomain.SINK,
            ) from error
        return drop
