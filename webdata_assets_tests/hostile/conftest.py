"""What marks these tests, how one states its figure, the fault server, browser, and the hunt for secrets."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.crawl.conftest import chromium, crawling, site
from webdata_assets_tests.hostile.echoing import Echoing, echoing
from webdata_assets_tests.hostile.hunting import Hunt
from webdata_assets_tests.hostile.listening import Listener

__all__ = ["chromium", "crawling", "proves", "site"]

Proves = Callable[[str, str, str], None]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of this folder, which has a target of its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.hostile)


@pytest.fixture
def proves(record_property: Callable[[str, object], None]) -> Proves:
    """Enter a row of docs/hostile-input.md: the part that was attacked, with what, the figure measured."""

    def enter(part: str, attack: str, figure: str) -> None:
        record_property("hostile", json.dumps([part, attack, figure]))

    return enter


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def echo() -> Iterator[Echoing]:
    with echoing() as server:
        yield server


@pytest.fixture
def hunt(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hunt:
    return Hunt(tmp_path / "deployment", encoder_folder, monkeypatch)
