"""Pages with gold dates of publication, from the shared data.

What belongs here: reading the sets. What does not: any measurement (dates.py) or fitting (fit_dates.py).
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HTMLDATE_SETS = {"htmldate": "eval_default.json", "htmldate, mediacloud": "eval_mediacloud_2020.json"}


@dataclass(frozen=True)
class DatedPage:
    """A page.

    Attributes:
        dataset: the set that it is of.
        url: where it was found; made up where the set does not say.
        date: the day of publication as YYYY-MM-DD; empty where the page has none.
        body: its bytes.
    """

    dataset: str
    url: str
    date: str
    body: bytes


def dated_pages(data: Path) -> list[DatedPage]:
    """Return the pages of all sets that are there, whole or in part."""
    return [
        *_of_htmldate(data / "htmldate_eval"),
        *_of_wcxb(data / "wcxb"),
        *_of_mozilla(data / "mozilla_readability"),
    ]


def _of_htmldate(folder: Path) -> Iterator[DatedPage]:
    for name, file in _HTMLDATE_SETS.items():
        if not (folder / file).is_file():
            continue
        for url, page in json.loads((folder / file).read_text()).items():
            body = _read(folder / "html" / page["file"])
            if body is not None and page.get("date"):
                yield DatedPage(name, url, page["date"], body)


def _of_wcxb(folder: Path) -> Iterator[DatedPage]:
    for truth in sorted(folder.glob("*/ground-truth/*.json")):
        page = json.loads(truth.read_text())
        body = _read(truth.parent.parent / "html" / f"{truth.stem}.html")
        date = page["ground_truth"].get("publish_date") or ""
        if body is not None and len(date) in (0, 10):  # some have a month only
            yield DatedPage("wcxb", page["url"], date, body)


def _of_mozilla(folder: Path) -> Iterator[DatedPage]:
    for expected in sorted(folder.glob("*/expected-metadata.json")):
        body = _read(expected.parent / "source.html")
        date = json.loads(expected.read_text()).get("publishedTime") or ""
        if body is not None and date:
            yield DatedPage("mozilla_readability", f"http://fakehost/{expected.parent.name}", date[:10], body)


def _read(file: Path) -> bytes | None:
    """Return the bytes of a page, compressed or not; None where the page is not in this part of the set."""
    packed = file.with_name(file.name + ".gz")
    if packed.is_file():
        return gzip.decompress(packed.read_bytes())
    return file.read_bytes() if file.is_file() else None
