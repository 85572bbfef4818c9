"""Fit the weights by which the date of publication is told from the other dates that a page shows.

`python -m webdata_assets_tests.benchmarks.fit_dates`, with `--write` to replace the weights that ship. Learnt
from pages with gold dates, and from pages whose markup states the date: there the task is to find it among
the dates in sight. The accuracy printed is that of weights fitted on other sites.

What belongs here: examples, the fit, its cross-validation. What does not: the use of weights (weights.py).
"""

import datetime as dt
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from webdata_assets.errors import PermanentError
from webdata_assets.stages.extract import dating
from webdata_assets.stages.extract.dating.claims import day_of_url, published_claims
from webdata_assets.stages.extract.dating.reader import Sighting
from webdata_assets.stages.extract.dating.sight import sightings
from webdata_assets.stages.extract.dating.weights import ANY_DATE, WEIGHTS_FILE, most_likely
from webdata_assets.stages.extract.document import Document, parse_document
from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.dated_pages import dated_pages

_SETS_WITHOUT_GOLD = ("trafilatura_eval", "recipe_scrapers_sample")
_LATEST = dt.date(2026, 12, 31)
_MIN_PAGES = 8
"""A sign on fewer pages gets no weight."""
_RIDGE = 4.0
_IMPORTANCE = {"gold": 1.0, "gold of htmldate": 2.0, "stated": 0.7}
_FOLDS = 5


@dataclass(frozen=True)
class Example:
    """A page's dates in sight, which of them is right (none where the page has none), and how it is known."""

    kind: str
    fold: int
    found: list[Sighting]
    right: NDArray[np.bool_]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the cross-validated accuracy by kind of example; with `--write`, replace the weights."""
    command = parser("Fit the weights of signs of the date of publication")
    command.add_argument("--write", action="store_true", help="replace the weights that ship")
    given = command.parse_args(arguments)
    examples = list(_examples(given.data))
    hits: Counter[str] = Counter()
    for fold in range(_FOLDS):
        weights = fitted([example for example in examples if example.fold != fold])
        for example in examples:
            if example.fold == fold and example.right.any():
                hits[example.kind] += _is_right(example, weights)
    pages = Counter(example.kind for example in examples if example.right.any())
    rows = [
        {"examples": kind, "pages": n, "accuracy on other sites": hits[kind] / n} for kind, n in pages.items()
    ]
    report({"examples": rows}, [("Dates in sight", rows)], given.json)
    if given.write:
        weights = {sign: round(weight, 2) for sign, weight in sorted(fitted(examples).items())}
        target = Path(next(iter(dating.__path__))) / WEIGHTS_FILE
        target.write_text(json.dumps(weights, indent=1, ensure_ascii=False) + "\n")
    return 0


def fitted(examples: Sequence[Example]) -> dict[str, float]:
    """Return the weights that make the right dates likeliest, with a ridge penalty."""
    pages = Counter(
        sign for example in examples for sign in set().union(*(seen.signs for seen in example.found))
    )
    signs = sorted(sign for sign, n in pages.items() if n >= _MIN_PAGES and not sign.endswith(":None"))
    column = {sign: at for at, sign in enumerate(signs, start=1)}
    rows = [seen.signs for example in examples for seen in example.found]
    features = np.zeros((len(rows), len(signs) + 1))
    features[:, 0] = 1
    for at, row in enumerate(rows):
        features[at, [column[sign] for sign in row if sign in column]] = 1
    ends = np.cumsum([0, *(len(example.found) for example in examples)])
    ridge = np.full(len(signs) + 1, _RIDGE)
    ridge[0] = 0.01

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = features @ weights
        total, slopes = 0.0, np.zeros(len(scores))
        for example, start, end in zip(examples, ends, ends[1:], strict=False):
            odds = np.exp(scores[start:end])
            chances = odds / (1 + odds.sum())
            known = chances * example.right
            hit = known.sum() if example.right.any() else 1 / (1 + odds.sum())
            importance = _IMPORTANCE[example.kind]
            total -= importance * float(np.log(hit))
            slopes[start:end] = importance * (chances - (known / hit if example.right.any() else 0))
        return total + float(ridge @ weights**2) / 2, features.T @ slopes + ridge * weights

    result = minimize(loss, np.zeros(len(signs) + 1), jac=True, method="L-BFGS-B")
    return dict(zip([ANY_DATE, *signs], result.x.tolist(), strict=True))


def _examples(data: Path) -> Iterator[Example]:
    seen: set[bytes] = set()
    for url, body, gold, kind in _pages(data):
        if body in seen:
            continue
        seen.add(body)
        try:
            document = parse_document(url, body, "text/html", "html")
        except PermanentError:
            continue
        claims = published_claims(document, "article")
        stated = day_of_url(document) or (claims[0].written.date() if claims else None)
        right = stated.isoformat() if stated and kind != "gold of htmldate" else gold
        found = sightings(document, _LATEST)
        is_right = np.array([sighting.date.isoformat() == right for sighting in found], dtype=np.bool_)
        # a page that shows none of the dates it states teaches nothing, one without any date does
        if found and (is_right.any() or (stated is None and gold is not None)):
            yield Example("stated" if stated else kind, fold_of(_address(document), _FOLDS), found, is_right)


def _pages(data: Path) -> Iterator[tuple[str, bytes, str | None, str]]:
    for page in dated_pages(data):
        is_theirs = page.dataset.startswith("htmldate")
        yield page.url, page.body, page.date, "gold of htmldate" if is_theirs else "gold"
    for name in _SETS_WITHOUT_GOLD:
        for file in sorted((data / name).rglob("*.html.gz")):
            yield "", gzip.decompress(file.read_bytes()), None, "stated"


def _address(document: Document) -> str:
    return document.url or document.structured.meta_value("og:url") or document.text[:2_000]


def _is_right(example: Example, weights: dict[str, float]) -> bool:
    likely = most_likely(example.found, weights)
    return likely is not None and bool(example.right[example.found.index(likely.sighting)])


if __name__ == "__main__":
    sys.exit(main())
