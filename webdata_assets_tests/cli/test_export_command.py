"""`webdata export warc`: an admitted partition as a file."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from webdata_assets.partitions import Partition
from webdata_assets.stages.crawl.stored.warc import WarcTransport
from webdata_assets.stages.crawl.stored.warc_index import WarcIndex
from webdata_assets.stages.crawl.transport import Request
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.sources.reading import GOOD
from webdata_assets_tests.store.rows import DAY, SHOP, admit, digest, frame, put, row

NEXT = DAY + dt.timedelta(days=1)
LATER = Partition(NEXT, "shop")
UNREACHED = {
    "payload": None,
    "payload_hash": None,
    "payload_date": None,
    "payload_bytes": None,
    "reason": "no",
}
BODIES = {f"https://shop.example.com/{number}": f"<h1>Item {number}</h1>".encode() for number in range(3)}


@pytest.fixture
def shop(webdata: Webdata) -> Webdata:
    """A deployment whose shop was crawled on two dates; on the second all but one page is unchanged."""
    (webdata.sources / "shop.yaml").write_text(GOOD.replace("name: good", "name: shop"))
    store = Store.open(str(webdata.store))
    put(
        store,
        "pages",
        frame(
            "pages",
            row("pages", number=0, content_type="text/html", etag='"x"'),
            row("pages", number=1, final_url="https://shop.example.com/moved"),
            row("pages", number=2),
            row("pages", number=3, outcome="failed", failure_domain="target", **UNREACHED),
            row("pages", number=4, outcome="gone", http_status=404, **(UNREACHED | {"reason": "404"})),
            row(
                "pages", number=5, outcome="gone", http_status=None, **(UNREACHED | {"reason": "not listed"})
            ),
        ),
    )
    later = dt.datetime.combine(NEXT, dt.time(12), dt.UTC)
    same = {
        "outcome": "unchanged",
        "payload": None,
        "payload_date": DAY,
        "fetched_at": later,
        "observed_at": later,
    }
    put(
        store,
        "pages",
        frame(
            "pages",
            row("pages", LATER, 0, http_status=304, **same),
            row("pages", LATER, 1, final_url="https://shop.example.com/moved", **same),
            row(
                "pages",
                LATER,
                2,
                payload=b"new",
                payload_hash=digest(b"new"),
                fetched_at=later,
                observed_at=later,
            ),
        ),
        LATER,
    )
    for partition in (SHOP, LATER):
        admit(store, "pages", partition)
    return webdata


def export(shop: Webdata, name: str, date: dt.date = DAY, *arguments: str) -> Path:
    out = shop.folder / name
    said = shop("export", "warc", "shop", "--date", date.isoformat(), "--out", str(out), *arguments)
    assert said.exit_code == 0, said.stderr
    return out


def read(path: Path, cache: Path, date: dt.date) -> dict[str, bytes]:
    """Return the body of every URL of a date that has one."""

    async def ask() -> dict[str, bytes]:
        index = WarcIndex.open(path, cache)
        transport = WarcTransport(date, [index])
        answers = [await transport.fetch(Request(url)) for url in index.urls_on(date)]
        return {answer.url: answer.body for answer in answers if answer.status == 200}

    return asyncio.run(ask())


def test_a_partition_is_written_with_what_it_holds(shop: Webdata) -> None:
    out = shop.folder / "shop.warc.gz"
    said = shop("export", "warc", "shop", "--date", DAY.isoformat(), "--out", str(out), "--json")
    assert said.json() == {
        "partition": f"{DAY}|shop",
        "path": str(out),
        "responses": 4,
        "revisits": 0,
        "redirects": 1,
        "left_out": 2,
    }
    assert read(out, shop.folder / "cache", DAY) == {
        "https://shop.example.com/0": BODIES["https://shop.example.com/0"],
        "https://shop.example.com/moved": BODIES["https://shop.example.com/1"],
        "https://shop.example.com/2": BODIES["https://shop.example.com/2"],
    }


def test_the_same_data_version_gives_the_same_bytes(shop: Webdata) -> None:
    (shop.folder / "again").mkdir()
    assert export(shop, "a.warc.gz").read_bytes() == export(shop, "again/a.warc.gz").read_bytes()


def test_unchanged_pages_are_revisits_of_the_archive_of_their_bytes(shop: Webdata) -> None:
    archives = shop.folder / "archives"
    archives.mkdir()
    export(shop, "archives/1.warc.gz", DAY)
    later = export(shop, "archives/2.warc.gz", NEXT)
    kinds = [record.headers["WARC-Type"] for record in ArchiveIterator(str(later))]
    assert sorted(kinds) == ["response", "response", "revisit", "revisit", "warcinfo"]
    assert read(archives, shop.folder / "cache", NEXT) == {
        "https://shop.example.com/0": BODIES["https://shop.example.com/0"],
        "https://shop.example.com/moved": BODIES["https://shop.example.com/1"],
        "https://shop.example.com/2": b"new",
    }


def test_a_complete_archive_stands_alone(shop: Webdata) -> None:
    out = export(shop, "2.warc.gz", NEXT, "--complete")
    assert read(out, shop.folder / "cache", NEXT)["https://shop.example.com/0"] == b"<h1>Item 0</h1>"


def test_a_capture_lies_in_its_partitions_date_even_when_it_saw_the_dates_end(shop: Webdata) -> None:
    store = Store.open(str(shop.store))
    end = dt.datetime.combine(NEXT, dt.time(), dt.UTC)
    put(store, "pages", frame("pages", row("pages", number=0, observed_at=end)))
    admit(store, "pages")
    assert list(read(export(shop, "a.warc.gz"), shop.folder / "cache", DAY)) == ["https://shop.example.com/0"]


def test_binaries_that_lie_beside_the_table_are_in_the_archive(shop: Webdata) -> None:
    store, image = Store.open(str(shop.store)), b"\x89PNG\r\n\x1a\n\0"
    put(store, "pages", frame("pages", row("pages", number=0, payload=None, payload_hash=digest(image))))
    admit(store, "pages")
    out = shop.folder / "a.warc.gz"
    said = shop("export", "warc", "shop", "--date", DAY.isoformat(), "--out", str(out))
    assert said.exit_code == 1
    assert "there is no blob" in said.stderr
    assert not out.exists()
    store.blobs.put(image)
    assert read(export(shop, "a.warc.gz"), shop.folder / "cache", DAY) == {
        "https://shop.example.com/0": image
    }


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["shpo", "--date", "2026-06-01", "--out", "a.warc.gz"], 2, "did you mean `shop`"),
        (["shop", "--date", "2026-06-09", "--out", "a.warc.gz"], 1, "was never materialized"),
        (["shop", "--date", "yesterday", "--out", "a.warc.gz"], 2, "YYYY-MM-DD"),
        (["shop", "--date", "2026-06-01", "--out", "a.zip"], 2, "name a file that ends in .warc.gz"),
        (["shop", "--date", "2026-06-01"], 2, "--out"),
    ],
)
def test_wrong_usage_says_what_is_right(shop: Webdata, arguments: list[str], code: int, told: str) -> None:
    said = shop("export", "warc", *arguments)
    assert said.exit_code == code
    assert told in said.stderr


def test_a_partition_that_is_not_admitted_is_not_exported(shop: Webdata) -> None:
    store = Store.open(str(shop.store))
    put(store, "pages", frame("pages", row("pages", number=0, payload_bytes=1, http_status=None)))
    said = shop("export", "warc", "shop", "--date", DAY.isoformat(), "--out", "a.warc.gz")
    assert said.exit_code == 1
    assert "did not run on its newest data" in said.stderr
