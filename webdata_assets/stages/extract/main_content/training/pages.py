"""The pages to learn from, with the labels and weights of their blocks.

What belongs here: reading the data sets of the shared folder. What does not: fitting (fit.py).
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.stages.extract.decode import decode
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.main_content.blocks import read_blocks
from webdata_assets.stages.extract.main_content.features import Features, block_features
from webdata_assets.stages.extract.main_content.find import page_words
from webdata_assets.stages.extract.main_content.training.labels import (
    labels_of_extract,
    labels_of_snippets,
    labels_of_text,
    words_of,
)

_SET_WEIGHTS = {"wcxb": 1.0, "mozilla_readability": 0.7, "trafilatura_eval": 0.35, "htmldate_eval": 0.15}
"""How much a page of each set counts: full gold most, snippets less, other extractors' agreement least."""
_SNIPPET_WEIGHT = 0.05
_STATED_URL = re.compile(
    r"<(?:link|meta)[^>]*(?:canonical|og:url)[^>]*(?:href|content)=[\"'](https?://[^\"']+)"
)


@dataclass(frozen=True)
class GoldPage:
    """A page and what is known of its main content.

    Attributes:
        collection: the data set.
        html: the decoded page.
        digest: the first 16 hexadecimal digits of the SHA-256 of its bytes, by which a page is known again.
        gold: its main content; None where only snippets or nothing is known.
        page_type: as WCXB names it; None where unknown.
    """

    collection: str
    url: str
    html: str
    digest: str
    gold: str | None = None
    page_type: str | None = None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TrainingPage:
    """A page as numbers: features, and of each block its label (0 or 1) and weight."""

    page: GoldPage
    texts: list[str]
    features: Features
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]


def read_pages(data: Path) -> Iterator[GoldPage]:
    """Yield the pages of every known set in a folder laid out like the shared data, each page once."""
    seen = set()
    for read in (_wcxb, _trafilatura_eval, _mozilla_readability, _htmldate_eval):
        for page in read(data):
            if page.digest not in seen:  # some sets share pages; those with more gold come first
                seen.add(page.digest)
                yield page


def prepare(page: GoldPage) -> TrainingPage | None:
    """Return a page's features, labels and weights; None for a page without text.

    Blocks count by their share of the page's and of the gold text's words, half each, so that every page
    counts the same. Where there is no gold text, trafilatura's extract stands in with little weight, and on
    pages without snippets only where resiliparse agrees.
    """
    document = Document(page.url, page.html, tree=LexborHTMLParser(page.html))
    assert document.tree is not None
    blocks = read_blocks(document.tree)
    if not blocks.texts:
        return None
    features = block_features(blocks, page_words(document))
    words = np.array([max(len(words_of(text)), 0.5) for text in blocks.texts])
    sure = np.ones(len(words))
    extra = np.zeros(len(words))
    if page.gold is not None:
        labels = (labels_of_text(blocks.texts, page.gold) > 0.5).astype(float)
        size = max(len(words_of(page.gold)), 20)
    else:
        labels, sure = _silver(page, blocks.texts)
        size = max(int((words * labels).sum()), 50)
        told = labels_of_snippets(blocks.texts, page.wanted, page.unwanted)
        known = ~np.isnan(told)
        labels[known], sure[known], extra[known] = told[known], 1.0, _SNIPPET_WEIGHT
    shares = 0.5 * words / max(words.sum(), 20) + 0.5 * np.minimum(words / size, 1)
    weights = shares * sure * _SET_WEIGHTS[page.collection] + extra
    return TrainingPage(page, blocks.texts, features, labels, weights)


def _silver(page: GoldPage, texts: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from resiliparse.extract.html2text import extract_plain_text
    from trafilatura import extract

    careful = labels_of_extract(texts, extract(page.html, include_comments=False) or "")
    if page.wanted or page.unwanted:
        return careful, np.ones(len(texts))
    quick = labels_of_extract(texts, extract_plain_text(page.html, main_content=True))
    return careful, (careful == quick).astype(float)


def _wcxb(data: Path) -> Iterator[GoldPage]:
    for part in ("dev", "test"):
        for path in sorted((data / "wcxb" / part / "ground-truth").glob("*.json")):
            told = json.loads(path.read_text())
            stored = data / "wcxb" / part / "html" / f"{told['file_id']}.html.gz"
            if stored.is_file():
                truth = told["ground_truth"]
                yield _page(
                    "wcxb", told["url"], stored, gold=truth.get("main_content") or "",
                    page_type=told["_internal"]["page_type"]["primary"],
                )  # fmt: skip


def _trafilatura_eval(data: Path) -> Iterator[GoldPage]:
    told = data / "trafilatura_eval/evaldata.json"
    for url, answer in (json.loads(told.read_text()) if told.is_file() else {}).items():
        stored = data / "trafilatura_eval/html" / f"{answer['file']}.gz"
        if stored.is_file():
            yield _page(
                "trafilatura_eval", url, stored,
                wanted=tuple(answer.get("with", ())), unwanted=tuple(answer.get("without", ())),
            )  # fmt: skip


def _mozilla_readability(data: Path) -> Iterator[GoldPage]:
    for stored in sorted((data / "mozilla_readability").glob("*/source.html.gz")):
        expected = LexborHTMLParser(
            gzip.decompress((stored.parent / "expected.html.gz").read_bytes()).decode()
        )
        gold = "\n".join(read_blocks(expected).texts)
        page = _page("mozilla_readability", f"http://{stored.parent.name}.example/", stored, gold=gold)
        yield replace(page, url=_stated_url(page.html) or page.url)


def _htmldate_eval(data: Path) -> Iterator[GoldPage]:
    for told in sorted((data / "htmldate_eval").glob("eval_*.json")):
        for url, answer in json.loads(told.read_text()).items():
            stored = data / "htmldate_eval/html" / f"{answer['file']}.gz"
            if stored.is_file():
                yield _page("htmldate_eval", url, stored)


def _stated_url(html: str) -> str | None:
    """Return the address that a page of unknown origin says it has, so that its site is known."""
    match = _STATED_URL.search(html)
    return match[1] if match else None


def _page(collection: str, url: str, stored: Path, **known: object) -> GoldPage:
    body = gzip.decompress(stored.read_bytes())
    make: Callable[..., GoldPage] = GoldPage
    return make(collection, url, decode(body), hashlib.sha256(body).hexdigest()[:16], **known)
