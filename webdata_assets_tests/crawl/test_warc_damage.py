"""Damaged archives: good records are served, damage is counted, and nothing is ever silently wrong."""

import datetime as dt
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.errors import PermanentError, WebdataError
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets_tests.crawl.archives import DAY, Archive, Record, bodies, page, warc_bytes

DATA = Path(__file__).parents[2] / "../shared/data/warc_bad"
GZIP_MAGIC = b"\x1f\x8b\x08"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def noise(number: int, size: int = 2_000) -> bytes:
    return random.Random(number).randbytes(size)


def pages(count: int) -> list[Record]:
    return [page(number, body=noise(number)) for number in range(count)]


def starts_of(content: bytes) -> list[int]:
    """Return where the records begin, the warcinfo first."""
    magic = GZIP_MAGIC if content.startswith(GZIP_MAGIC) else b"WARC/1.1\r\n"
    return [at for at in range(len(content)) if content.startswith(magic, at)]


def served(archive: Archive) -> set[int]:
    """Return the numbers of the pages that are served, all of them with their own bytes."""
    found = {}
    for (_, url), body in bodies(archive.index()).items():
        if isinstance(body, bytes):
            found[int(url.rpartition("/")[2])] = body
    assert all(body == noise(number) for number, body in found.items())
    return set(found)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_records_before_and_behind_damage_are_served(archive: Archive, name: str) -> None:
    content = bytearray(warc_bytes(pages(6), gzip=name.endswith("gz")))
    start = starts_of(bytes(content))[3]
    content[start + 20 : start + 60] = bytes(40)
    archive.put_bytes(bytes(content), name)
    assert served(archive) == {0, 1, 3, 4, 5}
    assert len(archive.index().damage()) == 1


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_records_between_two_damaged_ones_are_served(archive: Archive, name: str) -> None:
    content = bytearray(warc_bytes(pages(12), gzip=name.endswith("gz")))
    for number in (2, 9):
        start = starts_of(bytes(content))[number + 1]
        # behind the head, which still says how long the record is
        content[start + 900 : start + 910] = bytes(10)
    archive.put_bytes(bytes(content), name)
    assert served(archive) == set(range(12)) - {2, 9}


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_a_file_that_is_cut_off_serves_what_is_whole(archive: Archive, name: str) -> None:
    content = warc_bytes(pages(6), gzip=name.endswith("gz"))
    archive.put_bytes(content[: starts_of(content)[6] + 700], name)
    assert served(archive) == {0, 1, 2, 3, 4}
    assert [part.reason for part in archive.index().damage()] == ["the record is not whole"]
    assert "damaged" in str(bodies(archive.index()).get((DAY, "http://a.test/5"), "damaged"))


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("junk", [b"\0" * 1_000, b"junk\r\n\r\n" * 20, noise(99)])
def test_bytes_between_and_behind_records_are_passed_over(archive: Archive, name: str, junk: bytes) -> None:
    content = warc_bytes(pages(6), gzip=name.endswith("gz"))
    start = starts_of(content)[3]
    archive.put_bytes(content[:start] + junk + content[start:], name)
    assert served(archive) == set(range(6))
    assert [part.reason for part in archive.index().damage()] == ["no record can be read here"]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_zeros_behind_the_last_record_are_no_damage(archive: Archive, name: str) -> None:
    archive.put_bytes(warc_bytes(pages(3), gzip=name.endswith("gz")) + bytes(100_000), name)
    assert served(archive) == {0, 1, 2}
    assert archive.index().damage() == []


@pytest.mark.parametrize("claimed", [b"10", b"5000", b"999999999999", b"-1", b"abc", b""])
def test_a_wrong_length_spoils_its_record_and_never_lends_it_the_next_ones_bytes(
    archive: Archive, claimed: bytes
) -> None:
    content = warc_bytes(pages(6), gzip=False)
    start = starts_of(content)[3]
    stated = re.compile(rb"(?<=Content-Length: )\d+").search(content, start)
    assert stated is not None
    archive.put_bytes(content[: stated.start()] + claimed + content[stated.end() :], "a.warc")
    # a length beyond the file's end cannot be told from a file that was cut off
    assert served(archive) == ({0, 1} if claimed == b"999999999999" else {0, 1, 3, 4, 5})
    assert archive.index().damage()


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("cut", [False, True], ids=["damaged", "cut off"])
def test_a_record_that_a_damaged_page_quotes_is_no_record(archive: Archive, name: str, cut: bool) -> None:
    is_gzip = name.endswith("gz")
    forged = warc_bytes([Record("http://bank.test/", body=b"forged")], gzip=is_gzip)
    # noise, so that gzip stores the quotation as it is
    quoting = page(1, body=noise(1, 40_000) + forged + noise(2, 40_000))
    content = bytearray(warc_bytes([page(0, body=noise(0)), quoting, *pages(5)[2:]], gzip=is_gzip))
    start = starts_of(bytes(content))[2]
    assert bytes(content).count(forged) == 1
    if cut:
        del content[bytes(content).rindex(forged) + len(forged) + 100 :]
        content[start + 2_000] ^= 0xFF
    else:
        content[start + 5 : start + 500] = noise(7, 495)
    archive.put_bytes(bytes(content), name)
    index = archive.index()
    assert "http://bank.test/" not in index.urls_on(DAY)
    assert index.damage()
    assert served(archive) == ({0} if cut else {0, 2, 3, 4})


@pytest.mark.parametrize("is_gzip", [True, False])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_is_damaged_nothing_is_silently_wrong(
    tmp_path_factory: pytest.TempPathFactory, is_gzip: bool, data: st.DataObject
) -> None:
    content = bytearray(WHOLE[is_gzip])
    places = data.draw(st.lists(st.sampled_from(PROVEN[is_gzip]), min_size=1, max_size=4, unique=True))
    for at in sorted(places, reverse=True):
        match data.draw(st.sampled_from(["flip", "cut", "insert", "delete"])):
            case "flip":
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut" if at > len(content) // 2:
                del content[at:]
            case "insert":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
            case "delete":
                del content[at : at + data.draw(st.integers(1, 300))]
    archive = Archive(tmp_path_factory.mktemp("damaged"))
    archive.put_bytes(bytes(content), "a.warc.gz" if is_gzip else "a.warc")
    try:
        index = archive.index()
    except PermanentError:
        return
    for (_, url), body in bodies(index).items():
        if isinstance(body, bytes):
            assert body == ORIGINALS[url]


WHOLE = {is_gzip: warc_bytes(pages(8), gzip=is_gzip) for is_gzip in (True, False)}
HEADS = [(start, WHOLE[False].index(b"\r\n\r\n", start)) for start in starts_of(WHOLE[False])]
PROVEN = {
    True: range(len(WHOLE[True])),
    False: [at for at in range(len(WHOLE[False])) if not any(start <= at < end for start, end in HEADS)],
}
"""What gzip's checksums, or else the digests in a record's head, give proof of: all but those heads."""
ORIGINALS = {f"http://a.test/{number}": noise(number) for number in range(8)}

CORRECT = {
    "example.warc": ("http://example.com/", 1270),
    "example.warc.gz": ("http://example.com/", 1270),
    "example-iana.org-chunked.warc": ("http://www.iana.org/", 7223),
    "example-resource.warc.gz": ("http://example.com/", 1303),
    "example-wget-bad-target-uri.warc.gz": ("http://example.com/", 1270),
}
EMPTY = {"example-digest.warc", "example-space-in-target-uri.warc.gz", "post-test.warc.gz"}
"""Requests only, no web page, and answers to POST only."""
DAMAGED = {
    "example-trunc.warc": "does not have the block digest",
    "example-wrong-chunks.warc.gz": "is not as long as its head says",
}
REFUSED = {
    "bad.arc": "ARC file",
    "example.arc": "ARC file",
    "example.arc.gz": "ARC file",
    "example-space-in-url.arc": "ARC file",
    "example-bad.warc.gz.bad": "compressed as a whole",
    "example-bad-non-chunked.warc.gz": "compressed as a whole",
}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not here")
class TestRealFiles:
    """Good and malformed samples of real archives."""

    def test_every_sample_is_expected(self) -> None:
        names = {path.name for path in DATA.iterdir()} - {"LICENSE", "README.md"}
        assert names == {*CORRECT, *EMPTY, *DAMAGED, *REFUSED}

    @pytest.mark.parametrize("name", CORRECT)
    def test_good_samples_give_their_page(self, tmp_path: Path, name: str) -> None:
        found = bodies(WarcIndex.open(DATA / name, tmp_path))
        [((_, url), body)] = found.items()
        assert isinstance(body, bytes)
        assert (url, len(body)) == CORRECT[name]
        assert body.lstrip().lower().startswith(b"<!doctype html")

    @pytest.mark.parametrize("name", sorted(EMPTY))
    def test_samples_without_a_page_give_none(self, tmp_path: Path, name: str) -> None:
        index = WarcIndex.open(DATA / name, tmp_path)
        assert (bodies(index), index.damage()) == ({}, [])

    @pytest.mark.parametrize("name", DAMAGED)
    def test_damaged_samples_give_a_typed_error(self, tmp_path: Path, name: str) -> None:
        [message] = bodies(WarcIndex.open(DATA / name, tmp_path)).values()
        assert DAMAGED[name] in str(message)

    @pytest.mark.parametrize("name", REFUSED)
    def test_samples_in_other_formats_are_refused_with_a_remedy(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(WebdataError, match=REFUSED[name]) as caught:
            WarcIndex.open(DATA / name, tmp_path)
        assert "warcio recompress" in str(caught.value)

    def test_the_dates_are_those_of_the_records(self, tmp_path: Path) -> None:
        assert WarcIndex.open(DATA / "example.warc", tmp_path).dates() == [dt.date(2017, 3, 6)]
