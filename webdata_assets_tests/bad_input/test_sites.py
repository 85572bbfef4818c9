"""Sites that are down, empty, or send something else than they should."""

import datetime as dt
from collections.abc import Iterator

import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.bad_input.inspecting import admitted, rows, write_source
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.site.answers import links, page, status
from webdata_assets_tests.site.server import FaultServer

pytestmark = pytest.mark.usefixtures("history_in_memory")

PROSE = "The lamp is quiet and light, and it shines for eleven hours. " * 5


@pytest.fixture
def site(webdata: Webdata, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    with FaultServer() as server:
        monkeypatch.setenv("WEBDATA_CONNECT_TO", f"good.test={server.address}")
        yield server


def test_an_unreachable_host_is_a_dead_letter_with_its_reason(webdata: Webdata) -> None:
    write_source(
        webdata,
        "gone",
        fetch={
            "discover": [{"by": "urls", "start": ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]}],
            "robots": "ignore",
            "max_attempts": 1,
        },
    )
    said = webdata("run", "--source", "gone")
    assert said.exit_code == 1
    assert "pages: completeness failed: reached 0 of 2 URLs" in said.stdout
    assert "connect" in said.stdout.lower()
    dead = rows(webdata, "dead_letters")
    assert dead["url"].to_list() == ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]
    assert set(dead["failure_domain"]) == {"target"}
    assert admitted(webdata, "pages") == []
    assert rows(webdata, "records").is_empty()
    [date] = set(dead["date"])
    assert f"{date}|gone pages: completeness failed" in webdata("status").stdout


def test_an_empty_site_is_not_taken_for_a_site_without_news(webdata: Webdata, site: FaultServer) -> None:
    listing = {"by": "listing", "start": ["http://good.test/"], "items": "li a"}
    write_source(webdata, "listed", fetch={"discover": [listing], "requests_per_second": 100})
    site.add("/", page("<!doctype html><title>Welcome</title>"))
    said = webdata("run", "--source", "listed")
    assert said.exit_code == 1
    assert "0 content pages, expect.min_pages is 1: is the site empty" in said.stdout
    assert admitted(webdata, "pages") == []

    site.add("/", links("/a", "/b"))
    for path in ("/a", "/b"):
        site.add(path, page(f"<!doctype html><h1>{path}</h1><p>{PROSE}"))
    assert webdata("run", "--source", "listed").exit_code == 0
    assert set(rows(webdata, "records")["url"]) == {"http://good.test/a", "http://good.test/b"}


def test_a_site_that_is_down_takes_nothing_from_the_day_before(webdata: Webdata, site: FaultServer) -> None:
    listing = {"by": "listing", "start": ["http://good.test/"], "items": "li a"}
    write_source(
        webdata, "dated", as_of={"header": "X-As-Of"}, fetch={"discover": [listing], "max_attempts": 1}
    )
    site.add("/", links("/a"))
    site.add("/a", page(f"<!doctype html><h1>A</h1><p>{PROSE}"))
    assert webdata("run", "--source", "dated", "--date", "2026-06-01").exit_code == 0
    before = rows(webdata, "records")
    for path in ("/", "/a"):
        site.add(path, status(503))
    said = webdata("run", "--source", "dated", "--date", "2026-06-02")
    assert said.exit_code == 1
    assert "503" in said.stdout
    assert rows(webdata, "records").equals(before)
    assert rows(webdata, "dead_letters").height == 2
    assert "gone" not in set(rows(webdata, "pages")["outcome"])
    store = Store.open(str(webdata.store))
    assert store.ledger.admitted(TABLES["pages"])["date"].to_list() == [dt.date(2026, 6, 1)]


def test_html_in_place_of_json_is_a_dead_letter_that_says_so(webdata: Webdata, site: FaultServer) -> None:
    write_source(
        webdata,
        "api",
        fetch={"discover": [{"by": "api", "start": ["http://good.test/v1"], "cursor": "next"}]},
        extract={"kind": "item", "items": "items", "key": ["id"], "fields": _ITEM_FIELDS},
    )
    site.add("/v1", page("<!doctype html><title>Log in</title>"))
    said = webdata("run", "--source", "api", "--json")
    assert said.exit_code == 1
    assert any("expected JSON, got HTML (text/html)" in problem for problem in said.json()["problems"])
    (letter,) = rows(webdata, "dead_letters").iter_rows(named=True)
    assert (letter["failure_domain"], letter["reason"]) == ("parse", "expected JSON, got HTML (text/html)")
    assert rows(webdata, "records").is_empty()


_ITEM_FIELDS = {"id": {"jmespath": "id"}, "title": {"jmespath": "title"}}


def test_pages_that_are_not_utf_8_are_read_as_they_were_written(webdata: Webdata, site: FaultServer) -> None:
    titles = {
        "windows-1252": "Größe und Preis",
        "shift_jis": "価格の一覧",
        "utf-16": "Größe, Preis und Gewicht",
    }
    written = {}
    for encoding, title in titles.items():
        declared = "" if encoding == "utf-16" else f"<meta charset={encoding}>"
        html = f"<!doctype html><html lang=de>{declared}<h1>{title}</h1><p>{title}: {PROSE}</html>"
        written[encoding] = html.encode(encoding)
        site.add(f"/{encoding}", page(written[encoding]))
    start = [f"http://good.test/{encoding}" for encoding in titles]
    write_source(webdata, "legacy", fetch={"discover": [{"by": "urls", "start": start}]})
    assert webdata("run", "--source", "legacy").exit_code == 0
    records = {row["url"].rpartition("/")[2]: row for row in rows(webdata, "records").iter_rows(named=True)}
    assert {encoding: record["title"] for encoding, record in records.items()} == titles
    for encoding, title in titles.items():
        assert title in records[encoding]["text"]
    stored = rows(webdata, "pages").select("url", "payload").iter_rows()
    # bytes are kept as they came
    assert {url.rpartition("/")[2]: payload for url, payload in stored} == written
