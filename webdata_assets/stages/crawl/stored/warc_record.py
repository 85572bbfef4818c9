"""One record of a WARC file: read at its place, proven whole, and decoded.

What belongs here: lengths, digests, and the HTTP message inside. What does not: which record is wanted
(warc_index.py), and what a revisit refers to (warc.py).
"""

import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from fastwarc.stream_io import BrotliReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http.bodies import BodyReader, body_too_large
from webdata_assets.stages.crawl.stored.warc_digest import agrees
from webdata_assets.stages.crawl.stored.warc_entries import Entry
from webdata_assets.stages.crawl.stored.warc_file import GZIP, disk_failed, open_archive

_HEAD_BYTES = 1 << 20
"""What a record's heads and the framing of its chunks may add to a body."""
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What a record holds.

    Attributes:
        status: of the HTTP response; 200 for a resource; None where a revisit has no head of its own.
        headers: names in lower case, repeated ones joined by a comma.
        payload: the HTTP body as it was transferred.
        truncated: why the record holds only a part of it (WARC-Truncated).
    """

    status: int | None
    headers: dict[str, str]
    payload: bytes = field(repr=False)
    truncated: str | None = None

    @property
    def is_content(self) -> bool:
        """Whether the payload is a page, and not what a site says in place of one."""
        return self.status is not None and 200 <= self.status < 300


def place_of(path: Path, entry: Entry) -> str:
    """Return where a record lies, for a person."""
    return f"the record at {entry.offset} of {path.name}"


def read_message(path: Path, entry: Entry, *, max_body_bytes: int) -> StoredMessage:
    """Read the record of an entry, and check its length and its digests.

    Raises:
        PermanentError: PARSE, when the record is damaged, is not the one that was indexed, or does not have
            the digest that it states; RESOURCE, when it is larger than any page within the cap can be.
        TransientError: RESOURCE, when the disk fails.
    """
    place = place_of(path, entry)
    block_limit = 2 * max_body_bytes + _HEAD_BYTES
    if entry.length > block_limit:
        raise body_too_large(max_body_bytes)
    content = _stored_bytes(path, entry, place, block_limit, max_body_bytes)
    record = _first_record(content)
    if record is None or record.headers.get("WARC-Record-ID") != entry.record_id:
        raise _damaged(f"{place} is not the one that was indexed")
    rest = content.partition(b"\r\n\r\n")[2]
    block, following = rest[: record.content_length], rest[record.content_length :]
    if len(block) < record.content_length or following.strip(b"\r\n"):
        raise _damaged(f"{place} is not as long as its head says")
    if agrees(record.headers.get("WARC-Block-Digest"), block) is False:
        raise _damaged(f"{place} does not have the block digest that it states")
    message = _message(record, entry, place)
    if entry.kind != "revisit":
        check_payload(message, entry.digest, place, max_body_bytes=max_body_bytes)
    return message


def check_payload(message: StoredMessage, stated: str | None, place: str, *, max_body_bytes: int) -> None:
    """Raise PermanentError, PARSE, unless the payload has the digest that is stated for it.

    Writers take for the payload what was transferred, or that without its chunks, or the decoded body.
    """
    if agrees(stated, message.payload) is not False:
        return
    try:
        if agrees(stated, _without_chunks(message)) or agrees(
            stated, decode_body(message, max_body_bytes=max_body_bytes)
        ):
            return
    except PermanentError as error:
        raise _damaged(f"{place} does not have the payload digest that is stated, and {error}") from error
    raise _damaged(f"{place} does not have the payload digest that is stated")


def decode_body(message: StoredMessage, *, max_body_bytes: int) -> bytes:
    """Return a payload without its chunks and compressions.

    Some archives keep the headers of a transfer whose payload they have decoded: what is plainly not chunked
    or not gzip is taken as it is.

    Raises:
        PermanentError: RESOURCE, when the body is larger than the cap; TARGET, when it is cut off, cannot be
            decoded, or is in an encoding that is not known.
    """
    payload = _without_chunks(message)
    encoding = message.headers.get("content-encoding", "").strip().lower()
    if encoding in ("gzip", "x-gzip") and not payload.startswith(b"\x1f\x8b"):
        encoding = ""
    if encoding in ("br", "zstd") and payload:
        return _capped(encoding, payload, max_body_bytes)
    reader = BodyReader(encoding, max_body_bytes)
    try:
        reader.feed(payload)
        return reader.finish()
    except TransientError as error:
        # what is stored does not get better by reading it again
        raise PermanentError(str(error), failure_domain=FailureDomain.TARGET) from error


def _stored_bytes(path: Path, entry: Entry, place: str, limit: int, max_body_bytes: int) -> bytes:
    try:
        with open_archive(path) as file:
            file.seek(entry.offset)
            stored = file.read(entry.length)
    except OSError as error:
        raise disk_failed(path, error) from error
    if not stored.startswith(b"\x1f\x8b"):
        return stored
    inflater = zlib.decompressobj(GZIP)
    try:
        content = inflater.decompress(stored, limit)
    except zlib.error as error:
        raise _damaged(f"{place} is not whole gzip") from error
    if inflater.eof:
        return content
    raise body_too_large(max_body_bytes) if len(content) >= limit else _damaged(f"{place} is not whole gzip")


def _first_record(content: bytes) -> WarcRecord | None:
    try:
        return next(iter(ArchiveIterator(io.BytesIO(content), parse_http=False)), None)
    except OSError:
        return None


def _message(record: WarcRecord, entry: Entry, place: str) -> StoredMessage:
    truncated = record.headers.get("WARC-Truncated")
    if record.headers.get("WARC-Segment-Number") is not None:
        truncated = "in segments, which are not put together"
    if entry.kind == "resource":
        content_type = record.headers.get("Content-Type")
        headers = {} if content_type is None else {"content-type": content_type}
        return StoredMessage(200, headers, record.reader.read(), truncated)
    try:
        record.parse_http(auto_decode="none", quirks_mode=True)
    except OSError as error:
        raise _damaged(f"{place} holds an HTTP head that cannot be read") from error
    status = None if record.http_headers is None else record.http_headers.status_code
    if status is None and entry.kind != "revisit":
        raise _damaged(f"{place} holds no HTTP response")
    return StoredMessage(status, _plain_headers(record), record.reader.read(), truncated)


def _plain_headers(record: WarcRecord) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in () if record.http_headers is None else record.http_headers.items_bytes():
        key, text = name.decode("utf-8", "replace").lower(), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _without_chunks(message: StoredMessage) -> bytes:
    """Return the payload without transfer coding (RFC 9112, 7.1); a whole one, as far as its head tells."""
    payload = message.payload
    if "chunked" in message.headers.get("transfer-encoding", "").lower():
        first_line = payload.partition(b"\n")[0]
        return payload if payload and _chunk_size(first_line) is None else _unchunked(payload)
    stated = message.headers.get("content-length", "").strip()
    if stated.isascii() and stated.isdigit() and len(payload) < int(stated[:18]):
        raise _cut_off()
    return payload


def _unchunked(payload: bytes) -> bytes:
    parts: list[bytes] = []
    place = 0
    while True:
        line_end = payload.find(b"\n", place)
        size = None if line_end < 0 else _chunk_size(payload[place:line_end])
        if size is None:
            raise _cut_off()
        if size == 0:
            return b"".join(parts)
        start, end = line_end + 1, line_end + 1 + size
        if payload[end : end + 2] != b"\r\n":
            raise _cut_off()
        parts.append(payload[start:end])
        place = end + 2


def _chunk_size(line: bytes) -> int | None:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _capped(encoding: str, payload: bytes, max_body_bytes: int) -> bytes:
    reader = (BrotliReader if encoding == "br" else ZstdReader)(io.BytesIO(payload))
    body = BodyReader("", max_body_bytes)
    try:
        while chunk := reader.read(_CHUNK_BYTES):
            body.feed(chunk)
    except OSError as error:
        raise PermanentError(
            f"the body is not whole {encoding}, which its headers promise",
            failure_domain=FailureDomain.TARGET,
        ) from error
    return body.finish()


def _cut_off() -> PermanentError:
    return PermanentError(
        "the archive holds only a part of the body, or broken chunks", failure_domain=FailureDomain.TARGET
    )


def _damaged(what: str) -> PermanentError:
    return PermanentError(f"the archive is damaged: {what}", failure_domain=FailureDomain.PARSE)
