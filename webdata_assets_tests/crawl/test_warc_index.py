"""The index of web archives: what it names, when it is built anew, and what it leaves out."""

import datetime as dt
import gzip
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets_tests.crawl.archives import DAY, NEXT_DAY, Archive, Record, page, warc_bytes


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_a_record_belongs_to_the_utc_date_of_its_own_moment(archive: Archive) -> None:
    archive.put(page(1), page(2, date="2026-06-01T23:59:59.999999Z"), page(3, date="2026-06-02T00:00:00Z"))
    index = archive.index()
    assert index.dates() == [DAY, NEXT_DAY]
    assert index.urls_on(DAY) == ["http://a.test/1", "http://a.test/2"]
    assert index.urls_on(NEXT_DAY) == ["http://a.test/3"]


def test_allow_and_deny_choose_urls(archive: Archive) -> None:
    archive.put(*(page(number) for number in range(12)))
    assert archive.index().urls_on(DAY, allow=["/1"], deny=["/11$"]) == [
        "http://a.test/1",
        "http://a.test/10",
    ]


def test_urls_are_canonical_whatever_the_archive_calls_them(archive: Archive) -> None:
    archive.put(
        Record("<http://A.test:80/x#top>"), Record("http://a.test/a b?q=ü"), Record("http://bücher.test")
    )
    assert archive.index().urls_on(DAY) == [
        "http://a.test/a%20b?q=%C3%BC",
        "http://a.test/x",
        "http://xn--bcher-kva.test/",
    ]


def test_all_files_below_a_folder_are_one_archive(archive: Archive) -> None:
    (archive.files / "deep").mkdir()
    archive.put(page(1), name="deep/one.warc.gz")
    archive.put(page(2), name="two.warc")
    archive.put_bytes(b"not an archive", "notes.txt")
    assert archive.index().urls_on(DAY) == ["http://a.test/1", "http://a.test/2"]


def test_a_single_file_is_an_archive(archive: Archive) -> None:
    path = archive.put(page(1))
    assert WarcIndex.open(path, archive.cache).urls_on(DAY) == ["http://a.test/1"]


@pytest.mark.parametrize(
    "record",
    [
        Record("http://a.test/part", status="206 Partial Content"),
        Record("dns:a.test", kind="resource", body=b"a.test. 1 IN A 127.0.0.1"),
        Record("metadata://a.test/log", kind="resource"),
        Record("http://a.test/about", kind="metadata", status=""),
        Record("http://a.test/asked", kind="request", status="GET /asked HTTP/1.1", body=b""),
    ],
    ids=lambda record: record.url,
)
def test_what_is_no_page_is_not_indexed(archive: Archive, record: Record) -> None:
    archive.put(page(1), record)
    assert archive.index().urls_on(DAY) == ["http://a.test/1"]
    assert archive.index().damage() == []


@pytest.mark.parametrize("names_response", [True, False])
@pytest.mark.parametrize("request_first", [True, False])
def test_the_answer_to_a_post_is_no_page(archive: Archive, names_response: bool, request_first: bool) -> None:
    ids = {"request": "<urn:uuid:1>", "response": "<urn:uuid:2>"}
    answer = page(
        1, head=(("WARC-Record-ID", ids["response"]), *_concurrent(ids["request"], not names_response))
    )
    asked = Record(
        "http://a.test/1",
        kind="request",
        status="POST /1 HTTP/1.1",
        body=b"a=b",
        head=(("WARC-Record-ID", ids["request"]), *_concurrent(ids["response"], names_response)),
    )
    archive.put(*([asked, answer] if request_first else [answer, asked]), page(2))
    assert archive.index().urls_on(DAY) == ["http://a.test/2"]


def _concurrent(record_id: str, named: bool) -> tuple[tuple[str, str], ...]:
    return (("WARC-Concurrent-To", record_id),) if named else ()


def test_a_record_without_a_day_is_counted_and_the_others_are_served(archive: Archive) -> None:
    archive.put(page(1, date="yesterday"), page(2))
    index = archive.index()
    assert index.urls_on(DAY) == ["http://a.test/2"]
    [part] = index.damage()
    assert part.reason == "the record of http://a.test/1 names no day (WARC-Date)"


def test_a_file_is_read_once_and_again_when_it_has_changed(archive: Archive) -> None:
    told: list[str] = []

    def indexed() -> list[str]:
        told.clear()
        archive.index(progress=lambda path, done, size: told.append(path.name)).close()
        return sorted(set(told))

    path = archive.put(page(1), name="one.warc.gz")
    archive.put(page(2), name="two.warc.gz")
    assert indexed() == ["one.warc.gz", "two.warc.gz"]
    assert indexed() == []
    archive.put(page(3), name="one.warc.gz")
    os.utime(path, ns=(0, 0))
    assert indexed() == ["one.warc.gz"]
    assert archive.index().urls_on(DAY) == ["http://a.test/2", "http://a.test/3"]


def test_a_file_that_has_gone_is_forgotten(archive: Archive) -> None:
    archive.put(page(1), name="one.warc.gz")
    archive.put(page(2), name="two.warc.gz").unlink()
    archive.put(page(2), name="two.warc.gz")
    archive.index().close()
    (archive.files / "two.warc.gz").unlink()
    assert archive.index().urls_on(DAY) == ["http://a.test/1"]


def test_an_index_that_cannot_be_read_is_made_anew(archive: Archive) -> None:
    archive.put(page(1))
    archive.index().close()
    [place] = archive.cache.iterdir()
    place.write_bytes(b"not a database, but as long as a page of one" * 100)
    assert archive.index().urls_on(DAY) == ["http://a.test/1"]


def test_an_index_of_another_version_is_made_anew(archive: Archive) -> None:
    archive.put(page(1))
    archive.index().close()
    [place] = archive.cache.iterdir()
    with sqlite3.connect(place) as database:
        database.execute("PRAGMA user_version = 999")
        database.execute("ALTER TABLE captures RENAME COLUMN url TO address")
    database.close()
    assert archive.index().urls_on(DAY) == ["http://a.test/1"]


def test_several_threads_that_open_one_archive_agree(archive: Archive) -> None:
    for number in range(8):
        archive.put(*(page(100 * number + at) for at in range(100)), name=f"{number}.warc.gz")
    found: list[int] = []

    def count() -> None:
        found.append(len(archive.index().urls_on(DAY)))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [800] * 4


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("page.warc.gz", gzip.compress(b"<html>no archive</html>"), "is no web archive"),
        ("page.warc", b"<html>no archive</html>", "is no web archive"),
        ("page.warc", b"", "is no web archive"),
        ("old.arc", b"filedesc://old.arc 0.0.0.0 20070101000000 text/plain 76\n", "is an ARC file"),
        ("whole.warc.gz", gzip.compress(warc_bytes([page(1)], gzip=False)), "is compressed as a whole"),
        ("new.warc.zst", b"\x28\xb5\x2f\xfd\x04\x00", "is compressed with zstd"),
    ],
    ids=["html.gz", "html", "empty", "arc", "gzip as a whole", "zstd"],
)
def test_a_file_that_cannot_be_read_by_record_is_named_with_a_remedy(
    archive: Archive, name: str, content: bytes, told: str
) -> None:
    path = archive.put_bytes(content, name)
    with pytest.raises(PermanentError, match=told) as caught:
        archive.index()
    assert str(caught.value).startswith(str(path))
    assert ";" in str(caught.value)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_the_remedy_for_a_file_compressed_as_a_whole_works(archive: Archive) -> None:
    path = archive.put_bytes(gzip.compress(warc_bytes([page(1), page(2)], gzip=False)), "whole.warc.gz")
    with pytest.raises(PermanentError, match=r"run `warcio recompress whole.warc.gz NEW.warc.gz`"):
        archive.index()
    warcio = Path(sys.executable).with_name("warcio")
    subprocess.run([warcio, "recompress", path.name, "NEW.warc.gz"], cwd=archive.files, check=True)
    path.unlink()
    assert archive.index().urls_on(DAY) == ["http://a.test/1", "http://a.test/2"]


@pytest.mark.parametrize("place", ["absent.warc.gz", "."], ids=["no file", "empty folder"])
def test_a_wrong_path_is_the_users_to_mend(archive: Archive, place: str) -> None:
    with pytest.raises(PermanentError, match="correct `path` under `by: warc`") as caught:
        WarcIndex.open(archive.files / place, archive.cache)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(archive: Archive) -> None:
    path = archive.put(page(1))
    path.chmod(0)
    with pytest.raises(
        PermanentError, match=r"a\.warc\.gz cannot be read .*; give this user read permission"
    ):
        archive.index()


def test_an_index_folder_that_cannot_be_made_is_named(archive: Archive) -> None:
    path = archive.put(page(1))
    with pytest.raises(PermanentError, match=r"for indexes of archives cannot be made \(Not a directory\)"):
        WarcIndex.open(path, path / "cache")


def test_dates_before_the_epoch_of_the_web_are_dates_too(archive: Archive) -> None:
    archive.put(page(1, date="1996-05-10T00:00:00Z"))
    assert archive.index().dates() == [dt.date(1996, 5, 10)]
