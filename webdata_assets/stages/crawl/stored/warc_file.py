"""A WARC file as bytes: its compression, where a record in it ends, and where the next may begin.

What belongs here: finding one's way in a file, a damaged one too. What does not: what its records say
(warc_scan.py), and reading one for its page (warc_record.py).
"""

import os
import re
import zlib
from pathlib import Path
from typing import BinaryIO

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

_GZIP_MAGIC = b"\x1f\x8b\x08"
_RECORD_MAGIC = b"WARC/1."
_OTHER_COMPRESSION = (b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""zstd and lz4."""
_MAX_HEAD_BYTES = 65_536
_CHUNK_BYTES = 65_536
_SEARCHED_BYTES = 1 << 20
_INFLATED_BYTES = 1 << 20
GZIP = zlib.MAX_WBITS + 16
"""zlib's window for gzip."""


def open_archive(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        PermanentError: CONFIGURATION, when it may not be read, or is there no more.
        TransientError: RESOURCE, when the disk fails.
    """
    try:
        return path.open("rb")
    except (PermissionError, FileNotFoundError, IsADirectoryError) as error:
        raise PermanentError(
            f"the archive {path} cannot be read ({error.strerror}); give this user read permission",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    except OSError as error:
        raise disk_failed(path, error) from error


def disk_failed(path: Path, error: OSError) -> TransientError:
    """Return the error of a file that could not be read for once."""
    return TransientError(f"{path} cannot be read ({error.strerror})", failure_domain=FailureDomain.RESOURCE)


class WarcFile:
    """An open WARC file."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Take the file. Raises PermanentError, PARSE, for a format that is known and cannot be read."""
        self.path = path
        self.file = file
        self.size = file.seek(0, 2)
        file.seek(0)
        head = file.read(_CHUNK_BYTES)
        self.is_gzip = head.startswith(_GZIP_MAGIC)
        if head.startswith(_OTHER_COMPRESSION):
            raise self.unusable("is compressed with zstd or lz4", "compress it with gzip, record by record")
        if (_inflated_head(head) if self.is_gzip else head).startswith(b"filedesc:"):
            raise self.unusable("is an ARC file, the format before WARC")

    def unusable(self, what: str, remedy: str | None = None) -> PermanentError:
        """Return the error of a file that cannot be read; without another remedy, write it anew."""
        anew = f"run `warcio recompress {self.path.name} NEW.warc.gz`, and put the new file in its place"
        return PermanentError(f"{self.path} {what}; {remedy or anew}", failure_domain=FailureDomain.PARSE)

    def begins_at(self, offset: int) -> bool:
        """Return whether a record may begin at an offset: in a gzip file, a member must."""
        return not self.is_gzip or os.pread(self.file.fileno(), len(_GZIP_MAGIC), offset) == _GZIP_MAGIC

    def end_of(self, offset: int) -> int | None:
        """Return where the record at an offset ends, the blank lines included; None when it is not whole."""
        return self._end_of_member(offset) if self.is_gzip else self._end_of_plain(offset)

    def is_padding(self, offset: int) -> bool:
        """Return whether only blanks and zeros follow, as some file systems leave them."""
        self.file.seek(offset)
        while chunk := self.file.read(_CHUNK_BYTES):
            if chunk.strip(b"\0\r\n "):
                return False
        return True

    def claimed_end(self, offset: int) -> int | None:
        """Return where the record at an offset ends by its own head; None when that is broken.

        In a gzip file it is the latest place where the record can end: what does not compress grows by
        5 bytes in 16 KB, and by gzip's own frame.
        """
        self.file.seek(offset)
        head = self.file.read(_MAX_HEAD_BYTES)
        if self.is_gzip:
            head = _inflated_head(head)
        head, separator, _ = head.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?:\r\n|$)", head, re.IGNORECASE)
        if not head.startswith(_RECORD_MAGIC) or not separator or length is None:
            return None
        plain_bytes = len(head) + len(separator) + int(length[1])
        return offset + (plain_bytes + plain_bytes // 1_000 + 1_024 if self.is_gzip else plain_bytes)

    def next_beginning(self, offset: int) -> int | None:
        """Return the next place, from an offset on, that looks like the beginning of a record."""
        magic = _GZIP_MAGIC if self.is_gzip else _RECORD_MAGIC
        self.file.seek(offset)
        window = b""
        while chunk := self.file.read(_SEARCHED_BYTES):
            # a magic may lie across two chunks
            window = window[len(window) - len(magic) + 1 :] + chunk if window else chunk
            place = window.find(magic)
            if place >= 0:
                return self.file.tell() - len(window) + place
        return None

    def _end_of_plain(self, offset: int) -> int | None:
        end = self.claimed_end(offset)
        if end is None or end > self.size:
            return None
        self.file.seek(end)
        following = self.file.read(_CHUNK_BYTES)
        blank = len(following) - len(following.lstrip(b"\r\n"))
        ends_here = blank > 0 or not following or following.startswith(_RECORD_MAGIC)
        return end + blank if ends_here else None

    def _end_of_member(self, offset: int) -> int | None:
        inflater = zlib.decompressobj(GZIP)
        self.file.seek(offset)
        taken, pending = offset, b""
        while not inflater.eof:
            chunk = pending or self.file.read(_CHUNK_BYTES)
            if not chunk:
                return None
            if not pending:
                taken += len(chunk)
            try:
                inflater.decompress(chunk, _INFLATED_BYTES)
            except zlib.error:
                return None
            pending = inflater.unconsumed_tail
        return taken - len(inflater.unused_data)


def _inflated_head(data: bytes) -> bytes:
    """Return the beginning of a gzip member's content, as far as it can be read."""
    inflater = zlib.decompressobj(GZIP)
    head = b""
    # in small pieces, because an error takes all of a piece's output with it
    for start in range(0, len(data), 256):
        try:
            head += inflater.decompress(data[start : start + 256], _MAX_HEAD_BYTES)
        except zlib.error:
            break
        if len(head) >= _MAX_HEAD_BYTES or inflater.eof or b"\r\n\r\n" in head:
            break
    return head
