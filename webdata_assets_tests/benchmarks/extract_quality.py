"""How good the main content is, beside trafilatura, resiliparse and readability, on the same pages.

    python -m webdata_assets_tests.benchmarks.extract_quality --data DIR --json OUT

No page is scored by a model that has seen it: pages that the shipped weights were trained on are scored by
models trained anew without their site (five folds, some minutes), all others by the shipped weights.
"""

import gzip
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from webdata_assets.stages.extract.decode import decode
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.main_content.find import find_main_content
from webdata_assets.stages.extract.main_content.model import MANIFEST_FILE, ContentModel
from webdata_assets.stages.extract.main_content.training.fit import fit
from webdata_assets.stages.extract.main_content.training.pages import GoldPage, prepare, read_pages
from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.content_scores import ShingleScores, SnippetScores, word_f1

FOLDS = 5
OURS = ("ours balanced", "ours fast")
PEERS = ("trafilatura", "trafilatura precision", "resiliparse", "readability")


@dataclass(frozen=True)
class Scored:
    """One page's score by one extractor; `group` is the page type, or empty."""

    collection: str
    group: str
    score: float


def main() -> int:
    """Score every page of the folder; the exit code says whether ours is as good as is claimed."""
    arguments = parser("Main content: quality beside the peers.")
    arguments.add_argument("--limit", type=int, help="only that many pages of each set")
    options = arguments.parse_args()
    pages = _limited(_gold_pages(options.data), options.limit)
    if not pages:
        print(f"nothing to measure in {options.data}")
        return 0
    models = _models(pages, options.data)
    extractors = {**_ours(models), **_peers()}
    results = {name: _score(pages, extract) for name, extract in extractors.items()}
    tables = [
        (f"{title} ({count} pages)", rows) for title, count, rows in _tables(results)
    ]  # fmt: skip
    failures = _failures(results) if options.limit is None else []
    report({"scores": results, "failures": failures}, tables, options.json)
    for failure in failures:
        print(f"NOT MET: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _gold_pages(data: Path) -> Iterator[GoldPage]:
    yield from (page for page in read_pages(data) if page.collection != "htmldate_eval")
    told = data / "article_extraction_benchmark/ground-truth.json"
    for name, answer in (json.loads(told.read_text()) if told.is_file() else {}).items():
        body = gzip.decompress((told.parent / "html" / f"{name}.html.gz").read_bytes())
        digest = hashlib.sha256(body).hexdigest()[:16]
        yield GoldPage(
            "article_extraction_benchmark", answer.get("url") or f"http://{name}.example/", decode(body),
            digest, gold=answer["articleBody"],
        )  # fmt: skip


def _limited(pages: Iterator[GoldPage], limit: int | None) -> list[GoldPage]:
    taken: dict[str, int] = defaultdict(int)
    kept = []
    for page in pages:
        taken[page.collection] += 1
        if limit is None or taken[page.collection] <= limit:
            kept.append(page)
    return kept


def _models(pages: Sequence[GoldPage], data: Path) -> Callable[[GoldPage], ContentModel | None]:
    """Return which model may judge a page: None stands for the shipped weights, for pages unknown to them."""
    weights = files("webdata_assets.stages.extract.main_content") / "weights"
    trained_on = set(json.loads((weights / MANIFEST_FILE).read_text())["trained_on"])
    needed = sorted({fold_of(page.url, FOLDS) for page in pages if page.digest in trained_on})
    prepared = [ready for page in read_pages(data) if (ready := prepare(page))] if needed else []
    models = {}
    for fold in needed:
        print(f"training without fold {fold}", file=sys.stderr, flush=True)
        models[fold] = fit([each for each in prepared if fold_of(each.page.url, FOLDS) != fold]).open()
    return lambda page: models[fold_of(page.url, FOLDS)] if page.digest in trained_on else None


def _ours(
    models: Callable[[GoldPage], ContentModel | None],
) -> dict[str, Callable[[GoldPage], str]]:
    def balanced(page: GoldPage) -> str:
        found = find_main_content(_document(page), model=models(page))
        return found.text if found else ""

    def fast(page: GoldPage) -> str:
        found = find_main_content(_document(page), mode="fast")
        return found.text if found else ""

    return dict(zip(OURS, (balanced, fast), strict=True))


def _document(page: GoldPage) -> Document:
    return Document(page.url, page.html, tree=LexborHTMLParser(page.html))


def _peers() -> dict[str, Callable[[GoldPage], str]]:
    from readability import Document as Readable
    from resiliparse.extract.html2text import extract_plain_text
    from trafilatura import extract

    def readable(page: GoldPage) -> str:
        try:
            summary = Readable(page.html).summary()
        except Exception:  # noqa: BLE001 - a peer's failure is a page without text, not the end of the race
            return ""
        return LexborHTMLParser(summary).text(separator="\n")

    peers = (
        lambda page: extract(page.html, include_comments=False) or "",
        lambda page: extract(page.html, include_comments=False, favor_precision=True) or "",
        lambda page: extract_plain_text(page.html, main_content=True),
        readable,
    )
    return dict(zip(PEERS, peers, strict=True))


def _score(pages: Sequence[GoldPage], extract: Callable[[GoldPage], str]) -> dict[str, dict[str, float]]:
    """Return set, or set and page type → pages and score."""
    f1s: dict[str, list[float]] = defaultdict(list)
    snippets: dict[str, SnippetScores] = defaultdict(SnippetScores)
    shingles: dict[str, ShingleScores] = defaultdict(ShingleScores)
    for page in pages:
        text = extract(page)
        if page.gold is None:
            snippets[page.collection].add(text, page.wanted, page.unwanted)
        elif page.collection == "article_extraction_benchmark":
            shingles[page.collection].add(text, page.gold)
        else:
            score = word_f1(text, page.gold)
            f1s[page.collection].append(score)
            if page.page_type:
                f1s[f"{page.collection}: {page.page_type}"].append(score)
    scores = {name: {"pages": len(each), "f1": sum(each) / len(each)} for name, each in f1s.items()}
    scores |= {name: {"pages": each.pages, **each.result()} for name, each in snippets.items()}
    return scores | {name: {"pages": each.pages, **each.result()} for name, each in shingles.items()}


def _tables(
    results: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> Iterator[tuple[str, int, list[dict[str, object]]]]:
    first = next(iter(results.values()))
    for name in sorted(first):
        rows: list[dict[str, object]] = [
            {"extractor": extractor, **{key: value for key, value in scores[name].items() if key != "pages"}}
            for extractor, scores in results.items()
        ]
        yield name, int(first[name]["pages"]), rows


def _failures(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Return what is claimed and does not hold on these pages."""
    ours, reference = results[OURS[0]], results[PEERS[0]]
    failures = []
    for name, scores in ours.items():
        least = reference[name]["f1"] + (0.03 if name == "wcxb" else 0.0)
        if name.startswith("wcxb: ") and name != "wcxb: article":
            least = max(results[peer][name]["f1"] for peer in PEERS) - 0.01
        if scores["f1"] < least:
            failures.append(f"{name}: F1 {scores['f1']:.3f}, claimed at least {least:.3f}")
    return failures


if __name__ == "__main__":
    sys.exit(main())
