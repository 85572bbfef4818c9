"""Pages with gold metadata, one shape for all sets.

What belongs here: where a set keeps its pages and what its fields are called. What does not: any contender.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIELDS = ("title", "author", "language", "canonical_url", "site_name", "description", "image_url")
_MOZILLA = {
    "title": "title",
    "author": "byline",
    "language": "lang",
    "site_name": "siteName",
    "description": "excerpt",
}


@dataclass(frozen=True)
class GoldPage:
    """A page, the kind of source it would come from, and its gold fields; fields without gold are absent."""

    name: str
    url: str
    kind: str
    html: bytes
    gold: dict[str, str]


def recipes(data: Path) -> Iterator[GoldPage]:
    """Yield recipe_scrapers_sample: one recipe of each site."""
    for path in sorted((data / "recipe_scrapers_sample").glob("*/*.html.gz")):
        stated = json.loads((path.parent / path.name.replace(".html.gz", ".json")).read_text())
        gold = {name: stated.get({"image_url": "image"}.get(name, name)) for name in FIELDS}
        yield GoldPage(path.name, stated["canonical_url"], "item", _read(path), _stated(gold))


def readability(data: Path) -> Iterator[GoldPage]:
    """Yield mozilla_readability: articles, whose addresses are not kept."""
    for path in sorted((data / "mozilla_readability").glob("*/source.html.gz")):
        stated = json.loads((path.parent / "expected-metadata.json").read_text())
        gold = {name: stated.get(theirs) for name, theirs in _MOZILLA.items()}
        name = path.parent.name
        yield GoldPage(name, f"http://{name}.test/", "article", _read(path), _stated(gold))


def wcxb(data: Path) -> Iterator[GoldPage]:
    """Yield wcxb's parts: pages of all types, with title and author."""
    for path in sorted((data / "wcxb").glob("*/ground-truth/*.json")):
        page = path.parents[1] / "html" / f"{path.stem}.html.gz"
        if page.exists():
            stated = json.loads(path.read_text())
            gold = {name: stated["ground_truth"].get(name) for name in ("title", "author")}
            kind = "product" if stated["_internal"]["page_type"]["primary"] == "product" else "article"
            yield GoldPage(
                f"{path.parents[1].name}/{path.stem}", stated["url"], kind, _read(page), _stated(gold)
            )


SETS = {"recipes": recipes, "readability": readability, "wcxb": wcxb}


def _read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _stated(gold: dict[str, object]) -> dict[str, str]:
    return {name: value for name, value in gold.items() if isinstance(value, str) and value.strip()}
