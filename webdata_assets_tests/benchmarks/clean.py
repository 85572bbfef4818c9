"""Cleaning beside datatrove: quality filters and language, then the whole way from HTML to unique documents.

What belongs here: pages, timing, and the tables. What does not: datatrove's steps (datatrove_pipeline.py).
Each side runs in one process on the same pages; CPU time counts all of its threads.
F1 says something only of pages that the weights in use were not learnt on.

`python -m webdata_assets_tests.benchmarks.clean --data DIR --json OUT`
"""

import datetime as dt
import gzip
import importlib.util
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from blake3 import blake3

from webdata_assets.sources.clean import Quality
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.clean.language import detect_languages
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.clean.quality.rules import quality_flags
from webdata_assets.stages.extract.decode import decode
from webdata_assets.stages.extract.extractor import Payload, extract_pages
from webdata_assets_tests.benchmarks.arguments import parser, report

DATE = dt.date(2026, 1, 1)
SETS = ("wcxb/dev", "wcxb/test", "trafilatura_eval")
QUALITY_RULES = ("gopher_quality", "gopher_repetition", "c4", "fineweb")


Result = TypeVar("Result")


@dataclass(frozen=True)
class Page:
    """A page, and its main content where someone has written it down."""

    url: str
    body: bytes
    gold: str | None


def read_pages(data: Path, limit: int) -> list[Page]:
    """Return at most so many pages of the sets that are there, evenly chosen."""
    found = []
    for name in SETS:
        for path in sorted((data / name / "html").glob("*.gz")):
            truth = data / name / "ground-truth" / f"{path.name.split('.')[0]}.json"
            found.append((path, truth if truth.is_file() else None))
    chosen = found[:: max(1, -(-len(found) // limit))]
    pages = []
    for path, truth in chosen:
        known = json.loads(truth.read_text()) if truth else {}
        gold = known.get("ground_truth", {}).get("main_content")
        url = known.get("url") or f"https://{path.name.removesuffix('.html.gz')}/"
        pages.append(Page(url, gzip.decompress(path.read_bytes()), gold))
    return pages


def word_f1(text: str, gold: str) -> float:
    """Return F1 over bags of words."""
    words, true = (Counter(re.findall(r"\w+", side.lower())) for side in (text, gold))
    shared = (words & true).total()
    return 2 * shared / max(1, words.total() + true.total())


def has_peer() -> bool:
    """Whether datatrove and the tokenizer that it splits English words with are installed."""
    return all(importlib.util.find_spec(name) for name in ("datatrove", "spacy"))


def cpu_seconds(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the CPU time of all threads, and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def filters_table(texts: list[str]) -> list[dict[str, object]]:
    """Judge the same texts by every rule, and by language; nobody stops at the first broken rule.

    datatrove's language filter reads whole texts, ours their beginning: each is measured as it is.
    """
    column, english = pl.Series(texts), pl.Series(["en"] * len(texts))
    contenders: list[tuple[str, str, Callable[[pl.Series], int]]] = [
        ("quality", "webdata_assets", lambda texts: _unflagged(texts, english[: len(texts)])),
        (
            "language",
            "webdata_assets",
            lambda texts: int((detect_languages(texts)["detected_language"] == "en").sum()),
        ),
    ]
    if has_peer():
        from webdata_assets_tests.benchmarks import datatrove_pipeline as peer

        filters, language = peer.quality_filters(), peer.LanguageOfText("en")
        contenders.append(("quality", "datatrove", lambda texts: peer.judge(texts, filters)))
        contenders.append(("language", "datatrove", lambda texts: peer.judge(texts, [language])))
    rows: list[dict[str, object]] = []
    for stage, name, work in contenders:
        work(column[:5])  # imports and models
        seconds, kept = cpu_seconds(lambda work=work: work(column))
        rows.append(
            {
                "stage": stage,
                "contender": name,
                "documents": len(texts),
                "documents per CPU-second": round(len(texts) / seconds, 1),
                "MB per CPU-second": round(sum(map(len, texts)) / seconds / 1e6, 2),
                "kept": kept,
            }
        )
    return rows


def _unflagged(texts: pl.Series, languages: pl.Series) -> int:
    return int((quality_flags(texts, languages, Quality()).list.len() == 0).sum())


def whole_table(pages: list[Page]) -> list[dict[str, object]]:
    """Take the same pages from raw bytes to clean, filtered, deduplicated English documents."""
    rows = []
    for mode in ("fast", "balanced"):
        source = _source(mode)
        _ours(source, pages[:3])
        seconds, (texts, kept) = cpu_seconds(lambda source=source: _ours(source, pages))
        rows.append(_row(f"webdata_assets {mode}", pages, texts, kept, seconds))
    if has_peer():
        _theirs(pages[:3])
        seconds, (texts, kept) = cpu_seconds(lambda: _theirs(pages))
        rows.append(_row("datatrove", pages, texts, kept, seconds))
    return rows


def _ours(source: Source, pages: list[Page]) -> tuple[list[str], int]:
    payloads = [
        Payload(page.url, page.url, "text/html", page.body, blake3(page.body).hexdigest(), DATE)
        for page in pages
    ]
    extraction = extract_pages(source, payloads)
    cleaned = clean(source, DATE, extraction)
    texts = {candidate.url: str(candidate.values.get("text", "")) for candidate in extraction.candidates}
    return [texts.get(page.url, "") for page in pages], cleaned.records.height


def _theirs(pages: list[Page]) -> tuple[list[str], int]:
    from datatrove.data import Document
    from datatrove.pipeline.extractors import Trafilatura

    from webdata_assets_tests.benchmarks import datatrove_pipeline as peer

    extractor = Trafilatura(favour_precision=True)
    texts = [extractor.extract(decode(page.body)) or "" for page in pages]
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts) if text]
    kept = peer.filtered(documents, [peer.LanguageOfText("en"), *peer.quality_filters()])
    return texts, len(peer.deduplicated(list(kept)))


def _row(name: str, pages: list[Page], texts: list[str], kept: int, seconds: float) -> dict[str, object]:
    scores = [word_f1(text, page.gold) for text, page in zip(texts, pages, strict=True) if page.gold]
    return {
        "contender": name,
        "pages": len(pages),
        "pages per CPU-second": round(len(pages) / seconds, 2),
        "documents kept": kept,
        "word F1 of the extracted text": sum(scores) / len(scores) if scores else None,
        "pages with gold": len(scores),
    }


def _source(mode: str) -> Source:
    return Source.model_validate(
        {
            "name": "benchmark",
            "description": "Pages of a benchmark",
            "start": DATE.isoformat(),
            "fetch": {"discover": [{"by": "urls", "start": ["https://example.org/"]}]},
            "extract": {"kind": "document", "content": mode},
            "clean": {
                "languages": {"keep": ["en"], "min_confidence": 0.65},
                "quality": {"action": "drop", "rules": list(QUALITY_RULES)},
                "duplicates": {"action": "drop"},
                "pii": "keep",
                "injection": "keep",
            },
            "expect": {"required": ["text"]},
        }
    )


def main() -> None:
    """Measure, print, write."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--pages", type=int, default=400, help="pages at most (default: %(default)s)")
    given = arguments.parse_args()
    pages = read_pages(given.data, given.pages)
    texts = [text for page in pages if (text := clean_body(page.gold or ""))]
    filters = filters_table(texts) if texts else []
    whole = whole_table(pages) if pages else []
    if not has_peer():
        print("datatrove or spaCy is not installed: only our own figures (extra `benchmark`)")
    report(
        {"filters": filters, "whole": whole},
        [("Filters on gold texts", filters), ("Raw HTML to unique documents", whole)],
        given.json,
    )


if __name__ == "__main__":
    main()
