"""The YAML of a new source."""

import datetime as dt
import re
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.sources.registry import load_sources
from webdata_assets.sources.template import new_source_yaml

START = dt.date(2026, 6, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/blog/index.html",
        "http://example.com:8080/a/b/",
        "https://example.com/search/?q=a&b=[1]#x",
        'https://example.com/"quoted"/{braces}/',
        "https://münchen.example/straße/",
    ],
)
def test_a_new_source_is_valid(tmp_path: Path, url: str) -> None:
    (tmp_path / "mine.yaml").write_text(new_source_yaml("mine", url, START), encoding="utf-8")
    source = load_sources(tmp_path).get("mine")
    assert source.start == START
    assert source.fetch.discover[0].start == (url,)


def test_only_links_below_the_folder_of_the_url_are_followed(tmp_path: Path) -> None:
    (tmp_path / "docs.yaml").write_text(new_source_yaml("docs", "https://example.com/docs/index.html", START))
    (allow,) = load_sources(tmp_path).get("docs").fetch.discover[0].allow
    assert re.search(allow, "https://example.com/docs/install/")
    assert not re.search(allow, "https://example.com/blog/")
    assert not re.search(allow, "https://example-com/docs/")


def test_a_name_that_looks_like_a_number_or_a_bool_stays_text(tmp_path: Path) -> None:
    for name in ("2026", "no"):
        (tmp_path / f"{name}.yaml").write_text(new_source_yaml(name, "https://example.com/", START))
    assert list(load_sources(tmp_path).all) == ["2026", "no"]


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "it's", "a\n", "a" * 65])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="is no source name: use lower-case letters"):
        new_source_yaml(name, "https://example.com/", START)


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://example.com/", "https:///x", "https://a.b/\nenabled: 1"]
)
def test_a_bad_url_is_refused(url: str) -> None:
    with pytest.raises(PermanentError, match="absolute http or https URL"):
        new_source_yaml("mine", url, START)
