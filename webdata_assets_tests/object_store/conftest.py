"""A crawl of the fault server for the tests of spools in an object store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.crawl.harness import Crawling
from webdata_assets_tests.site.server import FaultServer


@pytest.fixture
def crawling(tmp_path: Path) -> Iterator[Crawling]:
    with FaultServer() as site:
        yield Crawling(site, tmp_path / "spool")
