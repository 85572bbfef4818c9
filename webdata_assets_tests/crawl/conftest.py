"""What the crawl's tests share: the fault server, and one call that crawls it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.stages.crawl.browser.launch import BrowserMissingError, find_executable
from webdata_assets_tests.crawl.harness import Crawling
from webdata_assets_tests.site.server import FaultServer


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def crawling(site: FaultServer, tmp_path: Path) -> Crawling:
    return Crawling(site, tmp_path / "spool")


@pytest.fixture(scope="module")
def chromium() -> Path:
    try:
        return find_executable(None, "/nowhere")
    except BrowserMissingError as error:
        pytest.skip(str(error))
