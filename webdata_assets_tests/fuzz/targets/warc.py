"""Web archives: a file is indexed, and every page in it is read, or a typed error says why not."""

import asyncio
import gzip
import random
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.stored.warc import WarcTransport
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets.stages.crawl.transport import Request
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets_tests.crawl.archives import Record, page, warc_bytes
from webdata_assets_tests.fuzz.mutators import shuffled
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import NOT_SERVED, TOO_LARGE, UNREADABLE, Mutate, Target

_MAX_BYTES = 10_240
_MAX_BODY_BYTES = 20_000
_MAX_CAPTURES = 50
_RECORD_ERRORS = frozenset({NOT_SERVED, TOO_LARGE, UNREADABLE})
_RECORD = re.compile(rb"(?=WARC/1\.)")
_TOKENS = (
    "WARC/1.1\r\n", "WARC/1.0\r\n", "WARC-Type: response\r\n", "WARC-Type: revisit\r\n",
    "WARC-Type: resource\r\n",
    "WARC-Type: request\r\n", "WARC-Target-URI: http://a.test/1\r\n",
    "WARC-Target-URI: <http://a.test/1>\r\n",
    "WARC-Date: 2026-06-01T12:00:00Z\r\n", "WARC-Date: 2026-06\r\n", "WARC-Date: 0000-00-00T00:00:00Z\r\n",
    "WARC-Date: 9999-12-31T23:59:60Z\r\n", "WARC-Record-ID: <urn:uuid:1>\r\n",
    "WARC-Concurrent-To: <urn:uuid:1>\r\n",
    "WARC-Payload-Digest: sha1:A\r\n", "WARC-Block-Digest: blake3:00\r\n", "WARC-Refers-To: <urn:uuid:1>\r\n",
    "WARC-Refers-To-Target-URI: http://a.test/1\r\n", "WARC-Refers-To-Date: 2026-06-01T12:00:00Z\r\n",
    "WARC-Truncated: length\r\n", "WARC-Segment-Number: 1\r\n", "Content-Length: 0\r\n",
    "Content-Length: 99999\r\n",
    "Content-Length: 18446744073709551616\r\n", "Content-Length: -1\r\n", "Content-Type: text/html\r\n",
    "\r\n",
    "HTTP/1.1 200 OK\r\n", "HTTP/1.1 206 \r\n", "HTTP/1.1 304 \r\n", "HTTP/1.1 99999999999 \r\n",
    "GET / HTTP/1.1\r\n",
    "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n",
    "4\r\nabcd\r\n0\r\n\r\n",
    "Content-Encoding: zstd\r\n", "FFFFFFFFFFFFFFF\r\n", "filedesc://a", "\x00", "\x1b\x00",
)  # fmt: skip
_WORDS = [token.encode() for token in _TOKENS]


def run(data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        file = Path(folder) / "a.warc"
        file.write_bytes(data)
        index = WarcIndex.open(file, Path(folder) / "cache")
        try:
            asyncio.run(_read(index, len(data)))
        finally:
            index.close()


async def _read(index: WarcIndex, size: int) -> None:
    for part in index.damage():
        assert 0 <= part.offset <= size
        part.reason.encode()
    for date in index.dates()[:_MAX_CAPTURES]:
        for url in index.urls_on(date)[:_MAX_CAPTURES]:
            assert canonical_url(url) == url
            capture = index.latest(url, date)
            assert capture is not None
            assert 0 <= capture.entry.offset < capture.entry.offset + capture.entry.length <= size
            try:
                response = await WarcTransport(date, [index]).fetch(
                    Request(url, max_body_bytes=_MAX_BODY_BYTES)
                )
            except PermanentError as error:
                if (PermanentError, error.failure_domain) not in _RECORD_ERRORS:
                    raise
                continue
            assert len(response.body) <= _MAX_BODY_BYTES
            assert response.observed_at is not None and response.observed_at.date() <= date
            "".join(f"{name}{value}" for name, value in response.headers.items()).encode()


def mutate_records(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Mutate lines of one record, or the order of records; those in gzip are unpacked for that."""
    packed = data.startswith(b"\x1f\x8b")
    if packed and rng.random() < 0.2:
        return mutate(data)
    records = _RECORD.split(_unpacked(data) if packed else data)
    if rng.random() < 0.2:
        records = shuffled(records, _WORDS, rng, mutate)
    else:
        at = rng.randrange(len(records))
        records[at] = b"".join(shuffled(records[at].splitlines(keepends=True), _WORDS, rng, mutate))
    if packed == (rng.random() < 0.95):
        return b"".join(gzip.compress(record, 1, mtime=0) for record in records if record)
    return b"".join(records)


def _unpacked(data: bytes) -> bytes:
    plain = b""
    while data.startswith(b"\x1f\x8b") and len(plain) < 4 * _MAX_BYTES:
        inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
        try:
            plain += inflater.decompress(data, 4 * _MAX_BYTES)
        except zlib.error:
            break
        data = inflater.unused_data
    return plain


def seeds(data: Path) -> Iterator[bytes]:
    yield from files(data, "warc_bad/*arc*", count=30, max_bytes=_MAX_BYTES)


_RECORDS = (
    page(1),
    page(
        2,
        headers=(("Content-Type", "text/html"), ("Transfer-Encoding", "chunked")),
        body=b"3\r\nabc\r\n0\r\n\r\n",
    ),
    Record(
        "http://a.test/3", headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"x" * 99, mtime=0)
    ),
    Record("http://a.test/1", kind="revisit", body=b"", date="2026-06-02T12:00:00Z"),
    Record("http://a.test/4", kind="resource", body=b"<p>4"),
    Record("http://a.test/5", kind="request", status="POST /5 HTTP/1.1", body=b""),
)
_OUT_OF_RANGE = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/\r\n"
    b"WARC-Date: 9999-12-31T23:59:60Z\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
)
TARGET = Target(
    run,
    frozenset({UNREADABLE}),
    (
        warc_bytes(_RECORDS, gzip=False),
        warc_bytes(_RECORDS, gzip=True),
        warc_bytes(_RECORDS, gzip=True)[:-40],
        _OUT_OF_RANGE,
        b"filedesc://a",
        b"",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    mutate_records,
)  # fmt: skip
