"""What answers say in their heads: fields, Retry-After, Link, Content-Type, and the encoding of the body."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.crawl.discovery.dates import end_of_stated
from webdata_assets.stages.crawl.discovery.link_header import parse_link_header
from webdata_assets.stages.crawl.http.bodies import BodyReader
from webdata_assets.stages.crawl.http.headers import final_head, plain_headers, response_head
from webdata_assets.stages.crawl.retry import check_status, parse_retry_after
from webdata_assets.stages.extract.decode import decode
from webdata_assets_tests.fuzz.mutators import line_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import NOT_SERVED, REFUSED, RETRIED, TOO_LARGE, Target

_NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_MAX_BODY_BYTES = 50_000
_MAX_BYTES = 4_096
_TOKENS = (
    "HTTP/1.1 200 OK\r", "HTTP/1.1 429 \r", "HTTP/1.1 103 \r", "Retry-After: 120\r", "\r",
    "Link: <a>; rel=next\r",
    "Retry-After: Mon, 01 Jun 2026 12:00:00 GMT\r", "Retry-After: Fri, 31 Dec 9999 23:59:59 -2359\r",
    "Content-Type: text/html; charset=utf-7\r", "charset=", "shift_jis", "iso-2022-jp", "hz-gb-2312",
    "utf-16",
    "x-user-defined", "idna", "unicode_escape", "undefined", "mbcs", "Content-Encoding: gzip\r", "deflate",
    "Content-Encoding: identity\r", "<meta charset=big5>", "<?xml encoding='gb18030'", "\x1b$B",
    '; rel="a next"',
    "Last-Modified: 2026-06-01T00:00:00Z\r", "0" * 40, "Set-Cookie: a=b\r",
)  # fmt: skip


def run(data: bytes) -> None:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line + b"\r\n" for line in head.split(b"\r\n")]
    headers = plain_headers(final_head([*lines, b"\r\n"]))
    for name, value in headers.items():
        assert not _CONTROLS.search(value), f"{name}: {value!r} holds a control character"
        f"{name}{value}".encode()
    assert len(response_head(200, headers)) <= 4_000
    for value in (*headers.values(), head.decode("latin-1")):
        seconds = parse_retry_after(value, _NOW)
        assert seconds is None or seconds >= 0, f"wait {seconds} s"
        moment = end_of_stated(value)
        assert moment is None or moment.utcoffset() == dt.timedelta(0)
        assert len(parse_link_header(value)) <= len(value)
    text = decode(body, headers.get("content-type"))
    text.encode()
    assert len(text) <= len(body), "more characters than bytes"
    reader = BodyReader(headers.get("content-encoding", ""), _MAX_BODY_BYTES)
    reader.feed(body)
    assert len(reader.finish()) <= _MAX_BODY_BYTES
    check_status(sum(head[:20]) % 600, headers, _NOW)


def seeds(data: Path) -> Iterator[bytes]:
    for body in files(
        data, "html5lib_tests/encoding/*.dat", "trafilatura_eval/html/*", count=60, max_bytes=3_000
    ):
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body


TARGET = Target(
    run,
    frozenset({NOT_SERVED, REFUSED, RETRIED, TOO_LARGE}),
    (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\n\r\n\xcf\xf0\xe8\xe2\xe5\xf2",
        b"HTTP/1.1 503 \r\nRetry-After: Fri, 31 Dec 9999 23:59:59 -2359\r\nA: \x00\xff\r\n\r\n",
        b'HTTP/1.1 100\r\n\r\nHTTP/1.1 200\r\nLink: <a>; rel="next\\"; b=c, <d>; rel=x\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08broken",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x4b\x4c\x04\x00",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=unicode_escape\r\n\r\n\\ud800\xff\x1b",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    line_mutator(_TOKENS),
)
