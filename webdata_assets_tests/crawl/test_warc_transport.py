"""Answers from web archives: which capture, how its body is decoded, and what is refused."""

import base64
import datetime as dt
import gzip
import hashlib
import io
import zlib
from pathlib import Path

import pytest
from fastwarc.stream_io import BrotliWriter, ZstdWriter

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.stored.warc_record import read_message
from webdata_assets_tests.crawl.archives import DAY, NEXT_DAY, Archive, Record, page, raw_record

URL = "http://a.test/1"
BODY = b"<p>The quick brown fox</p>" * 50


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def refused(archive: Archive, url: str = URL, date: dt.date = DAY, **given: int) -> PermanentError:
    """Return the error of a request that no retry mends."""
    with pytest.raises(PermanentError) as caught:
        archive.fetch(url, date, **given)
    return caught.value


def sent(body: bytes, *headers: tuple[str, str], **values: object) -> Record:
    return Record(URL, body=body, headers=(("Content-Type", "text/html"), *headers), **values)  # type: ignore[arg-type]


def chunked(body: bytes, size: int = 100) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def brotli(body: bytes) -> bytes:
    out = io.BytesIO()
    writer = BrotliWriter(out)
    writer.write(body)
    writer.close()
    return out.getvalue()


def zstd(body: bytes) -> bytes:
    out = io.BytesIO()
    writer = ZstdWriter(out)
    writer.write(body)
    writer.close()
    return out.getvalue()


def digest_of(body: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()


def test_a_capture_is_answered_with_its_head_and_its_own_moment(archive: Archive) -> None:
    archive.put(
        sent(BODY, ("ETag", '"x"'), ("X-Twice", "one"), ("x-twice", "two"), date="2026-06-01T03:04:05Z")
    )
    response = archive.fetch(URL)
    assert (response.url, response.status, response.body) == (URL, 200, BODY)
    assert response.headers == {"content-type": "text/html", "etag": '"x"', "x-twice": "one, two"}
    assert response.observed_at == dt.datetime(2026, 6, 1, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_of_several_captures_on_a_date_the_last_counts(archive: Archive, name: str) -> None:
    archive.put(
        page(1, body=b"evening", date="2026-06-01T20:00:00Z"),
        page(1, body=b"morning", date="2026-06-01T08:00:00Z"),
        page(1, body=b"next day", date="2026-06-02T00:00:00Z"),
        name=name,
    )
    assert archive.fetch(URL).body == b"evening"
    assert archive.fetch(URL, NEXT_DAY).body == b"next day"


def test_a_page_without_a_capture_on_the_date_is_that_of_the_last_before_it(archive: Archive) -> None:
    archive.put(
        page(1, body=b"old", date="2026-05-01T00:00:00Z"), page(1, body=b"new", date="2026-07-01T00:00:00Z")
    )
    assert archive.fetch(URL).body == b"old"


@pytest.mark.parametrize("date", ["2026-06-02T00:00:00Z", None], ids=["later only", "never"])
def test_a_page_that_is_not_in_the_archive_is_a_failure_of_the_target(
    archive: Archive, date: str | None
) -> None:
    archive.put(page(1, date=date) if date else page(2))
    error = refused(archive)
    assert str(error) == "not in the archive on 2026-06-01 or before"
    assert error.failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, ()),
        (BODY, (("Content-Length", str(len(BODY))),)),
        (chunked(BODY), (("Transfer-Encoding", "chunked"),)),
        (gzip.compress(BODY), (("Content-Encoding", "gzip"),)),
        (gzip.compress(BODY), (("Content-Encoding", "x-gzip"),)),
        (zlib.compress(BODY), (("Content-Encoding", "deflate"),)),
        (brotli(BODY), (("Content-Encoding", "br"),)),
        (zstd(BODY), (("Content-Encoding", "zstd"),)),
        (chunked(gzip.compress(BODY)), (("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip"))),
        # archives of some tools keep the headers of the transfer with the decoded body
        (BODY, (("Transfer-Encoding", "chunked"),)),
        (BODY, (("Content-Encoding", "gzip"), ("Content-Length", "60"))),
    ],
    ids=[
        "plain",
        "length",
        "chunked",
        "gzip",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "both",
        "unchunked",
        "gunzipped",
    ],
)
@pytest.mark.parametrize("payload", ["as stored", "decoded"])
def test_bodies_are_decoded(
    archive: Archive, body: bytes, headers: tuple[tuple[str, str], ...], payload: str
) -> None:
    stated = digest_of(body if payload == "as stored" else BODY)
    archive.put(sent(body, *headers, head=(("WARC-Payload-Digest", stated),)))
    assert archive.fetch(URL).body == BODY


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY[:-1], (("Content-Length", str(len(BODY))),)),
        (chunked(BODY)[:-5], (("Transfer-Encoding", "chunked"),)),
        (chunked(BODY)[:-50], (("Transfer-Encoding", "chunked"),)),
        (b"5\r\nhello\r\nnonsense", (("Transfer-Encoding", "chunked"),)),
        (gzip.compress(BODY)[:-9], (("Content-Encoding", "gzip"),)),
        (brotli(BODY)[:-4], (("Content-Encoding", "br"),)),
        (zstd(BODY)[:-4], (("Content-Encoding", "zstd"),)),
        (BODY, (("Content-Encoding", "compress"),)),
    ],
    ids=["length", "last chunk", "in a chunk", "no chunk", "gzip", "br", "zstd", "unknown"],
)
def test_a_body_that_is_cut_off_or_cannot_be_decoded_is_a_failure(
    archive: Archive, body: bytes, headers: tuple[tuple[str, str], ...]
) -> None:
    archive.put(sent(body, *headers))
    assert refused(archive).failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"x" * 200_000, ""),
        (gzip.compress(b"x" * 50_000_000), "gzip"),
        (brotli(b"x" * 50_000_000), "br"),
        (zstd(b"x" * 50_000_000), "zstd"),
    ],
    ids=["plain", "gzip", "br", "zstd"],
)
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_a_body_over_the_cap_is_refused(archive: Archive, name: str, body: bytes, encoding: str) -> None:
    archive.put(sent(body, *((("Content-Encoding", encoding),) if encoding else ())), name=name)
    assert refused(archive, max_body_bytes=100_000).failure_domain is FailureDomain.RESOURCE
    assert archive.fetch(URL, max_body_bytes=60_000_000).status == 200


def test_a_record_that_unpacks_beyond_all_bounds_is_refused(archive: Archive) -> None:
    archive.put(sent(b"x" * 20_000_000))
    assert refused(archive, max_body_bytes=1_000).failure_domain is FailureDomain.RESOURCE


@pytest.mark.parametrize("what", ["WARC-Payload-Digest", "WARC-Block-Digest"])
@pytest.mark.parametrize("stated", [digest_of(b"other"), "md5:0", "sha256:" + "0" * 64])
def test_content_without_the_digest_that_is_stated_is_refused(
    archive: Archive, what: str, stated: str
) -> None:
    archive.put(sent(BODY, head=((what, stated),)))
    error = refused(archive)
    assert "digest" in str(error)
    assert error.failure_domain is FailureDomain.PARSE


@pytest.mark.parametrize(
    "stated",
    [
        "sha1:" + hashlib.sha1(BODY).hexdigest(),
        "SHA-1:" + hashlib.sha1(BODY).hexdigest().upper(),
        "sha256:" + hashlib.sha256(BODY).hexdigest(),
        "md5:" + base64.b32encode(hashlib.md5(BODY).digest()).decode(),
        "crc32:00000000",
    ],
)
def test_digests_are_understood_as_writers_write_them(archive: Archive, stated: str) -> None:
    archive.put(sent(BODY, head=(("WARC-Payload-Digest", stated),)))
    assert archive.fetch(URL).body == BODY


@pytest.mark.parametrize(
    "head", [("WARC-Truncated", "length"), ("WARC-Segment-Number", "1")], ids=lambda head: head[0]
)
def test_a_part_of_a_page_is_a_failure_and_not_content(archive: Archive, head: tuple[str, str]) -> None:
    archive.put(sent(BODY, head=(head,)))
    error = refused(archive)
    assert "only a part of the page" in str(error)
    assert error.failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize("status", ["301 Moved Permanently", "404 Not Found", "503 Service Unavailable"])
def test_what_a_site_said_in_place_of_a_page_comes_without_a_body(archive: Archive, status: str) -> None:
    archive.put(sent(b"cut off", ("Location", "/2"), ("Content-Length", "100"), status=status))
    response = archive.fetch(URL)
    assert (response.status, response.body) == (int(status[:3]), b"")
    assert response.headers["location"] == "/2"


def test_a_resource_is_a_page_with_its_own_content_type(archive: Archive) -> None:
    archive.put(Record(URL, kind="resource", body=BODY))
    response = archive.fetch(URL)
    assert (response.status, response.headers, response.body) == (200, {"content-type": "text/html"}, BODY)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A" * 100_000])
def test_a_response_without_a_readable_head_is_damage(archive: Archive, head: bytes) -> None:
    archive.put_bytes(raw_record(URL, head + BODY), "a.warc")
    assert refused(archive).failure_domain is FailureDomain.PARSE


def test_heads_that_end_their_lines_with_a_line_feed_are_read(archive: Archive) -> None:
    archive.put_bytes(raw_record(URL, b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + BODY), "a.warc")
    response = archive.fetch(URL)
    assert (response.headers, response.body) == ({"content-type": "text/html"}, BODY)


class TestRevisits:
    """Captures that repeat another."""

    ORIGINAL = sent(
        gzip.compress(BODY),
        ("Content-Encoding", "gzip"),
        ("ETag", '"old"'),
        date="2026-05-01T00:00:00Z",
        head=(("WARC-Record-ID", "<urn:uuid:original>"),),
    )
    DIGEST = digest_of(ORIGINAL.body)

    def revisit(self, *head: tuple[str, str], **values: object) -> Record:
        plain = {"kind": "revisit", "status": "200 OK", "headers": (("ETag", '"new"'),)}
        return Record(URL, body=b"", head=head, **(plain | values))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "head",
        [
            (("WARC-Refers-To", "<urn:uuid:original>"),),
            (("WARC-Refers-To-Target-URI", URL), ("WARC-Refers-To-Date", "2026-05-01T00:00:00Z")),
            (("WARC-Payload-Digest", DIGEST),),
            (),
        ],
        ids=["by id", "by URL and date", "by digest", "by URL"],
    )
    def test_a_revisit_has_the_payload_that_it_refers_to(
        self, archive: Archive, head: tuple[tuple[str, str], ...]
    ) -> None:
        archive.put(self.ORIGINAL, name="2026-05.warc.gz")
        archive.put(self.revisit(*head), name="2026-06.warc.gz")
        response = archive.fetch(URL)
        assert response.body == BODY
        assert response.headers["etag"] == '"new"'
        assert response.observed_at == dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)

    @pytest.mark.parametrize("kind", ["revisit", "response"])
    def test_an_answer_of_not_modified_has_the_payload_of_the_capture_before_it(
        self, archive: Archive, kind: str
    ) -> None:
        empty = ("WARC-Payload-Digest", digest_of(b""))
        archive.put(Record("http://a.test/empty", body=b"", date="2026-05-02T00:00:00Z"), self.ORIGINAL)
        archive.put(self.revisit(empty, kind=kind, status="304 Not Modified"), name="b.warc.gz")
        response = archive.fetch(URL)
        assert (response.status, response.body, response.headers["etag"]) == (200, BODY, '"old"')

    def test_a_revisit_of_what_is_not_in_the_archive_is_a_failure(self, archive: Archive) -> None:
        archive.put(page(2), self.revisit(("WARC-Payload-Digest", digest_of(b"other"))))
        error = refused(archive)
        assert str(error) == "the capture repeats another, which is not in the archive"
        assert error.failure_domain is FailureDomain.TARGET

    def test_a_revisit_is_never_given_another_payload_than_it_states(self, archive: Archive) -> None:
        stated = ("WARC-Payload-Digest", digest_of(b"other"))
        archive.put(self.ORIGINAL, self.revisit(("WARC-Refers-To", "<urn:uuid:original>"), stated))
        assert refused(archive).failure_domain is FailureDomain.PARSE

    def test_a_revisit_of_a_redirect_needs_no_payload(self, archive: Archive) -> None:
        stated = ("WARC-Payload-Digest", digest_of(b"moved"))
        archive.put(self.revisit(stated, status="302 Found", headers=(("Location", "/2"),)))
        assert archive.fetch(URL).headers == {"location": "/2"}


def test_a_file_that_was_replaced_after_it_was_indexed_is_noticed(archive: Archive) -> None:
    path = archive.put(page(1), name="a.warc")
    capture = archive.index().latest(URL, DAY)
    assert capture is not None
    archive.put(page(1), name="a.warc")
    with pytest.raises(PermanentError, match="is not the one that was indexed"):
        read_message(path, capture.entry, max_body_bytes=1_000)
