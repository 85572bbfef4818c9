"""Every block is run or checked by a test, or says why it is not."""

from webdata_assets_tests.docs.pages import PAGES, blocks_of

CHECKED = {"console", "html", "ini", "json", "nginx", "pycon", "python", "toml", "yaml"}
"""Languages of which a test of this folder runs or reads every block."""
SHOWN = {"mermaid", "text"}
"""Pictures, and what programs answer."""
MOST_NOT_RUN = 12
"""Raise it only for what cannot be run, never for what is not run yet."""


def test_every_language_has_a_test() -> None:
    unknown = [
        f"{block}: {block.language or 'no language'}"
        for page in PAGES
        for block in blocks_of(page)
        if block.language not in CHECKED | SHOWN
    ]
    assert unknown == []


def test_what_is_not_run_says_why_and_stays_rare(record_property) -> None:
    not_run = [
        f"{block}: {block.not_run}"
        for page in PAGES
        for block in blocks_of(page)
        if block.not_run is not None
    ]
    record_property("not run", "\n".join(not_run))
    assert all(len(line.rpartition(": ")[2]) > 10 for line in not_run)
    assert len(not_run) <= MOST_NOT_RUN, not_run


def test_a_marker_stands_before_a_block() -> None:
    marked = sum(block.not_run is not None for page in PAGES for block in blocks_of(page))
    written = sum(page.read_text(encoding="utf-8").count("<!-- not run: ") for page in PAGES)
    assert marked == written, "a `not run` comment stands alone"
