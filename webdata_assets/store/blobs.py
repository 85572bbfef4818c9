"""Blobs: images, sound, documents and other binaries, each stored once under the hash of its bytes.

What belongs here: which payloads are binary, and keeping them in a folder. What does not: keeping them in an
object store (object_blobs.py), and the pages that name them (payloads.py).
"""

import os
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.schemas.columns import HASH_PATTERN
from webdata_assets.stages.parts import Parts
from webdata_assets.store.payloads import PayloadCorruptError, PayloadMissingError

_UNFINISHED = "unfinished"
_SNIFFED_BYTES = 1_445
"""A resource header's length (WHATWG MIME Sniffing, 5.2)."""
_TEXT_TYPE = re.compile(
    r"text/.*|application/(?:json|xml|javascript|ecmascript|x-javascript|x-ndjson|yaml)|.*[+](?:json|xml|yaml)"
)
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MAGIC = (b"%PDF-", b"%!PS-Adobe-", b"GIF87a", b"GIF89a", b"\xff\xd8\xff")
"""Of formats that may begin without a binary data byte."""
_BINARY_DATA_BYTE = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""What no text holds (WHATWG MIME Sniffing, 3)."""


def is_binary(content_type: str | None, body: bytes) -> bool:
    """Return whether a payload is an image, sound, video, document, archive or the like.

    What is declared as text, HTML, XML (SVG too) or JSON never is. Else the bytes decide (WHATWG MIME
    Sniffing, 7.2), because a page that says why there is no image is often sent as an image.

    Args:
        content_type: as the server said it.
        body: decompressed.
    """
    if _TEXT_TYPE.fullmatch((content_type or "").partition(";")[0].strip().lower()):
        return False
    if body.startswith(_MAGIC):
        return True
    return not body.startswith(_TEXT_MARKS) and bool(_BINARY_DATA_BYTE.search(body[:_SNIFFED_BYTES]))


class Blobs(Protocol):
    """Bytes under their hash, wherever they lie."""

    def put(self, body: bytes) -> str:
        """Store bytes and return their hash. When this returns, they are durable."""
        ...

    def put_all(self, bodies: Iterable[bytes]) -> None:
        """Store several."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash; raises PayloadMissingError or PayloadCorruptError."""
        ...

    def has(self, digest: str) -> bool:
        """Return whether there are bytes of a hash."""
        ...


def place_of(digest: str) -> str:
    """Return where the blob of a hash lies, relative to all of them. Raises ValueError for anything else."""
    if not re.fullmatch(HASH_PATTERN, digest):
        raise ValueError(f"{digest[:80]!r} is no BLAKE3 hash in hexadecimal")
    return f"{digest[:2]}/{digest}"


@dataclass(frozen=True)
class FolderBlobs:
    """Read and write blobs in a local folder: `<first 2 digits>/<64 digits>` by BLAKE3. Implements `Blobs`.

    What a killed writer leaves behind lies in the folder `unfinished`; it may go while nobody writes.
    """

    folder: Path

    def put(self, body: bytes) -> str:
        """Store bytes and return their hash. When this returns, they survive the machine's end.

        Several writers of the same bytes do not disturb each other, and bytes that are there are not written.

        Raises:
            PermanentError: SINK, when the folder cannot be written.
            TransientError: SINK, when the disk fails or is full.
        """
        digest = blake3(body).hexdigest()
        place = self._place(digest)
        try:
            if place.is_file() and place.stat().st_size == len(body):
                os.utime(place)  # young again: maintenance must not remove what a commit is about to name
                return digest
            self._write(place, body)
        except OSError as error:
            raise _unwritable(place, error) from error
        return digest

    def put_all(self, bodies: Iterable[bytes]) -> None:
        """Store several."""
        for body in bodies:
            self.put(body)

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash.

        Raises:
            PayloadMissingError: there are none.
            PayloadCorruptError: they do not have that hash.
            TransientError: RESOURCE, when the disk fails.
        """
        place = self._place(digest)
        try:
            body = place.read_bytes()
        except FileNotFoundError as error:
            raise PayloadMissingError(f"there is no blob {digest} in {self.folder}") from error
        except OSError as error:
            raise TransientError(
                f"the blob {place} cannot be read ({error.strerror})", failure_domain=FailureDomain.RESOURCE
            ) from error
        if blake3(body).hexdigest() != digest:
            raise PayloadCorruptError(f"the blob {place} does not have the hash that is its name")
        return body

    def has(self, digest: str) -> bool:
        """Return whether there are bytes of a hash."""
        return self._place(digest).is_file()

    def _place(self, digest: str) -> Path:
        return self.folder / place_of(digest)

    def _write(self, place: Path, body: bytes) -> None:
        unfinished = self.folder / _UNFINISHED / uuid.uuid4().hex
        for folder in (unfinished.parent, place.parent):
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _sync_folder(folder.parent)
        try:
            with unfinished.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(place.parent)


@dataclass(frozen=True)
class BinariesApart:
    """Rows of pages whose binary payloads go to the blobs while they are handed out.

    Lists and feeds stay: a gzipped sitemap is read again where it did not change.
    """

    rows: Parts
    blobs: Blobs

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.rows.height

    @property
    def bytes_per_row(self) -> int:
        """About how large a row is on average, binaries included."""
        return self.rows.bytes_per_row

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        """Yield the rows in parts; `payload` is null where a blob has it."""
        for frame in self.rows.frames(without=without):
            yield frame if "payload" in without else self._apart(frame)

    def _apart(self, frame: pl.DataFrame) -> pl.DataFrame:
        declared_text = (
            pl.col("content_type").str.to_lowercase().str.contains(f"^\\s*(?:{_TEXT_TYPE.pattern})")
        )
        suspects = frame.filter(
            pl.col("payload").is_not_null()
            & (pl.col("role") != "discovery")
            & ~declared_text.fill_null(False)
        ).select("url", "content_type", "payload")
        binaries = [url for url, kind, body in suspects.iter_rows() if is_binary(kind, body)]
        if not binaries:
            return frame
        self.blobs.put_all(suspects.filter(pl.col("url").is_in(binaries))["payload"])
        in_blobs = pl.col("url").is_in(binaries)
        return frame.with_columns(payload=pl.when(~in_blobs).then(pl.col("payload")), in_blobs=in_blobs)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive the machine's end."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(place: Path, error: OSError) -> PermanentError | TransientError:
    what = f"the blob {place} cannot be written ({error.strerror})"
    if isinstance(error, PermissionError):
        return PermanentError(f"{what}; give this user write permission", failure_domain=FailureDomain.SINK)
    return TransientError(what, failure_domain=FailureDomain.SINK)
