"""Every link within README and docs leads to a file, and to a heading of it."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.docs.pages import PAGES, anchors_of, links_of, prose_of


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_relative_link_and_anchor_resolves(page: Path) -> None:
    broken = []
    for line, link in links_of(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            broken.append(f"line {line}: {link}: there is no such file")
        elif anchor and anchor not in anchors_of(target):
            broken.append(f"line {line}: {link}: that page has no such heading")
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_file_of_the_code_that_is_named_exists(page: Path) -> None:
    named = re.findall(
        r"\b(webdata_assets(?:_tests)?/[\w/.-]*\w)", "\n".join(line for _, line in prose_of(page))
    )
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
