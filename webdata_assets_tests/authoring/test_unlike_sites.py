"""`webdata sources new URL` on ten unlike sites: the file is good, and gives records on sampled pages."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.stages.crawl.browser.launch import BrowserMissingError, find_executable
from webdata_assets_tests.authoring import sites
from webdata_assets_tests.authoring.conftest import New, written
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.real_input.page_collection import data_folder
from webdata_assets_tests.real_input.static_site import StaticSite
from webdata_assets_tests.real_sites.documentation import FOLDERS, NEEDS_DOCUMENTATION
from webdata_assets_tests.site.server import FaultServer

MOST_REQUESTS = 30


def records(report: dict[str, Any], source: dict[str, Any]) -> list[dict[str, str]]:
    """Return the tried records by field, after a check that each has what the file says it must have."""
    assert report["requests"] <= MOST_REQUESTS
    found = []
    for page in report["tried"]:
        assert page["ok"], page
        rows: dict[int, dict[str, str]] = {}
        for row in page["fields"]:
            rows.setdefault(row["record"], {})[row["field"]] = row["value"]
        for values in rows.values():
            merged = {**values, **json.loads(values.get("extra", "{}"))}
            required = source["expect"].get("required", ["title"])
            assert all(merged.get(name) not in (None, "", []) for name in required), merged
            found.append(merged)
    assert found
    return found


def test_a_paginated_list_of_quotes_is_read_as_records(webdata: Webdata, new: New, site: FaultServer) -> None:
    sites.quotes(site)
    report = new(f"{site.origin}/", "--json").json()
    source = written(webdata)
    (rule,) = source["fetch"]["discover"]
    assert rule["by"] == "links"
    assert rule["allow"] == [f"^{site.origin.replace('.', chr(92) + '.')}/page/\\d+/$"]
    extract = source["extract"]
    assert (extract["items"], extract["key"]) == (".quote", ["text"])
    assert extract["fields"] == {
        "author": ".author",
        "text": ".text",
        "tags": {"type": "list", "css": ".tag"},
    }
    assert [page["records_found"] for page in report["tried"]] == [10, 10, 10]
    assert {"author", "text", "tags"} <= set(records(report, source)[0])


def test_a_shop_is_a_list_of_products_whose_json_ld_is_read(
    webdata: Webdata, new: New, site: FaultServer
) -> None:
    sites.shop(site)
    report = new(f"{site.origin}/", "--json").json()
    source = written(webdata)
    (rule,) = source["fetch"]["discover"]
    assert (rule["by"], rule["items"]) == ("listing", ".product-card h3 a")
    assert source["extract"]["kind"] == "product"
    fields = source["extract"]["fields"]
    assert fields["price"] == {"from": [{"jsonld": "offers.price"}, {"css": ".price"}]}
    assert fields["color"] == {"jsonld": "color", "schema_type": "Product"}
    assert source["expect"]["completeness"]["price"] == 0.95
    (first, *_) = records(report, source)
    assert (float(first["price"]), first["currency"], first["sku"]) == (1.9, "EUR", "S-0001")


def test_a_blog_is_its_sitemap_and_its_feed_stands_beside(
    webdata: Webdata, new: New, site: FaultServer
) -> None:
    sites.blog(site)
    report = new(f"{site.origin}/", "--json").json()
    source = written(webdata)
    (rule,) = source["fetch"]["discover"]
    assert (rule["by"], rule["start"]) == ("sitemap", [f"{site.origin}/map.xml"])
    assert rule["allow"][0].endswith("/posts/[^/?]+$")
    assert source["extract"]["fields"]["author"] == ".author"
    text = (webdata.sources / "found.yaml").read_text()
    assert "# - by: feed" in text
    assert "Named by robots.txt: 16 pages" in text
    # by the proposal once, and once by the trial on three pages
    assert site.targets().count("/robots.txt") <= 2
    assert {"title", "text", "author", "published_at"} <= set(records(report, source)[0])


def test_a_sitemap_index_leads_to_the_articles(webdata: Webdata, new: New, site: FaultServer) -> None:
    sites.indexed(site)
    report = new(f"{site.origin}/", "--json").json()
    source = written(webdata)
    (rule,) = source["fetch"]["discover"]
    assert (rule["by"], rule["start"]) == ("sitemap", [f"{site.origin}/sitemap.xml"])
    assert rule["allow"][0].endswith("/articles/[^/?]+\\.html$")
    assert records(report, source)[0]["title"].startswith("What ")


def test_an_api_is_followed_by_its_cursor(webdata: Webdata, new: New, site: FaultServer) -> None:
    sites.api(site)
    report = new(f"{site.origin}/reviews", "--json").json()
    source = written(webdata)
    (rule,) = source["fetch"]["discover"]
    assert rule == {"by": "api", "start": [f"{site.origin}/reviews"], "cursor": "next_cursor"}
    fields = source["extract"]["fields"]
    assert (source["extract"]["items"], source["extract"]["key"]) == ({"jmespath": "items"}, ["id"])
    assert fields["published_at"]["type"] == "date"
    assert fields["text"] == {"jmespath": "body"}
    titles = {record["title"] for record in records(report, source)}
    assert titles <= {f"Review {number}" for number in range(30)}
    assert all(
        {"rating", "text", "published_at", "user", "tags"} <= set(one) for one in records(report, source)
    )


@pytest.mark.soak
def test_an_app_is_looked_at_by_a_browser(webdata: Webdata, new: New, site: FaultServer) -> None:
    _need_a_browser()
    sites.app(site)
    report = new(f"{site.origin}/", "--json").json()
    source = written(webdata)
    assert source["fetch"]["via"] == "browser"
    assert source["fetch"]["discover"][0]["by"] == "listing"
    assert source["extract"]["pages"].endswith("/guides/\\d+$")
    assert records(report, source)[0]["title"].startswith("What ")


@pytest.mark.parametrize(("path", "below"), [("/python/", ""), ("/handbook/", "en-US")])
def test_documentation_is_followed_link_by_link(webdata: Webdata, new: New, path: str, below: str) -> None:
    folder = FOLDERS[path] / below
    if not folder.is_dir():
        pytest.skip(NEEDS_DOCUMENTATION)
    with StaticSite(folder) as served:
        report = new(f"http://{served.address}/index.html", "--json").json()
    source = written(webdata)
    assert source["fetch"]["discover"][0]["by"] == "links"
    assert source["extract"]["kind"] == "document"
    assert {"title", "text"} <= set(records(report, source)[0])


def test_saved_articles_of_many_sites(webdata: Webdata, new: New, tmp_path: Path) -> None:
    folder = data_folder("wcxb") / "dev"
    names = _of_type(folder, "article", 8)
    sites.collected(folder / "html", tmp_path / "site", names)
    with StaticSite(tmp_path / "site") as served:
        report = new(f"http://{served.address}/", "--json").json()
    source = written(webdata)
    assert source["extract"]["kind"] in ("article", "document")
    assert {"title", "text"} <= set(records(report, source)[0])


@pytest.mark.soak
def test_saved_products_of_many_shops(webdata: Webdata, new: New, tmp_path: Path) -> None:
    folder = data_folder("product_extraction_benchmark")
    gold = json.loads((folder / "ground-truth.json").read_text())
    stating = [name for name in sorted(gold) if b'"Product"' in _page(folder / "html", name)]
    sites.collected(folder / "html", tmp_path / "site", stating[:8])
    with StaticSite(tmp_path / "site") as served:
        report = new(f"http://{served.address}/", "--json").json()
    source = written(webdata)
    assert source["extract"]["kind"] == "product"
    assert all(record.get("title") for record in records(report, source))


def test_a_forum_thread_gives_a_good_file(webdata: Webdata, new: New, tmp_path: Path) -> None:
    folder = data_folder("wcxb") / "dev"
    (name,) = _of_type(folder, "forum", 1)
    sites.collected(folder / "html", tmp_path / "site", [name])
    with StaticSite(tmp_path / "site") as served:
        report = new(f"http://{served.address}/pages/{name}.html", "--json").json()
    records(report, written(webdata))


def test_what_was_written_gives_the_same_by_webdata_try(
    webdata: Webdata, new: New, site: FaultServer
) -> None:
    sites.quotes(site)
    report = new(f"{site.origin}/", "--json").json()
    tried = webdata("try", f"{site.origin}/page/2/", "--source", "found", "--json").json()
    (same,) = [page for page in report["tried"] if page["url"].endswith("/page/2/")]
    assert tried["fields"] == same["fields"]


def _need_a_browser() -> None:
    try:
        find_executable(None, "/nowhere")
    except BrowserMissingError as error:
        pytest.skip(str(error))


def _of_type(folder: Path, page_type: str, most: int) -> list[str]:
    found = []
    for file in sorted((folder / "ground-truth").glob("*.json")):
        said = json.loads(file.read_text()).get("_internal", {}).get("page_type", {})
        if said.get("primary") == page_type and (folder / "html" / f"{file.stem}.html.gz").is_file():
            found.append(file.stem)
        if len(found) == most:
            break
    return found


def _page(folder: Path, name: str) -> bytes:
    return gzip.decompress((folder / f"{name}.html.gz").read_bytes())
