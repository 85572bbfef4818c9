"""What the UI is told of partitions that went wrong: worst URLs, paused hosts, ways to payloads."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets_tests.assets.stored_pages import EXTRACTED, FETCHED, run_layers
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer

HOST = "site.test"
PARTITION = Partition.from_key("2026-06-02|one")
BREAKER = {"min_requests": 2, "probe_seconds": 0.2, "max_wait_seconds": 0.5}


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def one(deployment: Deployment, site: FaultServer) -> Deployment:
    deployment.connect_to = {HOST: site.address}
    deployment.now = "2026-06-02T12:00:00+00:00"
    return deployment


def declare(deployment: Deployment, paths: list[str], **values: Any) -> None:
    fetch = {
        "requests_per_second": 1000, "max_attempts": 2, "timeout_seconds": 5, "robots": "ignore",
        "discover": [{"by": "urls", "start": [f"http://{HOST}/{path}" for path in paths]}],
        **values.pop("fetch", {}),
    }  # fmt: skip
    source = {"name": "one", "description": "A test", "start": "2026-06-01", "allow_private": True}
    deployment.write_source({**source, "fetch": fetch, "extract": {"kind": "document"}, **values})


def told(deployment: Deployment, asset: str) -> Mapping[str, dg.MetadataValue]:
    """Return the metadata of an asset's newest materialization."""
    event = deployment.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization.metadata


def rows(entry: dg.MetadataValue) -> list[dict[str, object]]:
    assert isinstance(entry, dg.TableMetadataValue)
    return [dict(record.data) for record in entry.records]


def test_a_paused_partition_says_who_is_waited_for_and_how_it_goes_on(
    one: Deployment, site: FaultServer
) -> None:
    site.add("/good", page("good"))
    down = [f"p{number}" for number in range(6)]
    for path in down:
        site.add(f"/{path}", status(503))
    declare(
        one,
        ["good", *down],
        fetch={"breaker": BREAKER, "concurrency": 1, "max_attempts": 9},
        expect={"fetched": 0},
    )
    run_layers(one, PARTITION, FETCHED)
    pages = told(one, "pages")
    assert pages["finish_reason"].value == "paused"
    assert pages["deferred"].value == 6
    [waiting] = rows(pages["waiting_hosts"])
    assert (waiting["host"], waiting["urls"]) == (HOST, 6)
    assert "is down" in str(waiting["reason"])
    assert str(waiting["not_before"]).startswith("2026-06-02 12:00:0")
    text = str(pages["next_run"].value)
    assert text.startswith("6 URLs wait for 1 host. The next run goes on where this one stopped")
    assert "not before 2026-06-02 12:00:0" in text


def test_worst_urls_are_named_with_status_reason_attempts_and_time(
    one: Deployment, site: FaultServer
) -> None:
    site.add("/good", page("good"))
    site.add("/bad", status(500))
    declare(one, ["good", "bad"], expect={"fetched": 0.1})
    run_layers(one, PARTITION, FETCHED)
    worst, good = rows(told(one, "pages")["worst_urls"])
    assert (worst["url"], worst["outcome"], worst["status"]) == (f"http://{HOST}/bad", "failed", 500)
    assert worst["attempts"] == 2
    assert "500" in str(worst["reason"])
    assert isinstance(good["ms"], int)
    letters = told(one, "dead_letters")
    assert letters["target_failures"].value == 1
    assert letters["what_to_do"].value == "webdata deadletters list one, then retry or drop them"


def test_statuses_are_a_table_and_outcomes_are_numbers(one: Deployment, site: FaultServer) -> None:
    for path in ("a", "b"):
        site.add(f"/{path}", page(path))
    site.add("/gone", status(410))
    declare(one, ["a", "b", "gone"], expect={"fetched": 0.1})
    run_layers(one, PARTITION, FETCHED)
    pages = told(one, "pages")
    assert {(row["outcome"], row["status"], row["pages"]) for row in rows(pages["statuses"])} == {
        ("fetched", 200, 2), ("gone", 410, 1),
    }  # fmt: skip
    assert [pages[name].value for name in ("fetched", "gone", "failed")] == [2, 1, 0]
    assert pages["crawl_seconds"].value > 0  # type: ignore[operator]


def test_a_quarantined_record_leads_to_its_payload(one: Deployment, site: FaultServer) -> None:
    body = "<!doctype html><title>A</title><article><h1>A</h1><time>soon</time><p>Some words.</p></article>"
    site.add("/a", page(body))
    extract = {"kind": "article", "fields": {"published_at": {"type": "date", "css": "time"}}}
    declare(one, ["a"], extract=extract)
    run_layers(one, PARTITION, (*FETCHED, *EXTRACTED))
    [row] = rows(told(one, "quarantine")["sample"])
    [stored] = one.store.read_admitted(PAGES, PARTITION)["payload_hash"]
    assert row["payload"] == f"webdata payload {stored[:16]}"
    assert (row["url"], row["value"]) == (f"http://{HOST}/a", "soon")


def test_fields_are_listed_from_the_one_that_is_missing_most(one: Deployment, site: FaultServer) -> None:
    for path in ("a", "b"):
        price = "<b>5 EUR</b>" if path == "a" else ""
        site.add(f"/{path}", page(f"<title>{path}</title><main><h1>{path}</h1>{price}<p>Words.</p></main>"))
    fields = {
        "title": {"css": "h1"},
        "sku": {"css": "i"},
        "price": {"css": "b"},
    }
    declare(one, ["a", "b"], extract={"kind": "product", "fields": fields})
    run_layers(one, PARTITION, (*FETCHED, *EXTRACTED))
    records = told(one, "records")
    shares = [(row["field"], row["found_share"]) for row in rows(records["worst_fields"])]
    assert shares[:3] == [("sku", 0.0), ("currency", 0.5), ("price", 0.5)]
    assert records["least_declared_field_share"].value == 0.0
