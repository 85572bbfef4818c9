"""Paths in source files are relative to the file's folder, wherever the command is called from."""

from pathlib import Path

import pytest

from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import load_sources, read_source

HEAD = "name: stored\ndescription: A test\nstart: 2026-06-01\nextract:\n  kind: document\n"
WARC = HEAD + "fetch:\n  via: warc\n  discover:\n    - by: warc\n      path: {path}\n"
FILES = HEAD + (
    "fetch:\n  via: files\n  discover:\n    - by: files\n      path: {path}\n      base_url: https://a.test/\n"
)
SCRAPY = HEAD + (
    "fetch:\n  via: {via}\n  discover:\n    - by: job\n      start: [https://a.test/]\n      name: {path}\n"
)


def rule_of(source: Source) -> object:
    [rule] = source.fetch.discover
    return rule


def loaded(folder: Path, content: str) -> Source:
    (folder / "stored.yaml").write_text(content)
    return load_sources(folder).get("stored")


@pytest.mark.parametrize("template", [WARC, FILES], ids=["warc", "files"])
def test_a_relative_path_is_below_the_source_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    monkeypatch.chdir("/")
    rule = rule_of(loaded(tmp_path, template.format(path="../archives/a")))
    assert rule.path == f"{tmp_path}/../archives/a"  # type: ignore[attr-defined]


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert rule_of(loaded(tmp_path, WARC.format(path="/archives"))).path == "/archives"  # type: ignore[attr-defined]


def test_a_folder_of_sources_given_relatively_makes_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "stored.yaml").write_text(WARC.format(path="a.warc"))
    monkeypatch.chdir(tmp_path)
    for source in (load_sources(Path("sources")).get("stored"), read_source(Path("sources/stored.yaml"))):
        assert rule_of(source).path == f"{tmp_path}/sources/a.warc"  # type: ignore[attr-defined]


def test_the_paths_of_a_patch_are_those_of_the_file_it_replaces(tmp_path: Path) -> None:
    sources, patches = tmp_path / "sources", tmp_path / "patches"
    sources.mkdir()
    patches.mkdir()
    (sources / "stored.yaml").write_text(WARC.format(path="old.warc"))
    (patches / "stored.yaml").write_text(WARC.format(path="new.warc"))
    rule = rule_of(load_sources(sources, patches=patches).get("stored"))
    assert rule.path == f"{sources}/new.warc"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("via", "name", "expected"),
    [
        ("scrapy", "projects/shop:quotes", "{folder}/projects/shop:quotes"),
        ("scrapy", "spider.py", "{folder}/spider.py"),
        ("scrapy", "/opt/shop:quotes", "/opt/shop:quotes"),
        ("scrapy_cloud", "123/quotes", "123/quotes"),
        ("apify", "user~actor", "user~actor"),
    ],
)
def test_of_jobs_only_scrapys_own_are_paths(tmp_path: Path, via: str, name: str, expected: str) -> None:
    rule = rule_of(loaded(tmp_path, SCRAPY.format(via=via, path=f'"{name}"')))
    assert rule.name == expected.format(folder=tmp_path)  # type: ignore[attr-defined]


def test_what_lies_at_a_path_is_not_asked_when_a_source_is_loaded(tmp_path: Path) -> None:
    assert loaded(tmp_path, WARC.format(path="no/such/archive")).name == "stored"
