"""Python's own documentation, as Debian packages it: crawled, indexed, searched, and visited a second day."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.cli.instance import Outcome
from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.encoders.minilm import ensure_encoder, open_encoder
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.search import search
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.real_input.static_site import StaticSite

HTML = Path("/usr/share/doc/python3.11/html")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not HTML.is_dir(), reason="needs Debian's package python3.11-doc"),
]

HOST = "docs.python.test"
FIRST_DAY, SECOND_DAY = "2026-06-01", "2026-06-02"

# Written before any answer was seen, and not changed since.
QUESTIONS = {
    "how do I parse command line arguments": "library/argparse.html",
    "read and write comma separated files": "library/csv.html",
    "match text with regular expressions": "library/re.html",
    "send an email through a mail server": "library/smtplib.html",
    "run another program and capture its output": "library/subprocess.html",
    "make temporary files and directories": "library/tempfile.html",
    "compute the median and standard deviation of numbers": "library/statistics.html",
    "connect to an SQLite database": "library/sqlite3.html",
    "measure the execution time of a small piece of code": "library/timeit.html",
    "compress data with gzip": "library/gzip.html",
}


@dataclass(frozen=True)
class Extent:
    """How much of the documentation is read.

    Attributes:
        longest_bytes: longer pages that answer no question are denied; they are the encoder's most work.
        pages: that remain, at least.
    """

    longest_bytes: int
    pages: int


def _too_long(extent: Extent) -> list[str]:
    pages = ((path.relative_to(HTML).as_posix(), path.stat().st_size) for path in HTML.glob("*/*.html"))
    kept = {*QUESTIONS.values(), "library/index.html"}  # which leads to all the others
    return [name for name, size in pages if size > extent.longest_bytes and name not in kept]


def _source(extent: Extent) -> dict[str, object]:
    sections = "tutorial|library|reference|faq|using|c-api|distutils|howto|extending"
    return {
        "name": "python_docs",
        "description": "Python's documentation, followed link by link",
        "start": FIRST_DAY,
        "allow_private": True,
        "fetch": {
            "discover": [
                {
                    "by": "links",
                    "start": [f"http://{HOST}/index.html"],
                    "allow": [rf"^http://{HOST}/({sections})/"],
                    "deny": [rf"/({'|'.join(_too_long(extent))})$".replace(".", r"\.")],
                }
            ],
            "requests_per_second": 1000,
            "concurrency": 8,
        },
        "extract": {
            "kind": "document",
            "pages": rf"^http://{HOST}/[\w-]+/",
            "fields": {"title": "[role=main] h1"},
            "remove_templates": True,
        },
        "clean": {"pii": "keep"},  # the names and addresses in examples are nobody's
        "expect": {
            "fetched": 1,
            "min_pages": extent.pages,
            "completeness": {"title": 1, "text": 1},
            "valid": 1,
        },
    }  # fmt: skip


@dataclass
class Indexed:
    """The deployment after its first day, and the site that it read."""

    extent: Extent
    deployment: Deployment
    site: StaticSite
    crawl: Outcome
    publication: Outcome


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Extent(20_000, 40), id="40-pages"),
        pytest.param(Extent(150_000, 400), id="400-pages", marks=pytest.mark.soak),
    ],
)
def indexed(request: pytest.FixtureRequest, shared_deployment: Deployment) -> Iterator[Indexed]:
    with StaticSite(HTML) as site:
        shared_deployment.connect_to = {HOST: site.address}
        shared_deployment.now = f"{FIRST_DAY}T12:00:00+00:00"
        shared_deployment.write_source(_source(request.param))
        crawl = shared_deployment.run("crawl", f"{FIRST_DAY}|python_docs")
        yield Indexed(request.param, shared_deployment, site, crawl, shared_deployment.run("retrain"))


def _outcomes(deployment: Deployment, date: str) -> dict[str, int]:
    pages = deployment.store.tables.scan(TABLES["pages"]).filter(
        pl.col("date") == dt.date.fromisoformat(date)
    )
    return dict(pages.group_by("outcome").len().collect().iter_rows())


def test_all_pages_reach_the_index(indexed: Indexed) -> None:
    store = indexed.deployment.store
    assert indexed.crawl.success, (indexed.crawl.failed_checks, indexed.crawl.error)
    assert indexed.publication.success, (indexed.publication.failed_checks, indexed.publication.error)
    fetched = _outcomes(indexed.deployment, FIRST_DAY)["fetched"]
    records = store.tables.read(TABLES["corpus"]).filter(pl.col("state") == "live")
    assert fetched >= indexed.extent.pages
    assert records.height == fetched - 1  # the start page is no page of the documentation
    assert store.tables.read(TABLES["vector_index"])["record_id"].n_unique() == records.height


def test_the_documentation_is_extracted_without_navigation(indexed: Indexed) -> None:
    records = indexed.deployment.store.tables.scan(TABLES["records"]).select("url", "title", "text").collect()
    assert not records["title"].str.contains("¶").any()
    navigation = records["text"].str.contains("Previous topic|Report a Bug|Show Source")
    assert navigation.sum() <= records.height // 100, records.filter(navigation)["url"].to_list()
    (gzip,) = records.filter(pl.col("url").str.ends_with("library/gzip.html"))["text"]
    assert "This module provides a simple interface to compress and decompress files" in gzip


def test_search_finds_the_right_page(indexed: Indexed) -> None:
    settings, location = indexed.deployment.settings, indexed.deployment.store.location
    encoder, index = open_encoder(ensure_encoder(settings.encoders)), LanceIndex(location.index()).at()
    ranks = {}
    for question, page in QUESTIONS.items():
        answers = [hit.url for hit in search(index, encoder, question, limit=5)]
        wanted = f"http://{HOST}/{page}"
        ranks[question] = answers.index(wanted) + 1 if wanted in answers else None
    assert None not in ranks.values(), ranks
    assert list(ranks.values()).count(1) >= 7, ranks


def test_a_second_day_fetches_nothing_anew(indexed: Indexed) -> None:
    deployment, visited = indexed.deployment, _outcomes(indexed.deployment, FIRST_DAY)["fetched"]
    indexed.site.answers.clear()
    deployment.now = f"{SECOND_DAY}T12:00:00+00:00"
    crawl = deployment.run("crawl", f"{SECOND_DAY}|python_docs")
    assert crawl.success, (crawl.failed_checks, crawl.error)
    assert _outcomes(deployment, SECOND_DAY) == {"unchanged": visited}
    assert indexed.site.statuses() == {304: visited}
    index_before = deployment.store.tables.read(TABLES["vector_index"])
    assert deployment.run("publish").success
    assert deployment.store.tables.read(TABLES["vector_index"]).equals(index_before)
    for layer in ("records", "embeddings"):
        rows = deployment.store.tables.scan(TABLES[layer]).select("date").collect()
        assert rows.filter(pl.col("date") == dt.date.fromisoformat(SECOND_DAY)).is_empty()
