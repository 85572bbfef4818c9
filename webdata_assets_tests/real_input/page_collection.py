"""Saved pages of many sites, served as one site: a list page, and each page under its own name.

What belongs here: unpacking, the list page, and the source file that reads it. What does not: gold answers.
"""

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "../shared/data"
DATE = "2026-06-01"


def data_folder(name: str) -> Path:
    """Return a folder of real pages, or skip the test where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: real pages are not part of the repository")
    return folder


def unpack(pages: Iterable[Path], folder: Path) -> list[str]:
    """Write pages, gzipped or not, to `folder/pages` and a list of links to `folder`; return their names."""
    (folder / "pages").mkdir(parents=True)
    names = []
    for page in pages:
        names.append(f"{page.name.partition('.')[0]}.html")
        body = page.read_bytes()
        (folder / "pages" / names[-1]).write_bytes(gzip.decompress(body) if page.suffix == ".gz" else body)
    links = "".join(f'<li><a href="/pages/{name}">{name}</a>' for name in names)
    (folder / "index.html").write_text(f"<!doctype html><title>Pages</title><ul>{links}</ul>")
    return names


def url_of(host: str, name: str) -> str:
    return f"http://{host}/pages/{name}"


def source_of(host: str, extract: Mapping[str, object], expect: Mapping[str, object]) -> dict[str, object]:
    """Return the values of a source file that reads such a site."""
    return {
        "name": "saved_pages",
        "description": "Saved pages of many sites",
        "start": DATE,
        "allow_private": True,
        "fetch": {
            "discover": [{"by": "listing", "start": [f"http://{host}/"], "items": "li a"}],
            "requests_per_second": 1000,
            "concurrency": 8,
        },
        "extract": dict(extract),
        "expect": {"fetched": 1, **expect},
    }
