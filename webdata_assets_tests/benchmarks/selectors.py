"""Proposed selectors, on shops whose layout changed: right ones found, wrong ones proposed.

    python -m webdata_assets_tests.benchmarks.selectors [--half report|dev|all] [--seeds N]

What belongs here: known values, proposals, and their scores. What does not: making the shops
(changed_layouts.py).

The constants of stages/extract/induction were chosen on the shops of the dev half only (even hash of the
page's name); figures are of the other half. Each shop has `PAGES` pages with known values, one in ten with
another price since. `UNSEEN` further pages with other products judge a proposal: it is right if it gives
the true value on at least 95 % of them. A field counts if an element, attribute or JSON value of the new
layout still holds its value whole, as a look by this file's own rules tells.
"""

import argparse
import datetime as dt
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from blake3 import blake3
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.sources.model import Source
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.induction.induce import induce
from webdata_assets.stages.extract.induction.lost import Known
from webdata_assets.stages.extract.induction.trying import rule_of
from webdata_assets.stages.extract.induction.values import comparable, value_at
from webdata_assets.stages.extract.selectors import Item
from webdata_assets.stages.extract.workers.tasks import Task, prepare
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.changed_layouts import FIELDS, Shop, changed_shop
from webdata_assets_tests.benchmarks.product_pages import benchmark_pages

PAGES, UNSEEN = 16, 8
DATE = dt.date(2026, 6, 1)
RIGHT_SHARE = 0.95


@dataclass(frozen=True)
class Judged:
    """One field of one shop.

    Attributes:
        shown: whether the new layout holds the value whole.
        proposal: the selector's label; None where nothing was proposed.
        right: share of the unseen pages on which it gives the true value.
        wrong: share of them on which it gives another one.
    """

    shop: str
    field: str
    shown: bool
    proposal: str | None
    right: float
    wrong: float
    support: float
    reason: str


def shops(data: Path, half: str, seeds: int = 1) -> Iterator[Shop]:
    """Yield the shops of a half, `dev`, `report` or `all`: of each page so many, changed differently."""
    for page in benchmark_pages(data):
        is_dev = blake3(page.name.encode()).digest()[0] % 2 == 0
        if half != "all" and is_dev != (half == "dev"):
            continue
        yield from filter(None, (changed_shop(page, seed) for seed in range(seeds)))


def judge(shop: Shop) -> list[Judged]:
    """Propose selectors for a shop's fields, and try them on pages that nothing was learnt from."""
    source = _source(shop)
    known, payloads = [], []
    for number in range(PAGES):
        url, values = f"https://shop.example/{shop.name[:8]}/{number}", shop.values(str(number))
        payloads.append(_payload(url, shop.page(values, str(number))))
        if number % 10 == 9 and "price" in values:
            values = {**values, "price": shop.values(f"earlier {number}")["price"]}
        known.append(Known(url, 0, {name: _typed(name, value) for name, value in values.items()}))
    unseen = []
    for number in range(PAGES, PAGES + UNSEEN):
        values = shop.values(str(number))
        body = shop.page(values, str(number))
        unseen.append(
            (values, Item(parse_document("https://shop.example/", body, "text/html", "html"), "product"))
        )
    judged = []
    for induced in induce(source, list(shop.fields), known, payloads, run_here, seconds=3_600):
        name, right, wrong = induced.field, 0, 0
        best = induced.proposals[0] if induced.proposals else None
        for values, item in unseen if best else ():
            found = value_at(name, rule_of(source, name), best.selector, item) if best else None
            right += found == comparable(_typed(name, values[name]))
            wrong += found is not None and found != comparable(_typed(name, values[name]))
        shown = all(_is_shown(values[name], name, item) for values, item in unseen)
        judged.append(
            Judged(
                shop.name[:8], name, shown, best.selector.label if best else None, right / UNSEEN,
                wrong / UNSEEN, best.support if best else 0.0, induced.reason,
            )
        )  # fmt: skip
    return judged


def run_here(task: Task, pages: Iterable[Payload]) -> Iterator[tuple[Payload, Any]]:
    """Do a task in this process, as a pool does it in others."""
    answer = prepare(task)
    for page in pages:
        yield page, json.loads(json.dumps(answer(page)))


def scores(judged: Sequence[Judged]) -> dict[str, float]:
    """Return counts, the share of right fields among those shown, and of wrong proposals among all."""
    shown = [one for one in judged if one.shown]
    proposed = [one for one in judged if one.proposal is not None]
    right = sum(one.right >= RIGHT_SHARE for one in shown)
    wrong = sum(one.wrong > 1 - RIGHT_SHARE for one in proposed)
    return {
        "fields": len(judged),
        "fields_shown": len(shown),
        "proposed": len(proposed),
        "right_share": right / len(shown) if shown else 0.0,
        "wrong_share": wrong / len(proposed) if proposed else 0.0,
    }


def _source(shop: Shop) -> Source:
    fields = {name: {"css": f".{_class(shop.classes[name])}"} for name in shop.fields}
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A shop after its change",
            "start": DATE,
            "fetch": {"discover": [{"by": "urls", "start": ["https://shop.example/"]}]},
            "extract": {"kind": "product", "fields": fields},
            "expect": {"completeness": {}, "required": []},
        }
    )


def _class(name: str) -> str:
    return re.sub(r"[^A-Za-z_-]", "", name).strip("-") or "old"


def _payload(url: str, body: bytes) -> Payload:
    return Payload(url, url, "text/html; charset=utf-8", body, "", DATE)


def _typed(name: str, value: str) -> object:
    return Decimal(value) if name == "price" else value


def _is_shown(value: str, name: str, item: Item) -> bool:
    """Whether a page holds the value whole: by plain comparison of texts, without the code that is judged."""
    tree = item.document.tree
    assert tree is not None
    return any(_says(text, value, name) for text in _texts(tree))


def _says(text: str, value: str, name: str) -> bool:
    if name != "price":
        return " ".join(text.split()).casefold() == value.casefold()
    number = re.fullmatch(r"\D{0,12}?(\d+)[.,](\d\d?)\D{0,12}", " ".join(text.split()))
    return number is not None and Decimal(f"{number[1]}.{number[2]}") == Decimal(value)


def _texts(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("body *, meta"):
        if node.tag in ("style", "template", "noscript"):
            continue
        if node.tag == "script":
            if "json" in (node.attributes.get("type") or ""):
                yield from re.findall(r'[:\[,]\s*"?([^"{}\[\],]+)"?', node.text())
            continue
        yield node.text()
        yield from (value for name, value in node.attributes.items() if value and name != "class")


def main(arguments: argparse.Namespace) -> None:
    """Print the scores, and every field that is not right."""
    judged: list[Judged] = []
    for shop in shops(arguments.data, arguments.half, arguments.seeds):
        judged += judge(shop)
        print(f"{shop.name[:8]}… {scores(judged)}", file=sys.stderr, flush=True)
    by_field: list[Mapping[str, object]] = [
        {"field": name, **scores([one for one in judged if one.field == name])} for name in FIELDS
    ]
    names = ("shop", "field", "proposal", "right", "wrong", "support", "reason")
    missed = [
        {name: getattr(one, name) for name in names}
        for one in judged
        if one.wrong > 1 - RIGHT_SHARE or (one.shown and one.right < RIGHT_SHARE)
    ]
    tables: list[tuple[str, Sequence[Mapping[str, object]]]] = [
        ("all", [scores(judged)]),
        ("by field", by_field),
        ("not right", missed),
    ]
    report({"half": arguments.half, "all": scores(judged), "by_field": by_field}, tables, arguments.json)


if __name__ == "__main__":
    known_arguments = parser(__doc__ or "")
    known_arguments.add_argument("--half", choices=("report", "dev", "all"), default="report")
    known_arguments.add_argument("--seeds", type=int, default=1, help="changes of each page")
    main(known_arguments.parse_args())
