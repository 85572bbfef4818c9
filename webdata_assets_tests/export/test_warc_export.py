"""Pages as a web archive: valid for others' readers, the same every time, and read back as they were."""

import asyncio
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from fastwarc.warc import ArchiveIterator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.stored.warc import WarcTransport
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.export.warc import PageCapture, Repeated, Written, write_warc

DOCS = Path("/usr/share/doc/python3.11/html")
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
DAY = NOON.date()


def capture(url: str = "http://a.test/", body: bytes | None = b"<p>a</p>", **values: Any) -> PageCapture:
    digest = None if body is None else blake3(body).hexdigest()
    plain = {"moment": NOON, "status": 200, "content_type": "text/html", "payload_hash": digest}
    return PageCapture(url=url, payload=body, **(plain | values))


def written(out: Path, *captures: PageCapture) -> Written:
    return write_warc(captures, out, software="a test", about="pages of a test", now=NOON)


def read_back(*files: Path, url: str, date: dt.date = DAY) -> Response:
    """Return the answer for a URL from the archives; redirects are followed."""

    async def ask() -> Response:
        transport = WarcTransport(date, [WarcIndex.open(file, file.parent / "cache") for file in files])
        response = await transport.fetch(Request(url))
        while response.status == 302:
            response = await transport.fetch(
                Request(canonical_url(response.headers["location"], response.url))
            )
        await transport.close()
        return response

    return asyncio.run(ask())


def check_by_others(out: Path) -> None:
    """Have warcio check every digest, and fastwarc every record; each record must be a gzip member."""
    warcio = Path(sys.executable).with_name("warcio")
    done = subprocess.run([warcio, "check", "-v", str(out)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout
    places = []
    for record in ArchiveIterator(str(out), parse_http=False):
        places.append(record.stream_pos)
        assert record.headers.status_line == "WARC/1.1"
        assert record.headers["WARC-Record-ID"].startswith("<urn:uuid:")
        assert record.verify_block_digest()
    content = out.read_bytes()
    assert len(set(places)) == len(places)
    assert all(content.startswith(b"\x1f\x8b\x08", place) for place in places)


def test_a_page_is_a_response_that_other_readers_accept(tmp_path: Path) -> None:
    out = tmp_path / "a.warc.gz"
    page = capture(etag='"x"', last_modified="Mon, 01 Jun 2026 00:00:00 GMT")
    assert written(out, page, capture("http://a.test/empty", b"")) == Written(2, 0, 0)
    check_by_others(out)
    records = ArchiveIterator(str(out))
    assert next(records).headers["WARC-Type"] == "warcinfo"
    response = next(records)
    assert response.headers["WARC-Target-URI"] == "http://a.test/"
    assert response.headers["WARC-Date"] == "2026-06-01T12:00:00Z"
    assert response.http_headers is not None
    assert response.http_headers.status_line == "HTTP/1.1 200 OK"
    assert dict(response.http_headers) == {
        "Content-Type": "text/html",
        "Content-Length": "8",
        "ETag": '"x"',
        "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT",
    }
    assert response.verify_payload_digest(consume=False)
    assert response.reader.read() == b"<p>a</p>"


def test_the_archive_says_that_heads_are_reconstructed(tmp_path: Path) -> None:
    out = tmp_path / "a.warc.gz"
    written(out, capture())
    info = next(iter(ArchiveIterator(str(out), parse_http=False)))
    text = info.reader.read().decode()
    assert "software: a test\r\n" in text
    assert "isPartOf: pages of a test\r\n" in text
    assert "The HTTP heads are reconstructed" in text
    assert info.headers["WARC-Filename"] == "a.warc.gz"


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    captures = [capture(f"http://a.test/{number}", b"%d" % number) for number in range(20)]
    (tmp_path / "again").mkdir()
    one, two = tmp_path / "a.warc.gz", tmp_path / "again" / "a.warc.gz"
    written(one, *captures)
    written(two, *captures)
    assert one.read_bytes() == two.read_bytes()
    ids = [record.headers["WARC-Record-ID"] for record in ArchiveIterator(str(one))]
    assert len(set(ids)) == 21


def test_an_unchanged_page_refers_to_the_archive_that_has_its_bytes(tmp_path: Path) -> None:
    earlier, later = tmp_path / "1.warc.gz", tmp_path / "2.warc.gz"
    first = capture(body=b"old")
    same = {"moment": NOON + dt.timedelta(days=1), "payload_hash": first.payload_hash}
    repeats = Repeated("http://a.test/", NOON)
    written(earlier, first)
    assert written(later, capture(body=None, repeats=repeats, status=304, etag='"new"', **same)) == Written(
        0, 1, 0
    )
    check_by_others(later)
    _, revisit = [dict(record.headers) for record in ArchiveIterator(str(later))]
    _, response = [dict(record.headers) for record in ArchiveIterator(str(earlier))]
    assert revisit["WARC-Profile"].endswith("/server-not-modified")
    assert revisit["WARC-Refers-To"] == response["WARC-Record-ID"]
    assert revisit["WARC-Refers-To-Date"] == response["WARC-Date"]
    date = DAY + dt.timedelta(days=1)
    folder = tmp_path / "both"
    folder.mkdir()
    for file in (earlier, later):
        file.rename(folder / file.name)
    answer = read_back(folder, url="http://a.test/", date=date)
    assert (answer.status, answer.body, answer.observed_at) == (200, b"old", NOON + dt.timedelta(days=1))
    (folder / "1.warc.gz").unlink()
    with pytest.raises(PermanentError, match="which is not in the archive"):
        read_back(folder, url="http://a.test/", date=date)


def test_a_page_behind_redirects_is_reached_through_one(tmp_path: Path) -> None:
    out = tmp_path / "a.warc.gz"
    moved = capture("http://a.test/old", final_url="http://b.test/new")
    assert written(out, moved) == Written(1, 0, 1)
    check_by_others(out)
    answer = read_back(out, url="http://a.test/old")
    assert (answer.url, answer.body) == ("http://b.test/new", b"<p>a</p>")


def test_a_page_that_was_gone_is_gone_in_the_archive(tmp_path: Path) -> None:
    out = tmp_path / "a.warc.gz"
    written(out, capture(body=None, status=404))
    check_by_others(out)
    assert read_back(out, url="http://a.test/").status == 404
    _, response = [dict(record.headers) for record in ArchiveIterator(str(out))]
    assert response["WARC-Truncated"] == "unspecified"


HEADER = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MOMENTS = st.integers(0, 86_399_999_999).map(
    lambda microseconds: NOON.replace(hour=0) + dt.timedelta(microseconds=microseconds)
)
PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=100, deadline=None)
@given(
    pages=st.lists(
        st.tuples(PATHS, st.binary(max_size=300), HEADER, st.none() | HEADER, MOMENTS),
        min_size=1,
        max_size=4,
        unique_by=lambda page: canonical_url("http://a.test/" + page[0].replace("\\", "/")),
    )
)
@example(pages=[("\r\nWARC/1.1\r\n", b"WARC/1.1\r\n\r\n", "text/html\r\nX: y", "é☃", NOON)])
@example(pages=[("?a=b&c#d", b"5\r\nhello\r\n0\r\n\r\n", "", None, NOON)])
@example(pages=[("é", b"", ";\x80=0", "☃", NOON)])
@example(pages=[("x", b"\x1f\x8b\x08 no gzip", "text/html; charset=\x00", '"a\n"', NOON)])
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, pages: list[tuple[str, bytes, str, str | None, dt.datetime]]
) -> None:
    out = tmp_path_factory.mktemp("export") / "a.warc.gz"
    captures = [
        capture(f"http://a.test/{path}", body, content_type=content_type, etag=etag, moment=moment)
        for path, body, content_type, etag, moment in pages
    ]
    written(out, *captures)
    index = WarcIndex.open(out, out.parent / "cache")
    assert index.urls_on(DAY) == sorted(canonical_url(page.url) for page in captures)
    assert index.damage() == []

    async def read_all() -> list[Response]:
        transport = WarcTransport(DAY, [index])
        answers = [await transport.fetch(Request(canonical_url(page.url))) for page in captures]
        await transport.close()
        return answers

    for page, answer in zip(captures, asyncio.run(read_all()), strict=True):
        assert blake3(answer.body).hexdigest() == page.payload_hash
        assert answer.observed_at == page.moment
        assert set(answer.headers) <= {"content-type", "content-length", "etag"}


@pytest.mark.parametrize("place", ["a.warc", "folder.warc.gz", "absent/a.warc.gz"])
def test_a_file_that_cannot_be_is_the_users_to_mend(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder.warc.gz").mkdir()
    with pytest.raises(PermanentError, match=r"name a file that ends in \.warc\.gz, in a folder") as caught:
        written(tmp_path / place, capture())
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_an_export_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "a.warc.gz"
    out.write_bytes(b"old")
    with pytest.raises(PermanentError, match="is not a URL"):
        written(out, capture(), capture("http://"))
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.skipif(not DOCS.is_dir(), reason=f"{DOCS} is not here")
def test_a_real_site_goes_through_an_archive_unchanged(tmp_path: Path) -> None:
    out = tmp_path / "docs.warc.gz"
    files = sorted(DOCS.glob("library/*.html"))[:120] + sorted(DOCS.glob("_images/*"))[:10]
    bodies = {
        canonical_url(f"http://docs.test/{file.relative_to(DOCS)}"): file.read_bytes() for file in files
    }
    told: list[int] = []
    write_warc(
        (capture(url, body) for url, body in bodies.items()),
        out, software="a test", about="docs", now=NOON, progress=told.append,
    )  # fmt: skip
    assert told == list(range(1, len(bodies) + 1))
    check_by_others(out)
    index = WarcIndex.open(out, tmp_path / "cache")
    assert index.urls_on(DAY) == sorted(bodies)

    async def read_all() -> dict[str, bytes]:
        transport = WarcTransport(DAY, [index])
        return {url: (await transport.fetch(Request(url))).body for url in bodies}

    assert asyncio.run(read_all()) == bodies
