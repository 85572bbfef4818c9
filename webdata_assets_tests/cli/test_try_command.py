"""`webdata try`: one page or file through a source's extraction, and nothing stored."""

import shutil

import pytest

from webdata_assets.demo.server import DemoSite
from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.cli.calling import Webdata

PRODUCT = """<!doctype html><html lang=en><h1>{title}</h1><p itemprop=sku>S-1</p>
<p itemprop=description>It is quiet and light.</p><p class=price><b class=amount>9.50</b>
<b class=currency>EUR</b></p></html>"""


@pytest.fixture
def shop(webdata: Webdata) -> Webdata:
    shutil.copy(PACKAGED_SOURCES / "demo_shop.yaml", webdata.sources)
    return webdata


def _values(report: dict) -> dict[str, str]:
    return {row["field"]: row["value"] for row in report["fields"]}


def test_a_page_is_fetched_and_its_fields_shown(
    webdata: Webdata, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(PACKAGED_SOURCES / "demo_api.yaml", webdata.sources)
    _connect(demo_site, monkeypatch)
    url = "http://api.demo.test/v1/reviews?limit=10"
    said = webdata("try", url, "--source", "demo_api", "--date", "2026-06-01", "--json")
    assert said.exit_code == 0
    report = said.json()
    assert report["records_found"] == 10
    assert report["problems"] == []
    assert {"title", "text", "category", "published_at"} <= set(_values(report))
    assert [visit.path for visit in demo_site.requests][-1] == "/v1/reviews?limit=10&as_of=2026-06-01"
    assert not webdata.store.exists()


def test_a_page_that_holds_no_record_says_why(
    shop: Webdata, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    _connect(demo_site, monkeypatch)
    said = shop("try", "http://shop.demo.test/products", "--source", "demo_shop", "--date", "2026-06-01")
    assert said.exit_code == 1
    assert "no record on this page: extract.pages" in said.stdout
    assert "does not match its URL" in said.stdout


def _connect(site: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ",".join(f"{host}={target}" for host, target in site.connect_to.items())
    monkeypatch.setenv("WEBDATA_CONNECT_TO", hosts)


def test_a_local_file_is_a_page_of_the_source(shop: Webdata) -> None:
    page = shop.folder / "page.html"
    page.write_text(PRODUCT.format(title="A lamp"))
    said = shop("try", str(page), "--source", "demo_shop", "--json")
    assert said.exit_code == 0
    report = said.json()
    assert report["records_found"] == 1
    values = _values(report)
    assert (values["title"], float(values["price"]), values["currency"]) == ("A lamp", 9.5, "EUR")
    assert {"field": "title", "selector": "css:h1", "matches": 1} in report["selectors"]
    text = shop("try", str(page), "--source", "demo_shop")
    assert text.exit_code == 0
    assert "A lamp" in text.stdout
    assert "css:h1" in text.stdout
    assert not shop.store.exists()


def test_a_refused_record_says_why(shop: Webdata) -> None:
    page = shop.folder / "page.html"
    page.write_text("<!doctype html><h1>A lamp</h1>")
    said = shop("try", str(page), "--source", "demo_shop")
    assert said.exit_code == 1
    assert "refused by required: sku is missing" in said.stdout


def test_neither_a_file_nor_a_url_is_wrong_usage(shop: Webdata) -> None:
    said = shop("try", "no/such/page.html", "--source", "demo_shop")
    assert said.exit_code == 2
    assert "neither a file nor an absolute http or https URL" in said.stderr


def test_a_page_out_of_scope_is_not_fetched(shop: Webdata) -> None:
    said = shop("try", "http://elsewhere.test/", "--source", "demo_shop", "--date", "2026-06-01")
    assert said.exit_code == 1
    assert "out of scope" in said.stderr


def test_an_unknown_source_is_answered_with_the_known_ones(shop: Webdata) -> None:
    said = shop("try", "http://shop.demo.test/", "--source", "demo_shp")
    assert said.exit_code == 2
    assert "did you mean `demo_shop`" in said.stderr


def test_hostile_text_cannot_steer_the_terminal(shop: Webdata) -> None:
    page = shop.folder / "page.html"
    hostile = "A\x1b[2J\x1b]0;title\x07 \x9b31m lamp \u202egnp.exe [bold]x[/bold]"
    page.write_text(PRODUCT.format(title=hostile).replace("S-1", "S\u202e\x1b[31m-1"))
    for flags in ([], ["--json"]):
        said = shop("try", str(page), "--source", "demo_shop", *flags)
        assert "[bold]x[/bold]" in said.stdout  # markup of the terminal library stays text
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said.stdout)
