"""WCXB, pages of seven types from as many sites: does every page end somewhere, and how good is its text?"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.cli.instance import Outcome
from webdata_assets.schemas import TABLES
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.real_input.conftest import CrawlRecords
from webdata_assets_tests.real_input.page_collection import DATE, data_folder, source_of, unpack, url_of
from webdata_assets_tests.real_input.static_site import StaticSite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HOST = "wcxb.test"
MAX_PAGES = 100


@dataclass
class Crawled:
    """The tables after one day, with the gold text of each page by URL."""

    crawl: Outcome
    gold: dict[str, str]
    pages: pl.DataFrame
    records: pl.DataFrame
    quarantine: pl.DataFrame


@pytest.fixture(scope="module")
def crawled(
    shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory, crawl_records: CrawlRecords
) -> Iterator[Crawled]:
    folder = data_folder("wcxb")
    split = next(folder / name for name in ("test", "dev") if (folder / name).is_dir())
    answers = sorted((split / "ground-truth").glob("*.json"))[::5][:MAX_PAGES]
    site_folder = tmp_path_factory.mktemp("wcxb")
    names = unpack((_page_of(split, answer) for answer in answers), site_folder)
    gold = {
        url_of(HOST, name): json.loads(answer.read_text())["ground_truth"].get("main_content") or ""
        for name, answer in zip(names, answers, strict=True)
    }
    with StaticSite(site_folder) as site:
        shared_deployment.connect_to = {HOST: site.address}
        shared_deployment.now = f"{DATE}T12:00:00+00:00"
        expect = {"min_pages": len(names), "completeness": {"title": 0.95, "text": 0.95}}
        shared_deployment.write_source(source_of(HOST, {"kind": "document"}, expect))
        outcome = crawl_records(shared_deployment, f"{DATE}|saved_pages")
    tables = shared_deployment.store.tables
    yield Crawled(
        outcome,
        gold,
        tables.scan(TABLES["pages"]).drop("payload").filter(pl.col("role") == "content").collect(),
        tables.scan(TABLES["records"]).collect(),
        tables.scan(TABLES["quarantine"]).collect(),
    )


def _page_of(split: Path, answer: Path) -> Path:
    return next((split / "html").glob(f"{answer.stem}.*"))


def _word_f1(found: str, gold: str) -> float:
    """Return the F1 of two texts as bags of lower-case words, WCXB's metric."""
    one, other = (Counter(re.findall(r"\w+", text.lower())) for text in (found, gold))
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if shared else 0.0


def test_every_page_is_fetched_and_the_partition_is_admitted(crawled: Crawled) -> None:
    assert crawled.crawl.success, (crawled.crawl.failed_checks, crawled.crawl.error)
    assert crawled.pages["outcome"].to_list() == ["fetched"] * len(crawled.gold)


def test_every_page_ends_in_records_or_in_quarantine_with_a_reason(crawled: Crawled) -> None:
    kept, refused = set(crawled.records["url"]), set(crawled.quarantine["url"])
    assert kept | refused == set(crawled.gold)
    assert not kept & refused
    assert crawled.records.height == len(kept)
    assert (crawled.quarantine["reason"].str.len_chars() > 0).all()


def test_text_is_the_main_content(crawled: Crawled) -> None:
    texts = dict(crawled.records.select("url", pl.col("text").fill_null("")).iter_rows())
    scores = [_word_f1(texts.get(url, ""), gold) for url, gold in crawled.gold.items()]
    # .81 on these pages, .80 on every third of the set
    assert sum(scores) / len(scores) > 0.77
