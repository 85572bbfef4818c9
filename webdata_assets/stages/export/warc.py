"""Pages as a web archive: WARC/1.1, one gzip member for each record (ISO 28500:2017).

What belongs here: how a page is written. What does not: where pages come from (cli/export.py), and reading
archives (crawl/warc.py).
"""

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.export.whole_file import whole_file

SUFFIX = ".warc.gz"
_PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
_SAME_BYTES = "identical-payload-digest"
_NOT_MODIFIED = "server-not-modified"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_RECONSTRUCTED = (
    "The HTTP heads are reconstructed: status, content type, length, validators, and one 302 in place of all "
    "redirects. Bodies are without transfer and content coding. Of pages that were gone no body was kept."
)


@dataclass(frozen=True, slots=True)
class Repeated:
    """An earlier capture, in the file of its own date."""

    url: str
    moment: dt.datetime


@dataclass(frozen=True, slots=True)
class PageCapture:
    """What is known of one visit to a page.

    Attributes:
        url: that was asked for.
        moment: whose content was seen, in UTC.
        status: of the last HTTP response.
        final_url: where redirects ended; None where there were none.
        content_type: as the server said it.
        etag: likewise.
        last_modified: likewise.
        payload: the body; None where it was not kept, or is that of an earlier capture.
        payload_hash: BLAKE3 of the body, if it is known.
        repeats: the earlier capture that has the body, where this one has none.
    """

    url: str
    moment: dt.datetime
    status: int
    final_url: str | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload: bytes | None = field(default=None, repr=False)
    payload_hash: str | None = None
    repeats: Repeated | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """How many records a file holds, beside its warcinfo."""

    responses: int
    revisits: int
    redirects: int


def write_warc(
    captures: Iterable[PageCapture],
    out: Path,
    *,
    software: str,
    about: str,
    now: dt.datetime,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write captures to a file that is there whole or not at all; equal input gives equal bytes.

    A capture with a payload is a response, one without is a revisit of another capture where it has a payload
    hash, and else a response without a body, marked as truncated.

    Args:
        captures: one is held in memory at a time.
        out: its name ends in `.warc.gz`; a file of that name is replaced.
        software: what wrote it, for the warcinfo record.
        about: what it holds, likewise.
        now: the moment of the warcinfo record.
        progress: is told the number of captures written, after each.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such file; ACCESS, for a URL that is none.
        TransientError: SINK, when the disk fails.
    """
    responses = revisits = redirects = 0
    with whole_file(out, suffix=SUFFIX) as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        _write_info(writer, out.name.removesuffix(SUFFIX), software, about, now)
        for number, capture in enumerate(captures, start=1):
            url, target = canonical_url(capture.url), canonical_url(capture.final_url or capture.url)
            if target != url:
                redirects += 1
                _write_redirect(writer, url, target, capture)
            if capture.payload is None and capture.payload_hash is not None:
                revisits += 1
                _write_revisit(writer, target, capture)
            else:
                responses += 1
                _write_response(writer, target, capture)
            if progress is not None:
                progress(number)
    return Written(responses, revisits, redirects)


def _write_info(writer: WARCWriter, name: str, software: str, about: str, now: dt.datetime) -> None:
    record = writer.create_warcinfo_record(
        f"{name}{SUFFIX}",
        {
            "software": _printable(software),
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": _printable(about),
            "description": _RECONSTRUCTED,
        },
    )
    record.rec_headers.replace_header("WARC-Record-ID", _record_id("warcinfo", name, about, now.isoformat()))
    record.rec_headers.replace_header("WARC-Date", _warc_date(now))
    writer.write_record(record)


def _write_response(writer: WARCWriter, url: str, capture: PageCapture) -> None:
    body = capture.payload or b""
    headers = {
        "WARC-Record-ID": _capture_id("response", url, capture.payload_hash, capture.moment),
        "WARC-Date": _warc_date(capture.moment),
    }
    if capture.payload is None:
        headers["WARC-Truncated"] = "unspecified"
    writer.write_record(
        writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            length=len(body),
            warc_headers_dict=headers,
            http_headers=_head(capture, length=len(body)),
        )
    )


def _write_revisit(writer: WARCWriter, url: str, capture: PageCapture) -> None:
    assert capture.payload_hash is not None
    headers = {
        "WARC-Record-ID": _capture_id("revisit", url, capture.payload_hash, capture.moment),
        "WARC-Date": _warc_date(capture.moment),
        "WARC-Profile": f"{_PROFILES}{_NOT_MODIFIED if capture.status == 304 else _SAME_BYTES}",
        # the SHA-1 of a body that is not at hand is not known
        "WARC-Payload-Digest": f"blake3:{capture.payload_hash}",
    }
    if capture.repeats is not None:
        original = canonical_url(capture.repeats.url)
        moment = capture.repeats.moment
        headers["WARC-Refers-To"] = _capture_id("response", original, capture.payload_hash, moment)
        headers["WARC-Refers-To-Target-URI"] = original
        headers["WARC-Refers-To-Date"] = _warc_date(moment)
    writer.write_record(
        writer.create_warc_record(url, "revisit", warc_headers_dict=headers, http_headers=_head(capture))
    )


def _write_redirect(writer: WARCWriter, url: str, target: str, capture: PageCapture) -> None:
    headers = {
        "WARC-Record-ID": _capture_id("redirect", url, target, capture.moment),
        "WARC-Date": _warc_date(capture.moment),
    }
    head = StatusAndHeaders("302 Found", [("Location", target), ("Content-Length", "0")], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(),
            length=0,
            warc_headers_dict=headers,
            http_headers=head,
        )
    )


def _head(capture: PageCapture, *, length: int | None = None) -> StatusAndHeaders:
    known = (
        ("Content-Type", capture.content_type),
        ("Content-Length", None if length is None else str(length)),
        ("ETag", capture.etag),
        ("Last-Modified", capture.last_modified),
    )
    headers = [(name, text) for name, value in known if value is not None and (text := _printable(value))]
    try:
        phrase = HTTPStatus(capture.status).phrase
    except ValueError:
        phrase = "Unknown"
    return StatusAndHeaders(f"{capture.status} {phrase}", headers, protocol="HTTP/1.1")


def _capture_id(kind: str, url: str, content: str | None, moment: dt.datetime) -> str:
    return _record_id(kind, url, content or "", moment.isoformat())


def _record_id(*parts: str) -> str:
    return f"<{uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(parts)).urn}>"


def _warc_date(moment: dt.datetime) -> str:
    precision = "microseconds" if moment.microsecond else "seconds"
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _printable(value: str) -> str:
    """Return a header's value without what would end it, and other characters than ASCII in percent form."""
    return quote(_CONTROL.sub(" ", value), safe=_ASCII).strip()
