"""Learning which of the amounts on a product page is its price: `python -m …benchmarks.product_prices`.

What belongs here: pages with a known price, the fit, the file of weights. What does not: evidence
(stages/extract/products), and judging whole extractions (products.py).

Prices are known of pages with gold answers, and of product pages that state one in JSON-LD or microdata,
which the choice among shown amounts never reads.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from webdata_assets.stages.extract import products
from webdata_assets.stages.extract.products.prices import PriceWeights, weighed_amounts
from webdata_assets.stages.extract.products.stated import stated
from webdata_assets.stages.extract.products.texts import PageTexts
from webdata_assets.stages.extract.values import ConversionError, as_decimal
from webdata_assets_tests.benchmarks.arguments import fold_of, parser
from webdata_assets_tests.benchmarks.product_pages import ProductPage, benchmark_pages, wcxb_product_pages

_INVERSE_REGULARISATION = 0.3
_FOLDS = 5
_COST_OF_A_RIGHT_ONE = 1.35


@dataclass(frozen=True)
class PricedPage:
    """The evidence for each amount that a page shows, and whether it is the price."""

    url: str
    evidence: tuple[frozenset[str], ...]
    is_price: tuple[bool, ...]


def priced_pages(data: Path) -> list[PricedPage]:
    """Return all pages whose price, or its absence, is known."""
    pages = [_priced(page, {Decimal(price.strip()) for price in page.gold.get("price", ())})
             for page in benchmark_pages(data)]  # fmt: skip
    return pages + [
        _priced(page, {price}) for page in wcxb_product_pages(data) for price in _stated_price(page)
    ]


def fit(pages: Sequence[PricedPage]) -> PriceWeights:
    """Learn weights by logistic regression; every page counts alike, whatever the number of its amounts."""
    from sklearn.linear_model import LogisticRegression

    names = sorted({name for page in pages for evidence in page.evidence for name in evidence})
    rows = [[name in evidence for name in names] for page in pages for evidence in page.evidence]
    labels = [label for page in pages for label in page.is_price]
    model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=2_000)
    model.fit(np.array(rows, float), np.array(labels), sample_weight=list(_sample_weights(pages)))
    weights = {name: round(float(weight), 3) for name, weight in zip(names, model.coef_[0], strict=True)}
    return PriceWeights(weights, _least(PriceWeights(weights, 0.0), pages))


def fit_without(pages: Sequence[PricedPage], fold: int) -> PriceWeights:
    """Learn from the pages of all sites but those of one fold."""
    return fit([page for page in pages if fold_of(page.url, _FOLDS) != fold])


def _sample_weights(pages: Sequence[PricedPage]) -> Iterator[float]:
    for page in pages:
        right = sum(page.is_price)
        wrong = len(page.is_price) - right
        for label in page.is_price:
            yield 1 / right if label else wrong**-0.5


def _least(weights: PriceWeights, pages: Sequence[PricedPage]) -> float:
    """Return the score under which a page's best amount is not worth taking.

    At an F1 near .85 giving up a right answer costs 1.35 times what leaving out a wrong one gains.
    """
    best = []
    for page in pages:
        scored = [
            (weights.score(each), right) for each, right in zip(page.evidence, page.is_price, strict=True)
        ]
        if scored:
            best.append(max(scored, key=lambda entry: entry[0]))
    best.sort(key=lambda entry: entry[0])
    gains = np.cumsum([0.0] + [-_COST_OF_A_RIGHT_ONE if right else 1.0 for _, right in best])
    at = int(np.argmax(gains))
    return round(best[at][0], 3) if at < len(best) else 0.0


def _priced(page: ProductPage, prices: set[Decimal]) -> PricedPage:
    assert page.document.tree is not None
    weighed = weighed_amounts(PageTexts(page.document.tree))
    is_price = tuple(_amount(amount.digits) in prices for amount, _ in weighed)
    return PricedPage(page.document.url, tuple(evidence for _, evidence in weighed), is_price)


def _amount(digits: str) -> Decimal | None:
    try:
        return as_decimal(digits)
    except ConversionError:
        return None


def _stated_price(page: ProductPage) -> Iterator[Decimal]:
    raw = next((each.raw for each in stated(page.document) if each.field == "price"), None)
    if raw is not None and (price := _amount(str(raw))):
        yield price


def main(arguments: argparse.Namespace) -> None:
    """Learn from all pages and write the weights that ship."""
    pages = priced_pages(arguments.data)
    learnt = fit(pages)
    target = arguments.json or Path(products.__file__).with_name("price_weights.json")
    ordered = dict(sorted(learnt.weights.items(), key=lambda entry: -entry[1]))
    target.write_text(json.dumps({"least": learnt.least, "weights": ordered}, indent=1) + "\n")
    print(f"{len(pages)} pages, {len(ordered)} weights → {target}")


if __name__ == "__main__":
    main(parser(__doc__ or "").parse_args())
