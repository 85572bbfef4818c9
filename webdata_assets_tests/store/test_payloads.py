"""Stored bytes: found, verified, and never trusted; and the last visits that a crawl builds on."""

import datetime as dt

import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store.payloads import PayloadCorruptError, PayloadMissingError, Payloads
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, admit, digest, frame, put, row

PAGES = TABLES["pages"]
URL = "https://shop.example.com/0"


def day(number):
    return Partition(DAY + dt.timedelta(days=number), "shop")


def unchanged(partition=SHOP, **values):
    return row(
        "pages", partition, outcome="unchanged", payload=None, http_status=304,
        **{"payload_date": DAY, **values},
    )  # fmt: skip


def test_the_bytes_of_a_page_are_found_by_date_source_and_url(store):
    body = bytes(range(256))
    put(
        store,
        "pages",
        frame("pages", row("pages", payload=body, payload_hash=digest(body)), row("pages", number=1)),
    )
    put(store, "pages", frame("pages", row("pages", BLOG, url=URL, payload=b"other")), BLOG)
    assert store.payloads.load("shop", URL, digest(body), DAY) == body


@pytest.mark.parametrize(
    ("source", "url", "date"),
    [("shop", f"{URL}1", DAY), ("blog", URL, DAY), ("shop", URL, DAY + dt.timedelta(days=1))],
)
def test_bytes_that_are_not_there_are_missing(store, source, url, date):
    put(store, "pages", frame("pages", row("pages")))
    with pytest.raises(PayloadMissingError, match=rf"{date}\|{source} holds no payload of {url}"):
        store.payloads.load(source, url, "0" * 64, date)


def test_a_page_without_bytes_is_missing(store):
    put(store, "pages", frame("pages", unchanged()))
    with pytest.raises(PayloadMissingError):
        store.payloads.load("shop", URL, "0" * 64, DAY)


def test_bytes_that_differ_from_their_hash_are_never_returned(store):
    put(store, "pages", frame("pages", row("pages", payload=b"changed")))
    with pytest.raises(PayloadCorruptError, match=rf"of {URL} has BLAKE3 {digest('changed')[:16]}…"):
        store.payloads.load("shop", URL, digest(b"<h1>Item 0</h1>"), DAY)


def test_payloads_of_pages_are_those_of_fetched_content_pages():
    pages = frame(
        "pages",
        row("pages"),
        row("pages", number=1, role="discovery"),
        row("pages", number=2, role="both", final_url="https://shop.example.com/two"),
        {**unchanged(), "url": "https://shop.example.com/3"},
    )
    found = list(Payloads.of_pages(pages))
    assert [payload.url for payload in found] == [URL, "https://shop.example.com/2"]
    assert [payload.final_url for payload in found] == [URL, "https://shop.example.com/two"]
    assert found[0].body == b"<h1>Item 0</h1>"


def test_a_corrupt_payload_stops_the_extraction():
    pages = frame("pages", row("pages"), row("pages", number=1, payload=b"changed"))
    with pytest.raises(PayloadCorruptError):
        list(Payloads.of_pages(pages))


def test_payloads_of_a_stored_partition_are_scanned_and_counted_in_the_order_of_their_urls(store):
    roles = {3: "discovery"}
    rows = [row("pages", number=number, role=roles.get(number, "content")) for number in range(7)]
    put(store, "pages", frame("pages", *rows))
    scan = store.tables.scan_partition(PAGES, SHOP)
    urls = [payload.url for payload in Payloads.of_pages(scan)]
    assert urls == [f"https://shop.example.com/{number}" for number in (0, 1, 2, 4, 5, 6)]
    assert Payloads.count(scan) == 6


def last_visits(store, partition):
    return store.payloads.last_visits(partition, store.ledger.admitted(PAGES))


def test_last_visits_are_the_newest_before_the_date(store):
    for number, etag in ((0, "zero"), (1, "one"), (3, "three")):
        put(store, "pages", frame("pages", row("pages", day(number), etag=etag)), day(number))
        admit(store, "pages", day(number))
    assert last_visits(store, day(0)).is_empty()
    assert last_visits(store, day(1))["etag"].to_list() == ["zero"]
    assert last_visits(store, day(3))["etag"].to_list() == ["one"]
    assert last_visits(store, day(9))["etag"].to_list() == ["three"]


def test_visits_of_partitions_that_are_not_admitted_do_not_count(store):
    for number, passes in ((0, True), (1, False)):
        put(store, "pages", frame("pages", row("pages", day(number), etag=str(number))), day(number))
        admit(store, "pages", day(number), completeness=passes)
    assert last_visits(store, day(2))["etag"].to_list() == ["0"]


def test_each_url_has_the_visit_of_its_own_newest_date(store):
    put(store, "pages", frame("pages", row("pages"), row("pages", number=1)))
    put(store, "pages", frame("pages", unchanged(day(1))), day(1))
    for number in (0, 1):
        admit(store, "pages", day(number))
    visits = last_visits(store, day(2))
    assert visits.select("url", "date", "outcome", "payload_date").rows() == [
        (URL, day(1).date, "unchanged", DAY),
        ("https://shop.example.com/1", DAY, "fetched", DAY),
    ]


def test_visits_of_other_sources_do_not_count_and_bytes_are_not_read(store):
    put(store, "pages", frame("pages", row("pages", BLOG)), BLOG)
    admit(store, "pages", BLOG)
    visits = last_visits(store, day(1))
    assert visits.is_empty()
    heavy = {"payload", "links", "links_rule"}
    assert visits.columns == [name for name in PAGES.polars_schema if name not in heavy]


def test_a_failure_does_not_make_the_bytes_unknown_that_were_seen_before(store):
    put(store, "pages", frame("pages", row("pages")))
    lost = row("pages", outcome="failed", failure_domain="target", reason="503", payload=None)
    lost |= {"payload_hash": None, "payload_date": None, "etag": None, "date": day(1).date}
    put(store, "pages", frame("pages", lost), day(1))
    for number in (0, 1):
        admit(store, "pages", day(number))
    [visit] = last_visits(store, day(2)).iter_rows(named=True)
    assert (visit["outcome"], visit["date"], visit["payload_date"]) == ("failed", day(1).date, DAY)
    assert visit["payload_hash"] is not None


def test_links_are_read_of_the_pages_that_have_any(store):
    rows = [row("pages", links='[["http://a.test/","content",null]]', links_rule="r"), row("pages", number=1)]
    put(store, "pages", frame("pages", *rows))
    assert list(store.payloads.links(SHOP.source, DAY)) == [(URL, "r", rows[0]["links"])]
