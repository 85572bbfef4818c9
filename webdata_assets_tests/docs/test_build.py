"""The documentation builds strict, and what is built asks no other host for anything."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.deployment import REPOSITORY

_LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//"
    r"|<link\b(?![^>]*rel=\"?canonical)[^>]*\bhref=\"?(?:https?:)?//",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    pytest.importorskip("material", reason="needs mkdocs-material, of the extra dev")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder


def test_every_page_is_built(built: Path) -> None:
    pages = {path.relative_to(REPOSITORY / "docs") for path in (REPOSITORY / "docs").rglob("*.md")}
    assert {page for page in pages if not (built / page.with_suffix(".html")).is_file()} == set()


def test_no_page_loads_anything_from_elsewhere(built: Path) -> None:
    loading = [
        f"{page.relative_to(built)}: {found[0]}"
        for page in built.rglob("*.html")
        if (found := _LOADED.search(page.read_text(encoding="utf-8")))
    ]
    assert loading == []
    styles = [*built.rglob("*.css")]
    assert styles
    assert [path.name for path in styles if re.search(r"url\(\"?https?:", path.read_text())] == []
