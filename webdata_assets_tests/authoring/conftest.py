"""The command line of an empty deployment, and the look at a site by it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from webdata_assets_tests.cli.calling import Said, Webdata
from webdata_assets_tests.site.server import FaultServer

New = Callable[..., Said]


@pytest.fixture
def webdata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Webdata:
    """No encoder: nothing here embeds."""
    (tmp_path / "home").mkdir()
    (tmp_path / "sources").mkdir()
    return Webdata(tmp_path, monkeypatch)


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def new(webdata: Webdata) -> New:
    """Return `sources new` for a site on loopback, asked faster than a stranger's."""

    def call(url: str, *arguments: str) -> Said:
        return webdata(
            "sources",
            "new",
            url,
            "--name",
            "found",
            "--allow-private",
            "--requests-per-second",
            "200",
            *arguments,
        )

    return call


def written(webdata: Webdata) -> dict[str, Any]:
    """Return the source file that was written, after its check."""
    checked = webdata("sources", "check")
    assert (checked.exit_code, checked.stdout.strip()) == (0, "1 source files are good.")
    return dict(yaml.safe_load((webdata.sources / "found.yaml").read_text()))
