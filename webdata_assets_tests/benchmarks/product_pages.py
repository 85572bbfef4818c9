"""Product pages with gold answers, read for the benchmarks.

What belongs here: the two data sets. What does not: judging (products.py) and learning (product_prices.py).
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import PermanentError
from webdata_assets.stages.extract.document import Document, parse_document


@dataclass(frozen=True)
class ProductPage:
    """A page, as it came and parsed, with the accepted values of each attribute."""

    name: str
    body: bytes
    document: Document
    gold: Mapping[str, Sequence[str]]


def benchmark_folder(data: Path) -> Path:
    """Return where the product extraction benchmark lies in a data folder."""
    return data / "product_extraction_benchmark"


def benchmark_pages(data: Path) -> Iterator[ProductPage]:
    """Yield the benchmark's pages; none where it is absent."""
    folder = benchmark_folder(data)
    truth = folder / "ground-truth.json"
    if not truth.is_file():
        return
    for name, gold in sorted(json.loads(truth.read_text()).items()):
        path = folder / "html" / f"{name}.html.gz"
        if path.is_file():
            body = gzip.decompress(path.read_bytes())
            yield ProductPage(name, body, parse_document(gold["url"], body, "text/html", "html"), gold)


def wcxb_product_pages(data: Path) -> Iterator[ProductPage]:
    """Yield WCXB's product pages, which have no gold prices; none where it is absent."""
    for truth in sorted((data / "wcxb").glob("*/ground-truth/*.json")):
        answer = json.loads(truth.read_text())
        path = truth.parents[1] / "html" / f"{truth.stem}.html.gz"
        if answer["_internal"]["page_type"]["primary"] != "product" or not path.is_file():
            continue
        body = gzip.decompress(path.read_bytes())
        try:
            document = parse_document(answer["url"], body, "text/html", "html")
        except PermanentError:
            continue
        yield ProductPage(truth.stem, body, document, {})
