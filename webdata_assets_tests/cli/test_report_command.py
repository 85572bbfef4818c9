"""`webdata report`: it makes today's page, says where it is, and opens it when asked."""

from pathlib import Path

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.observe.synthetic import BROKEN, fill


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was asked to open."""
    urls: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: urls.append(url) or True)
    return urls


@pytest.fixture
def one_source(webdata: Webdata) -> Webdata:
    (webdata.sources / "demo_shop.yaml").write_text((PACKAGED_SOURCES / "demo_shop.yaml").read_text())
    return webdata


def test_a_report_of_an_empty_store_is_made(one_source):
    said = one_source("report", "--json")
    assert said.exit_code == 0
    path = Path(said.json()["path"])
    assert path.parent == one_source.store / "reports"
    assert "Nothing was collected yet" in path.read_text()


def test_what_is_left_failed_is_printed_with_its_recovery_and_the_page_opened(one_source, opened):
    fill(Store.open(str(one_source.store)), [BROKEN])
    said = one_source("report", "--open")
    assert said.exit_code == 0
    assert "webdata run --source broken --date 2026-06-29 --replay" in said.stdout
    [url] = opened
    assert Path(url.removeprefix("file://")).is_file()
    assert url.removeprefix("file://") in said.stdout.replace("\n", "")
