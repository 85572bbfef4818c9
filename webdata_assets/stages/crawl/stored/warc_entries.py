"""What the head of a WARC record says: a capture, or that there is none.

What belongs here: the values, and reading one record's head. What does not: walking through a file
(warc_scan.py), and the record's content (warc_record.py).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import quote

from fastwarc.warc import WarcRecord

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.stored.warc_digest import agrees
from webdata_assets.stages.crawl.urls import canonical_url

Kind = Literal["response", "resource", "revisit"]

_TYPES = frozenset({*get_args(Kind), "warcinfo", "request", "metadata", "conversion", "continuation"})
_PARTIAL_CONTENT = 206
_NOT_MODIFIED = 304
_URL_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Entry:
    """One capture in a file.

    Attributes:
        offset: of its record, in the file as it is stored.
        length: in bytes as stored.
        kind: a `revisit` refers to another capture's payload.
        url: canonical.
        moment: its WARC-Date, in UTC.
        status: of the HTTP response inside; None where there is none to be read.
        content_type: as the server said it.
        record_id: WARC-Record-ID.
        concurrent_to: the id of the request that it answers, where it names one.
        digest: WARC-Payload-Digest; of a revisit, that of the payload which it shares.
        refers_to: the id of the record whose payload a revisit shares, where it names one.
        refers_to_url: that record's URL, likewise.
        refers_to_moment: that record's WARC-Date, likewise.
    """

    offset: int
    length: int
    kind: Kind
    url: str
    moment: dt.datetime
    status: int | None
    content_type: str | None
    record_id: str | None
    concurrent_to: str | None
    digest: str | None
    refers_to: str | None = None
    refers_to_url: str | None = None
    refers_to_moment: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class NoPages:
    """Ids of requests other than GET, and of their answers: entries that bear or name one are none."""

    record_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Damage:
    """A record, or the bytes from an offset on, that cannot be used."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Every entry from this offset on may lie within a damaged page, and is none."""

    offset: int


def read_entry(record: WarcRecord, no_pages: set[str]) -> Entry | Damage | None:
    """Return what a record's head says; None for what is no page.

    Requests, metadata, answers to other methods than GET, parts of pages (206), and URLs other than http and
    https are no pages.

    Args:
        record: fresh from its file; an entry's length is not known yet, and is 0.
        no_pages: takes the ids of a request other than GET, and of its answers.
    """
    headers = record.headers
    kind = (headers.get("WARC-Type") or "").lower()
    uri = read_uri(headers.get_bytes(b"WARC-Target-URI"))
    if kind not in _TYPES or (kind in get_args(Kind) and not uri):
        return Damage(record.stream_pos, "the record says not what it is, or of which page")
    if not uri.lower().startswith(("http://", "https://")):
        return None
    concurrent = headers.get_multiple("WARC-Concurrent-To")
    record_id = headers.get("WARC-Record-ID")
    if kind == "request":
        if record.reader.read(4) != b"GET ":
            # some writers let the request name its response, some the other way round
            no_pages.update(filter(None, (record_id, *concurrent)))
        return None
    if kind not in get_args(Kind):
        return None
    moment = _moment(headers.get("WARC-Date"))
    if moment is None:
        return Damage(record.stream_pos, f"the record of {uri[:200]} names no day (WARC-Date)")
    try:
        url = canonical_url(uri)
    except PermanentError as error:
        return Damage(record.stream_pos, str(error))
    status, content_type = _http_head(record, kind)
    if status == _PARTIAL_CONTENT:
        return None
    digest = headers.get("WARC-Payload-Digest")
    if status == _NOT_MODIFIED:
        # such an answer has no payload of its own, whose digest some writers state all the same
        kind, digest = "revisit", None if agrees(digest, b"") else digest
    return Entry(
        offset=record.stream_pos,
        length=0,
        kind=cast(Kind, kind),
        url=url,
        moment=moment,
        status=status,
        content_type=content_type,
        record_id=record_id,
        concurrent_to=concurrent[0] if concurrent else None,
        digest=digest,
        refers_to=headers.get("WARC-Refers-To"),
        refers_to_url=_canonical_or_none(read_uri(headers.get_bytes(b"WARC-Refers-To-Target-URI"))),
        refers_to_moment=_moment(headers.get("WARC-Refers-To-Date")),
    )


def _http_head(record: WarcRecord, kind: str) -> tuple[int | None, str | None]:
    if kind == "resource":
        return 200, record.headers.get("Content-Type")
    try:
        record.parse_http(auto_decode="none", quirks_mode=True)
    except OSError:
        # reading the record will say what is wrong with it
        return None, None
    head = record.http_headers
    return (None, None) if head is None else (head.status_code, head.get("Content-Type"))


def read_uri(value: bytes | None) -> str:
    """Return a URI header as text; wget put it in angle brackets, as a draft of the standard did."""
    plain = (value or b"").strip().removeprefix(b"<").removesuffix(b">")
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return quote(plain, safe=_URL_CHARACTERS)


def _canonical_or_none(uri: str) -> str | None:
    try:
        return canonical_url(uri) if uri else None
    except PermanentError:
        return None


def _moment(value: str | None) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat((value or "").strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
