"""Real pages that lie on this machine: saved ones beside the repository, and Debian's documentation.

What belongs here: where they are, and their bytes. What does not: what is expected of them.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "../shared/data"
PYTHON_DOCS = Path("/usr/share/doc/python3.11/html")
_FOLDERS = (
    "wcxb", "trafilatura_eval", "htmldate_eval", "mozilla_readability", "product_extraction_benchmark",
    "recipe_scrapers_sample", "extruct_samples",
)  # fmt: skip


def data_folder(name: str) -> Path:
    """Return a folder of saved data, or skip the test where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: saved data are not part of the repository")
    return folder


def python_docs() -> list[Path]:
    """Return the pages of Python's documentation, or skip the test where it is not installed."""
    files = sorted(PYTHON_DOCS.rglob("*.html"))
    if not files:
        pytest.skip(f"{PYTHON_DOCS} is absent: install the package python3.11-doc")
    return files


def saved_pages(*, every: int = 1) -> Iterator[tuple[str, bytes, str]]:
    """Yield name, body and URL of each saved HTML page, or of every so manieth of each folder."""
    for folder in map(data_folder, _FOLDERS):
        for file in sorted(path for path in folder.rglob("*.htm*") if path.is_file())[::every]:
            body = file.read_bytes()
            name = f"{folder.name}/{file.relative_to(folder)}"
            yield name, gzip.decompress(body) if file.suffix == ".gz" else body, _url_of(file)


def _url_of(file: Path) -> str:
    truth = file.parents[1] / "ground-truth" / f"{file.name.partition('.')[0]}.json"
    url: str = json.loads(truth.read_text())["url"] if truth.is_file() else "https://site.test/saved/page"
    return url
