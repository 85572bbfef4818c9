"""What a person finds on an asset's page: columns, code, what went wrong with a partition, and what comes."""

from collections.abc import Callable
from typing import Any

import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.partitions import Partition
from webdata_assets.schemas.records import QUARANTINE
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer
from webdata_assets_tests.ui.conftest import Ui, run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

HOST = "paused.test"
PARTITION = "2026-06-07|demo_api"
TakePicture = Callable[[str], None]


@pytest.fixture(scope="module")
def paused(seeded: Deployment) -> Deployment:
    """A partition whose host went down while it was crawled, and whose one record was refused.

    The source takes a name that the UI knows.
    """
    down = [f"down/{number}" for number in range(8)]
    seeded.write_source(
        {
            "name": "demo_api",
            "description": "A host that goes down",
            "owners": ["team:demo"],
            "start": "2026-06-01",
            "allow_private": True,
            "as_of": {"header": "X-As-Of"},
            "fetch": {
                "discover": [{"by": "urls", "start": [f"http://{HOST}/{path}" for path in ("a", *down)]}],
                "requests_per_second": 100,
                "concurrency": 1,
                "robots": "ignore",
                "breaker": {"min_requests": 4, "probe_seconds": 0.2, "max_wait_seconds": 0.5},
            },
            "extract": {"kind": "article", "fields": {"published_at": {"type": "date", "css": "time"}}},
            "expect": {"fetched": 0},
        },
        "demo_api.yaml",
    )
    with FaultServer() as site:
        site.add("/a", page("<title>A</title><article><h1>A</h1><time>soon</time><p>Words.</p></article>"))
        for path in down:
            site.add(f"/{path}", status(503))
        seeded.connect_to[HOST] = site.address
        run(seeded, CRAWL, PARTITION)
    return seeded


def visible(page: Any, text: str) -> Any:
    """The first visible element with exactly this text; the UI keeps hidden copies to measure."""
    return page.get_by_text(text, exact=True).filter(visible=True).first


def test_the_overview_shows_columns_with_their_origin_and_bounds_and_leads_to_the_code(
    seeded: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    ui.open("/assets/records?view=overview")
    for text in (
        "unique: record_id",
        "From pages.url.",
        "max length 2000",
        "data",
        "layer: records",
        "records.py",
        "schema of a row",
    ):
        expect(visible(ui.page, text)).to_be_visible()
    take_picture("asset-overview")


def test_a_paused_partition_shows_who_is_waited_for_what_comes_next_and_its_worst_urls(
    paused: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    ui.open(f"/assets/pages?view=partitions&partition={PARTITION}")
    for text in ("paused", "waiting_hosts", HOST, "worst_urls", f"http://{HOST}/down/0"):
        expect(visible(ui.page, text)).to_be_visible()
    expect(ui.page.get_by_text("8 URLs wait for 1 host. The next run goes on")).to_be_visible()
    take_picture("partition-paused")
    assert ui.page.locator(f"a[href*='{HOST}']").count() == 0


def test_a_quarantined_record_leads_to_its_payload(
    paused: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    [payload] = paused.store.tables.read_partition(QUARANTINE, Partition.from_key(PARTITION))["payload_hash"]
    ui.open(f"/assets/quarantine?view=partitions&partition={PARTITION}")
    for text in (f"http://{HOST}/a", f"webdata payload {payload[:16]}"):
        expect(visible(ui.page, text)).to_be_visible()
    take_picture("quarantine")
