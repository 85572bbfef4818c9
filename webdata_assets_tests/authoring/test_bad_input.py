"""`webdata sources new` with what cannot be looked at: a clear error, and no file."""

from pathlib import Path

import pytest

from webdata_assets_tests.authoring import sites
from webdata_assets_tests.authoring.conftest import New, written
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.site.answers import page, slow, status
from webdata_assets_tests.site.server import FaultServer


@pytest.mark.parametrize(
    "url", ["docs.example.com", "ftp://example.com/", "http://", "https://a b/", "x\n://y"]
)
def test_what_is_no_url_is_wrong_usage(webdata: Webdata, new: New, url: str) -> None:
    said = new(url)
    assert said.exit_code == 2
    assert "URL" in said.stderr
    assert list(webdata.sources.iterdir()) == []


def test_robots_that_forbid_all_are_obeyed(webdata: Webdata, new: New, site: FaultServer) -> None:
    site.add("/robots.txt", page("User-agent: *\nDisallow: /\n", content_type="text/plain"))
    site.add("/", page("<h1>secret</h1>"))
    said = new(f"{site.origin}/")
    assert said.exit_code == 1
    assert "robots.txt forbids it; nothing was fetched. Ask the site's owner" in said.stderr
    assert site.targets() == []
    assert list(webdata.sources.iterdir()) == []


def test_a_page_that_is_not_there_is_told(webdata: Webdata, new: New, site: FaultServer) -> None:
    said = new(f"{site.origin}/nowhere")
    assert said.exit_code == 1
    assert "404" in said.stderr
    assert "check the URL in a browser" in said.stderr
    assert list(webdata.sources.iterdir()) == []


def test_a_host_that_fails_is_told(webdata: Webdata, new: New, site: FaultServer) -> None:
    site.add("/", status(503))
    said = new(f"{site.origin}/")
    assert said.exit_code == 1
    assert "503" in said.stderr
    assert "--blank" in said.stderr


def test_a_host_that_is_not_there_is_told(new: New) -> None:
    said = new("http://127.0.0.1:9/")
    assert said.exit_code == 1
    assert "127.0.0.1:9" in said.stderr


@pytest.mark.soak
def test_a_host_that_never_answers_is_given_up(new: New, site: FaultServer) -> None:
    site.add("/", slow(60, page("late")))
    said = new(f"{site.origin}/")
    assert said.exit_code == 1
    assert "10" in said.stderr


def test_a_private_address_needs_permission(webdata: Webdata, site: FaultServer) -> None:
    sites.quotes(site)
    said = webdata("sources", "new", f"{site.origin}/", "--name", "found")
    assert said.exit_code == 1
    assert "--allow-private" in said.stderr
    assert site.log == []
    assert list(webdata.sources.iterdir()) == []


def test_connect_to_leads_a_host_to_loopback_and_needs_permission_too(
    webdata: Webdata, new: New, site: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites.quotes(site)
    monkeypatch.setenv("WEBDATA_CONNECT_TO", f"quotes.test={site.address}")
    refused = webdata("sources", "new", "http://quotes.test/")
    assert refused.exit_code == 1
    assert "--allow-private" in refused.stderr
    assert new("http://quotes.test/").exit_code == 0
    assert written(webdata)["fetch"]["discover"][0]["start"] == ["http://quotes.test/"]


def test_a_huge_page_is_refused(webdata: Webdata, new: New, site: FaultServer) -> None:
    site.add("/", page(b"<html>" + b"x" * 6_000_000))
    said = new(f"{site.origin}/")
    assert said.exit_code == 1
    assert "begin at a smaller page" in said.stderr
    assert list(webdata.sources.iterdir()) == []


def test_what_is_no_page_is_told(new: New, site: FaultServer) -> None:
    site.add("/", page(b"%PDF-1.7 binary", content_type="application/pdf"))
    said = new(f"{site.origin}/")
    assert said.exit_code == 1
    assert "not HTML, but application/pdf; begin at a page of HTML" in said.stderr


def test_a_page_without_anything_still_gives_a_good_file(
    webdata: Webdata, new: New, site: FaultServer
) -> None:
    site.add("/", page("<!doctype html><title>Bare</title><p>Nothing here."))
    new(f"{site.origin}/")
    assert written(webdata)["fetch"]["discover"] == [{"by": "urls", "start": [f"{site.origin}/"]}]


def test_a_page_that_only_a_killed_parser_could_read_harms_nobody(
    webdata: Webdata, new: New, site: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", "1")
    site.add("/", page("<!doctype html>" + "<div class=x><p>" * 150_000))
    said = new(f"{site.origin}/")
    assert said.exit_code in (0, 1)
    assert "Traceback" not in said.stderr


def test_hostile_text_stays_in_comments(webdata: Webdata, new: New, site: FaultServer) -> None:
    boxes = "".join(
        f"<div class='b{{x}} box'><h3>Title {number}\n# x: y\u2028evil: true</h3>"
        f"<p class=note>- {number}: 'a\x85b' \u202e</p></div>"
        for number in range(12)
    )
    site.add("/", page(f"<!doctype html><title>x</title>{boxes}"))
    said = new(f"{site.origin}/")
    assert "\u202e" not in said.stdout
    assert "evil" not in written(webdata)


def test_an_existing_file_is_replaced_by_force_only(webdata: Webdata, new: New, site: FaultServer) -> None:
    sites.quotes(site)
    file = webdata.sources / "found.yaml"
    file.write_text("mine")
    said = new(f"{site.origin}/")
    assert said.exit_code == 2
    assert (
        "exists; choose another name with --name, edit that file, or replace it with --force" in said.stderr
    )
    assert (file.read_text(), site.log) == ("mine", [])
    assert new(f"{site.origin}/", "--force").exit_code == 0
    assert written(webdata)["name"] == "found"


def test_another_folder_is_written_to(webdata: Webdata, new: New, site: FaultServer, tmp_path: Path) -> None:
    sites.quotes(site)
    said = new(f"{site.origin}/", "--out", str(tmp_path / "elsewhere"))
    assert said.exit_code == 0
    assert f"WEBDATA_SOURCES={tmp_path / 'elsewhere'} webdata try" in said.stdout
    assert (tmp_path / "elsewhere" / "found.yaml").is_file()


def test_name_and_url_in_the_old_order_are_understood(webdata: Webdata, site: FaultServer) -> None:
    sites.quotes(site)
    fast = ("--allow-private", "--requests-per-second", "200")
    assert webdata("sources", "new", "found", f"{site.origin}/", *fast).exit_code == 0
    assert written(webdata)["name"] == "found"


def test_two_urls_are_refused_with_the_remedy(webdata: Webdata) -> None:
    said = webdata("sources", "new", "http://a.test/", "http://b.test/")
    assert said.exit_code == 2
    assert "webdata sources new URL --name NAME" in said.stderr
