"""Small web archives, written by warcio, and what can be read from them.

What belongs here: making files and asking them. What does not: assertions.
"""

import asyncio
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from webdata_assets.errors import WebdataError
from webdata_assets.stages.crawl.stored.warc import WarcTransport
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets.stages.crawl.transport import Request, Response

DAY = dt.date(2026, 6, 1)
NEXT_DAY = dt.date(2026, 6, 2)
NOON = "2026-06-01T12:00:00Z"


@dataclass(frozen=True)
class Record:
    """One record. `head` holds WARC headers, `headers` those of HTTP; without a status there are none."""

    url: str
    body: bytes = b"<p>page</p>"
    date: str = NOON
    kind: str = "response"
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)
    head: tuple[tuple[str, str], ...] = ()


def page(number: int, **values: Any) -> Record:
    """Return the response of a page whose body holds its number, incompressible but for a few bytes."""
    return Record(f"http://a.test/{number}", **({"body": b"<p>%d</p>" % number} | values))


def warc_bytes(records: Iterable[Record], *, gzip: bool = True) -> bytes:
    """Return a WARC file that begins with a warcinfo record."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gzip, warc_version="WARC/1.1")
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "a test"}))
    for record in records:
        http_headers = None
        if record.kind != "resource" and record.status:
            protocol_line = f"HTTP/1.1 {record.status}" if record.kind != "request" else record.status
            protocol, _, line = protocol_line.partition(" ")
            http_headers = StatusAndHeaders(line, list(record.headers), protocol=protocol)
        head = {"WARC-Date": record.date} | dict(record.head)
        made = writer.create_warc_record(
            record.url,
            record.kind,
            payload=io.BytesIO(record.body),
            length=len(record.body),
            warc_headers_dict=head,
            http_headers=http_headers,
            warc_content_type="text/html" if record.kind == "resource" else "",
        )
        writer.write_record(made)
    return out.getvalue()


def raw_record(url: str, block: bytes, *, kind: str = "response", date: str = NOON) -> bytes:
    """Return an uncompressed record with any block, which warcio would refuse to write."""
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


@dataclass
class Archive:
    """A folder of archive files, and the index of it."""

    folder: Path

    def __post_init__(self) -> None:
        self.files.mkdir(parents=True, exist_ok=True)

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def put(self, *records: Record, name: str = "a.warc.gz") -> Path:
        return self.put_bytes(warc_bytes(records, gzip=name.endswith(".gz")), name)

    def put_bytes(self, content: bytes, name: str = "a.warc.gz") -> Path:
        path = self.files / name
        path.write_bytes(content)
        return path

    def index(self, **given: Any) -> WarcIndex:
        return WarcIndex.open(self.files, self.cache, **given)

    def fetch(self, url: str, date: dt.date = DAY, **given: Any) -> Response:
        """Return the answer for a URL. Raises as the way in does."""

        async def ask() -> Response:
            transport = WarcTransport(date, [self.index()])
            try:
                return await transport.fetch(Request(url, **given))
            finally:
                await transport.close()

        return asyncio.run(ask())


def bodies(index: WarcIndex) -> dict[tuple[dt.date, str], bytes | str]:
    """Return the body of every capture that the index names, or the text of the typed error in its place."""

    async def ask() -> dict[tuple[dt.date, str], bytes | str]:
        found: dict[tuple[dt.date, str], bytes | str] = {}
        for date in index.dates():
            transport = WarcTransport(date, [index])
            for url in index.urls_on(date):
                try:
                    found[date, url] = (await transport.fetch(Request(url))).body
                except WebdataError as error:
                    found[date, url] = str(error)
        return found

    return asyncio.run(ask())
