"""Attributes of product pages, beside extruct and saved outputs: `python -m …benchmarks.products`.

What belongs here: the scores of one run. What does not: learning (product_prices.py), and pages
(product_pages.py).

Micro F1 per attribute as in Zyte's product extraction benchmark: a page has one predicted value and several
accepted ones; a wrong value where there is a right one is a false positive and a false negative; an empty
availability means InStock. The weights of the choice among shown prices are learnt without the page's site.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from webdata_assets.stages.extract.commerce import normalise_currency
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.products import PRODUCT_FIELDS, product_defaults
from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.contenders.extruct_products import extract_with_extruct
from webdata_assets_tests.benchmarks.product_pages import ProductPage, benchmark_folder, benchmark_pages
from webdata_assets_tests.benchmarks.product_prices import fit_without, priced_pages

ATTRIBUTES = ("price", "currency", "sku", "availability", "brand", "gtin")
_OUT_OF_STOCK = frozenset({"OutOfStock", "Discontinued"})
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "TWD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP", "$"})

Prediction = Mapping[str, object]


def predicted_by_us(pages: Sequence[ProductPage], data: Path) -> dict[str, Prediction]:
    """Return our values by page, with price weights that were learnt without the page's site."""
    priced = priced_pages(data)
    weights = {
        fold: fit_without(priced, fold) for fold in sorted({fold_of(page.document.url) for page in pages})
    }
    return {
        page.name: {
            name: found.value
            for name, found in product_defaults(page.document, weights[fold_of(page.document.url)]).items()
        }
        for page in pages
    }


def scores(pages: Sequence[ProductPage], predictions: Mapping[str, Prediction]) -> list[dict[str, object]]:
    """Return precision, recall and F1 of each attribute."""
    rows: list[dict[str, object]] = []
    for attribute in ATTRIBUTES:
        right = wrong = missed = 0
        for page in pages:
            accepted = page.gold.get(attribute, ())
            value = _comparable(attribute, predictions.get(page.name, {}).get(attribute))
            if value is not None and any(_same(attribute, value, each) for each in accepted):
                right += 1
            else:
                wrong += value is not None
                missed += bool(accepted)
        precision = right / (right + wrong) if right + wrong else 1.0
        recall = right / (right + missed) if right + missed else 1.0
        f1 = 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 1.0
        rows.append({"attribute": attribute, "P": precision, "R": recall, "F1": f1, "pages": right + missed})
    return rows


def _comparable(attribute: str, value: object) -> str | None:
    if attribute == "availability":
        return "OutOfStock" if value in _OUT_OF_STOCK else "InStock"
    return None if value in (None, "") else str(value).strip()


def _same(attribute: str, value: str, accepted: str) -> bool:
    match attribute:
        case "price":
            try:
                return Decimal(value) == Decimal(accepted.strip())
            except InvalidOperation:
                return False
        case "currency":
            sign = accepted.strip("~. ")
            code = normalise_currency(value)
            return code == normalise_currency(sign) or (sign == "$" and code in _DOLLARS)
        case "brand":
            return value.casefold() == accepted.casefold()
        case "gtin":
            return value.lstrip("0") == accepted.lstrip("0")
        case _:
            return value == accepted


def _timed(
    name: str, pages: Sequence[ProductPage], work: Callable[[ProductPage], object]
) -> dict[str, object]:
    began = time.process_time()
    for page in pages:
        work(page)
    seconds = time.process_time() - began
    return {"system": name, "ms/page": 1_000 * seconds / len(pages), "pages/CPU-s": len(pages) / seconds}


def _from_bytes(page: ProductPage) -> object:
    return product_defaults(parse_document(page.document.url, page.body, "text/html", "html"))


def _saved(folder: Path) -> dict[str, dict[str, Prediction]]:
    """Return the outputs that other systems' makers saved beside the gold answers."""
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted((folder / "baseline_output").glob("*.json"))
    }


def main(arguments: argparse.Namespace) -> None:
    """Print and write the scores of all systems."""
    pages = list(benchmark_pages(arguments.data))
    if not pages:
        report({}, [("products", [])], arguments.json)
        return
    ours = predicted_by_us(pages, arguments.data)
    systems: dict[str, Mapping[str, Prediction]] = {
        "webdata": ours,
        "extruct": {page.name: extract_with_extruct(page.body, page.document.url) for page in pages},
        **_saved(benchmark_folder(arguments.data)),
    }
    quality = [{"system": name, **row} for name, found in systems.items() for row in scores(pages, found)]
    by_fold = []
    for fold in sorted({fold_of(page.document.url) for page in pages}):
        held_out = [page for page in pages if fold_of(page.document.url) == fold]
        f1 = {str(row["attribute"]): row["F1"] for row in scores(held_out, ours)}
        by_fold.append({"fold": fold, "pages": len(held_out), **f1})
    speed = [
        _timed("webdata", pages, _from_bytes),
        _timed("webdata, of a parsed page", pages, lambda page: product_defaults(page.document)),
        _timed("extruct", pages, lambda page: extract_with_extruct(page.body, page.document.url)),
    ]
    found = {name: sum(name in values for values in ours.values()) for name in PRODUCT_FIELDS}
    report(
        {"quality": quality, "by_fold": by_fold, "speed": speed, "found": found},
        [("attributes, micro", quality), ("webdata by fold of sites, F1", by_fold), ("speed", speed)],
        arguments.json,
    )


if __name__ == "__main__":
    main(parser(__doc__ or "").parse_args())
