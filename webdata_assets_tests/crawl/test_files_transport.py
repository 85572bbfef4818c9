"""A folder of pages as a source: one URL for each file, validators, and what is refused."""

import asyncio
import os
from pathlib import Path
from typing import Any

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverFiles
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.stored.file_urls import name_of, url_of
from webdata_assets.stages.crawl.stored.files import FilesTransport, list_files
from webdata_assets.stages.crawl.transport import Request, Response

BASE = "http://docs.test/v1/"
DOCS = Path("/usr/share/doc/python3.11/html")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pages"
    place.mkdir()
    return place


def rule_of(folder: Path, **values: Any) -> DiscoverFiles:
    return DiscoverFiles.model_validate({"by": "files", "path": str(folder), "base_url": BASE} | values)


def fetch(folder: Path, url: str, headers: dict[str, str] | None = None, **given: Any) -> Response:
    """Return the answer for a URL. Raises as the way in does."""
    source = Source.model_validate(
        {
            "name": "folder",
            "description": "Pages in a folder",
            "start": "2026-06-01",
            "fetch": {"via": "files", "discover": [rule_of(folder).model_dump(exclude_none=True)]},
            "extract": {"kind": "document"},
        }
    )
    return asyncio.run(FilesTransport(source).fetch(Request(url, headers or {}, **given)))


NAMES = st.binary(min_size=1, max_size=30).filter(
    lambda name: b"\0" not in name and b"/" not in name and name not in (b".", b"..")
)


@given(parts=st.lists(NAMES, min_size=1, max_size=4))
@example(parts=[b"%2e%2e", b"a%2Fb", b"a?b#c", b" ", b"\\", b"caf\xc3\xa9", b"\xff\n"])
def test_every_name_has_one_url_which_leads_back_to_it(parts: list[bytes]) -> None:
    name = "/".join(os.fsdecode(part) for part in parts)
    url = url_of(name, BASE)
    assert name_of(url, BASE) == name
    assert url.isascii()
    assert ada_url.normalize_url(url) == url


@given(path=st.text(max_size=40))
@example(path="a%2Fb")
@example(path="%2e%2e/secret")
@example(path="../secret")
@example(path="a//b")
@example(path="index.html?x=1")
@example(path="%61.html")
def test_a_url_that_names_a_file_is_that_files_only_url(path: str) -> None:
    name = name_of(BASE + path, BASE)
    assert name is None or url_of(name, BASE) == BASE + path


def test_files_are_listed_by_url(folder: Path) -> None:
    (folder / "b").mkdir()
    for name in ("z.html", "b/index.html", "b/ä ö.html", "notes.txt"):
        (folder / name).write_text("x")
    assert list_files(rule_of(folder)) == [
        f"{BASE}b/%C3%A4%20%C3%B6.html",
        f"{BASE}b/index.html",
        f"{BASE}z.html",
    ]
    assert list_files(rule_of(folder, pattern="*", deny=["z"])) == [f"{BASE}notes.txt"]
    assert list_files(rule_of(folder, allow=["index"])) == [f"{BASE}b/index.html"]


def test_a_base_url_without_a_slash_is_a_folder_all_the_same(folder: Path) -> None:
    (folder / "a.html").write_text("x")
    assert list_files(rule_of(folder, base_url="http://docs.test/v1")) == [f"{BASE}a.html"]


def test_a_file_is_answered_with_its_type_and_validators(folder: Path) -> None:
    (folder / "a.html").write_bytes(b"<p>a</p>")
    os.utime(folder / "a.html", ns=(0, 1_780_000_000_500_000_000))
    response = fetch(folder, f"{BASE}a.html")
    assert (response.status, response.body) == (200, b"<p>a</p>")
    assert response.headers == {
        "content-type": "text/html",
        "etag": f'"{1_780_000_000_500_000_000:x}-8"',
        "last-modified": "Thu, 28 May 2026 20:26:40 GMT",
    }


def test_an_unchanged_file_is_not_read_again(folder: Path) -> None:
    page = folder / "a.html"
    page.write_bytes(b"old")
    validators = fetch(folder, f"{BASE}a.html").headers
    by_tag = {"If-None-Match": validators["etag"]}
    by_date = {"if-modified-since": validators["last-modified"]}
    for conditions in (by_tag, by_date, {"if-none-match": f'"x", W/{validators["etag"]}'}):
        response = fetch(folder, f"{BASE}a.html", conditions)
        assert (response.status, response.body) == (304, b"")
        assert response.headers["etag"] == validators["etag"]
    page.write_bytes(b"new")
    os.utime(page, ns=(0, page.stat().st_mtime_ns + 1_000_000_000))
    for conditions in (by_tag, by_date, by_tag | {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        assert fetch(folder, f"{BASE}a.html", conditions).body == b"new"
    assert fetch(folder, f"{BASE}a.html", {"if-modified-since": "whenever"}).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "absent.html",
        "",
        "sub",
        "sub/",
        "a.html/",
        "a.html?x=1",
        "%61.html",
        "sub%2Fb.html",
        "%2e%2e/secret.html",
        "a.html%00",
        "x" * 300,
    ],
)
def test_what_is_no_file_is_not_found(folder: Path, path: str) -> None:
    (folder / "a.html").write_text("a")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.html").write_text("b")
    (folder.parent / "secret.html").write_text("secret")
    assert fetch(folder, BASE + path).status == 404


def test_another_sites_url_is_not_found(folder: Path) -> None:
    assert fetch(folder, "http://other.test/v1/a.html").status == 404


def test_a_link_out_of_the_folder_is_listed_and_refused(folder: Path) -> None:
    secret = folder.parent / "secret.html"
    secret.write_text("secret")
    (folder / "inside.html").write_text("inside")
    (folder / "out.html").symlink_to(secret)
    (folder / "in.html").symlink_to(folder / "inside.html")
    (folder / "broken.html").symlink_to(folder / "nowhere.html")
    (folder / "circle.html").symlink_to(folder / "circle.html")
    (folder / "away").symlink_to(folder.parent)
    assert [url.removeprefix(BASE) for url in list_files(rule_of(folder))] == [
        "broken.html",
        "circle.html",
        "in.html",
        "inside.html",
        "out.html",
    ]
    assert fetch(folder, f"{BASE}in.html").body == b"inside"
    assert fetch(folder, f"{BASE}broken.html").status == 404
    assert fetch(folder, f"{BASE}circle.html").status == 404
    for path in ("out.html", "away/secret.html"):
        with pytest.raises(PermanentError, match="leads out of the folder") as caught:
            fetch(folder, BASE + path)
        assert caught.value.failure_domain is FailureDomain.ACCESS


@pytest.mark.timeout(10)
def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.html")
    assert list_files(rule_of(folder)) == []
    with pytest.raises(PermanentError, match="is no plain file"):
        fetch(folder, f"{BASE}pipe.html")


def test_a_file_over_the_cap_is_refused(folder: Path) -> None:
    (folder / "a.html").write_bytes(b"x" * 1_001)
    assert fetch(folder, f"{BASE}a.html", max_body_bytes=1_001).status == 200
    with pytest.raises(PermanentError, match="larger than 1000 bytes") as caught:
        fetch(folder, f"{BASE}a.html", max_body_bytes=1_000)
    assert caught.value.failure_domain is FailureDomain.RESOURCE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "a.html").write_text("a")
    (folder / "a.html").chmod(0)
    with pytest.raises(PermanentError, match=r"a\.html cannot be read") as caught:
        fetch(folder, f"{BASE}a.html")
    assert caught.value.failure_domain is FailureDomain.ACCESS
    (folder / "closed").mkdir(mode=0)
    with pytest.raises(PermanentError, match=r"closed cannot be read .*; give this user read permission"):
        list_files(rule_of(folder))


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.html", b"", "text/html"),
        ("a.JSON", b"{}", "application/json"),
        ("a.pdf", b"", "application/pdf"),
        ("a.html.gz", b"\x1f\x8b", "application/gzip"),
        ("page", b"\xef\xbb\xbf <!-- x --> <!DOCTYPE html><p>", "text/html"),
        ("page.unknown", b"<html>", "text/html"),
        ("page", b"<!--" * 300, "application/octet-stream"),
        ("data", b"\0\1", "application/octet-stream"),
    ],
)
def test_the_type_comes_from_the_name_or_else_from_the_beginning(
    folder: Path, name: str, content: bytes, content_type: str
) -> None:
    (folder / name).write_bytes(content)
    assert fetch(folder, BASE + name).headers["content-type"] == content_type


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"pattern": "../*"}, "leads out of"),
        ({"pattern": "/etc/*"}, "leads out of"),
        ({"path": "/no/such/folder"}, "there is no folder /no/such/folder; correct `path` under `by: files`"),
        ({"base_url": "http://docs.test/?v=1"}, "has a query"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_the_users_to_mend(
    folder: Path, values: dict[str, str], told: str
) -> None:
    with pytest.raises(PermanentError, match=told) as caught:
        list_files(rule_of(folder, **values))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


@pytest.mark.skipif(not DOCS.is_dir(), reason=f"{DOCS} is not here")
def test_a_real_documentation_folder_is_read_as_it_lies() -> None:
    urls = list_files(rule_of(DOCS, pattern="library/*.html"))
    assert len(urls) > 250
    for url in urls[:50]:
        name = name_of(url, BASE)
        assert name is not None
        response = fetch(DOCS, url)
        assert response.body == (DOCS / name).read_bytes()
        assert fetch(DOCS, url, {"if-none-match": response.headers["etag"]}).status == 304
