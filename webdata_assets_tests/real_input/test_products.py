"""Product pages of big and small shops: does every page end somewhere, and are stated prices found?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest

from webdata_assets.cli.instance import Outcome
from webdata_assets.schemas import TABLES
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.real_input.conftest import CrawlRecords
from webdata_assets_tests.real_input.page_collection import DATE, data_folder, source_of, unpack, url_of
from webdata_assets_tests.real_input.static_site import StaticSite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HOST = "products.test"


@dataclass
class Crawled:
    """The tables after one day, with the accepted prices of each page by URL."""

    crawl: Outcome
    prices: dict[str, list[float]]
    records: pl.DataFrame
    quarantine: pl.DataFrame


@pytest.fixture(scope="module")
def crawled(
    shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory, crawl_records: CrawlRecords
) -> Iterator[Crawled]:
    folder = data_folder("product_extraction_benchmark")
    gold = json.loads((folder / "ground-truth.json").read_text())
    site_folder = tmp_path_factory.mktemp("products")
    names = unpack((folder / "html" / f"{page}.html.gz" for page in sorted(gold)), site_folder)
    prices = {
        url_of(HOST, name): [float(price) for price in gold[name.removesuffix(".html")].get("price", [])]
        for name in names
    }
    with StaticSite(site_folder) as site:
        shared_deployment.connect_to = {HOST: site.address}
        shared_deployment.now = f"{DATE}T12:00:00+00:00"
        # the main content is not what is tested here
        text = {"from": [{"meta": "description"}, {"css": "h1"}]}
        expect = {"min_pages": len(names), "completeness": {"title": 0.95, "text": 0.9, "price": 0.4}}
        shared_deployment.write_source(source_of(HOST, {"kind": "product", "fields": {"text": text}}, expect))
        outcome = crawl_records(shared_deployment, f"{DATE}|saved_pages")
    tables = shared_deployment.store.tables
    yield Crawled(
        outcome,
        prices,
        tables.scan(TABLES["records"]).collect(),
        tables.scan(TABLES["quarantine"]).collect(),
    )


def test_the_partition_is_admitted(crawled: Crawled) -> None:
    assert crawled.crawl.success, (crawled.crawl.failed_checks, crawled.crawl.error)


def test_every_page_ends_in_records_or_in_quarantine_with_a_reason(crawled: Crawled) -> None:
    kept, refused = set(crawled.records["url"]), set(crawled.quarantine["url"])
    assert kept | refused == set(crawled.prices)
    assert not kept & refused
    assert crawled.records.height == len(kept)
    assert (crawled.quarantine["reason"].str.len_chars() > 0).all()


def test_prices_are_found_and_right(crawled: Crawled) -> None:
    stated = {url: prices for url, prices in crawled.prices.items() if prices}
    rows = crawled.records.filter(pl.col("price").is_not_null()).select("url", "price").iter_rows()
    found = {url: float(price) for url, price in rows if url in stated}
    right = [url for url, price in found.items() if any(abs(price - each) < 0.005 for each in stated[url])]
    assert len(found) / len(stated) > 0.4
    assert len(right) / len(found) > 0.85
