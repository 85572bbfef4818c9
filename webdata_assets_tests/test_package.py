"""What the package offers by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

import webdata_assets
from webdata_assets.errors import NotAdmittedError
from webdata_assets_tests.serving.releasing import Releasing, write_encoder


@pytest.fixture
def releasing(tmp_path: Path) -> Releasing:
    return Releasing(tmp_path, write_encoder(tmp_path / "tiny"))


def test_search_answers_from_the_current_release(releasing: Releasing) -> None:
    releasing.release(1)
    releasing.release(2)
    hits = webdata_assets.search(
        "release1 release2", sources=["shop1"], limit=3, mode="text", settings=releasing.settings
    )
    assert len(hits) == 3
    assert {hit.source for hit in hits} == {"shop1"}
    assert all(hit.snippet.startswith("release2") for hit in hits)


def test_search_before_the_first_release_says_what_to_do(releasing: Releasing) -> None:
    with pytest.raises(NotAdmittedError, match="webdata publish"):
        webdata_assets.search("kettle", settings=releasing.settings)


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = (
        "import sys, webdata_assets; "
        "print(sorted({'polars', 'numpy', 'lancedb', 'dagster', 'pydantic'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"
