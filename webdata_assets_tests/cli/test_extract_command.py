"""`webdata extract`: one JSON line a page, whatever the pages are."""

import gzip
import json
from pathlib import Path

import pytest

from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.extract.making import jsonld
from webdata_assets_tests.extract.workers.hostile import BOMBS

ARTICLE = (
    '<html lang="en-GB"><head><title>A window</title><meta name="author" content="Ada Lovelace">'
    '<meta property="article:published_time" content="2026-05-01T23:30:00-05:00"></head><body><article>'
    "<h1>A window</h1>"
    + "<p>The window is open, and one hears the rain in the garden.</p>" * 8
    + "</article>"
)
PRODUCT = jsonld(
    {
        "@type": "Product", "name": "Lamp", "sku": "L-1", "brand": "Acme",
        "offers": {"price": "19.90", "priceCurrency": "EUR", "availability": "http://schema.org/InStock"},
        "aggregateRating": {"ratingValue": 4.5, "reviewCount": 7},
    }
) + "<h1>Lamp</h1><p>It shines in the garden when it is dark.</p>"  # fmt: skip
FIELDS = ["file", "text", "title", "author", "published", "language", "page_type", "confidence"]


@pytest.fixture
def pages(webdata: Webdata) -> Path:
    folder = webdata.folder / "pages"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.html").write_text(ARTICLE)
    (folder / "a.html.gz").write_bytes(gzip.compress(PRODUCT.encode()))
    (folder / "deep" / "c.html").write_text(ARTICLE)
    (folder / "notes.txt").write_text("no page")
    (folder / "saved.html").mkdir()
    return folder


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_files_and_folders_give_one_line_a_page_in_order(webdata: Webdata, pages: Path) -> None:
    out = webdata.folder / "pages.jsonl"
    said = webdata("extract", str(pages), str(pages / "b.html"), "--out", str(out), "--workers", "1")
    assert said.exit_code == 0
    assert "3 pages, 0 with errors" in said.stdout
    names = [str(line["file"]).removeprefix(str(pages)) for line in lines(out)]
    assert names == ["/a.html.gz", "/b.html", "/deep/c.html"]


def test_an_article_has_its_fields_and_the_date_that_it_writes(webdata: Webdata, pages: Path) -> None:
    out = webdata.folder / "pages.jsonl"
    assert webdata("extract", str(pages / "b.html"), "--out", str(out)).exit_code == 0
    (line,) = lines(out)
    assert list(line) == FIELDS
    assert (line["title"], line["author"], line["language"]) == ("A window", "Ada Lovelace", "en")
    assert line["published"] == "2026-05-01"
    assert "one hears the rain" in str(line["text"])


def test_a_product_has_the_fields_that_it_states(webdata: Webdata, pages: Path) -> None:
    out = webdata.folder / "pages.jsonl"
    assert webdata("extract", str(pages / "a.html.gz"), "--out", str(out)).exit_code == 0
    (line,) = lines(out)
    product = {name: value for name, value in line.items() if name not in FIELDS}
    assert product == {
        "name": "Lamp", "price": 19.9, "currency": "EUR", "sku": "L-1", "brand": "Acme",
        "availability": "InStock", "rating": 4.5, "rating_count": 7,
    }  # fmt: skip


def test_pages_that_cannot_be_read_are_lines_with_their_reason(
    webdata: Webdata, pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", "2")
    (pages / "d.html.gz").write_bytes(gzip.compress(ARTICLE.encode())[:-20])
    (pages / "e.html").write_text("")
    (pages / "f.html").write_text(BOMBS["868 KB of attributes"])
    (pages / "g.html.gz").write_bytes(gzip.compress(b"\0" * 70_000_000))
    out = webdata.folder / "pages.jsonl"
    said = webdata("extract", str(pages), "--out", str(out), "--workers", "2", "--json")
    assert said.exit_code == 0
    report = said.json()
    assert (report["pages"], report["errors"]) == (7, 4)
    errors = {Path(str(line["file"])).name: line["error"] for line in lines(out) if "error" in line}
    assert errors.keys() == {"d.html.gz", "e.html", "f.html", "g.html.gz"}
    assert str(errors["d.html.gz"]).startswith("cannot be read")
    assert errors["e.html"] == "empty body"
    assert errors["f.html"] == "parser killed after 2 s"
    assert errors["g.html.gz"] == "is larger than 64,000,000 bytes"


def test_text_that_no_encoding_takes_does_not_break_the_file(webdata: Webdata, pages: Path) -> None:
    page = jsonld({"@type": "Article", "headline": "x"}).replace('"x"', '"\\ud800 lone"') + ARTICLE
    (pages / "b.html").write_text(page)
    out = webdata.folder / "pages.jsonl"
    assert webdata("extract", str(pages), "--out", str(out)).exit_code == 0
    assert len(lines(out)) == 3


def test_no_page_that_can_be_read_is_a_failure(webdata: Webdata, pages: Path) -> None:
    (pages / "e.html").write_text("")
    out = webdata.folder / "pages.jsonl"
    assert webdata("extract", str(pages / "e.html"), "--out", str(out)).exit_code == 1
    assert lines(out) == [{"file": str(pages / "e.html"), "error": "empty body"}]


@pytest.mark.parametrize(
    ("path", "out", "told"),
    [
        ("no_such_folder", "pages.jsonl", "no_such_folder does not exist"),
        ("empty", "pages.jsonl", "no page in empty"),
        ("pages", "pages.csv", "ends in .jsonl"),
        ("pages", "nowhere/pages.jsonl", "in a folder that exists"),
    ],
)
def test_wrong_usage_says_what_is_right(
    webdata: Webdata, pages: Path, path: str, out: str, told: str
) -> None:
    (webdata.folder / "empty").mkdir()
    said = webdata("extract", path, "--out", out)
    assert said.exit_code == 2
    assert told in said.stderr
