"""JSON that is almost JSON, as an answer, a feed and a listing: no crash, and no value made up."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.json import load_json
from webdata_assets.stages.crawl.vendors.answers import parse_json
from webdata_assets.stages.exact_json import load_exact
from webdata_assets.stages.extract.extractor import extract_pages
from webdata_assets_tests.extract.making import data_folder, jsonld, make_payload, make_source
from webdata_assets_tests.hostile.conftest import Proves

LISTING = make_source({"kind": "item", "items": {"jmespath": "@"}, "fields": {"title": {"jmespath": "@"}}})
PAGE = make_source({"kind": "product"})
REFUSED = object()
HALVES = re.compile("surrogate|codepoint")


def suite() -> list[Path]:
    return sorted((data_folder("hostile_inputs") / "JSONTestSuite").rglob("*.json"))


def reference(body: bytes) -> Any:
    """Return what Python's own parser makes of it, with the digits of numbers that 64 bits do not hold."""

    def whole(digits: str) -> int | str:
        return int(digits) if -(2**63) <= int(digits) < 2**64 else digits

    try:
        return json.loads(body.decode(), parse_int=whole)
    except (ValueError, RecursionError):
        return REFUSED


READERS: dict[str, Callable[[bytes], Any]] = {
    "page": load_exact,
    "listing": load_json,
    "service": lambda body: parse_json(body, "A service"),
}


@pytest.mark.parametrize("reader", READERS)
def test_the_parsing_suite_gives_each_value_as_it_stands_or_none(reader: str, proves: Proves) -> None:
    counted: Counter[str] = Counter()
    wrong = []
    for file in suite():
        body = file.read_bytes()
        try:
            value = READERS[reader](body)
        except (ValueError, PermanentError):
            value = REFUSED
        counted[f"{file.name[:2]} {'refused' if value is REFUSED else 'read'}"] += 1
        is_other = value is not REFUSED and value != reference(body)
        if is_other or file.name.startswith("y_" if value is REFUSED else "n_"):
            wrong.append(file.name)
    # services cut texts out of pages, halves of surrogate pairs included, which become U+FFFD
    assert [name for name in wrong if reader != "service" or not HALVES.search(name)] == []
    assert counted["y_ read"] == 95
    assert counted["n_ refused"] > 180
    proves(
        "XML, YAML and JSON",
        f"the JSON parsing suite as what a {reader} holds",
        f"{counted['y_ read']} of 95 valid texts read, {counted['n_ refused']} broken ones refused and "
        f"{counted['n_ read']} read; {len(wrong)} values other than they stand"
        f"{' (halves of characters, as U+FFFD)' * bool(wrong)}",
    )


def test_the_parsing_suite_breaks_neither_feeds_nor_listings(proves: Proves) -> None:
    refused = 0
    for file in suite():
        body = file.read_bytes()
        found = extract_pages(LISTING, [make_payload(body, "http://api.test/items", "application/json")])
        refused += len(found.failures)
        try:
            discover_feed(Page("http://site.test/feed.json", body, "application/feed+json"))
        except PermanentError as error:
            assert error.failure_domain in (FailureDomain.PARSE, FailureDomain.RESOURCE), file
            refused += 1
    assert refused > 300
    proves(
        "XML, YAML and JSON",
        "the JSON parsing suite as a feed, and as a listing that `jmespath` reads",
        f"0 crashes in {2 * len(suite())} readings; {refused} refused, each with its reason",
    )


def test_ids_longer_than_64_bits_stay_different(proves: Proves) -> None:
    ids = [10**22 + number for number in range(50)] + [2**64 - 1, 2**63, -(2**63), 1234567890123456789]
    listing = make_source(
        {"kind": "item", "items": {"jmespath": "[]"}, "fields": {"title": {"jmespath": "id"}}}
    )
    page = make_payload(json.dumps([{"id": each} for each in ids]), "http://api.test/i", "application/json")
    titles = [candidate.values["title"] for candidate in extract_pages(listing, [page]).candidates]
    assert titles == [str(each) for each in ids]
    script = make_payload("<html><body><h1>x</h1>" + jsonld({"@type": "Product", "name": "A", "sku": ids[0]}))
    (product,) = extract_pages(PAGE, [script]).candidates
    assert product.values["sku"] == str(ids[0])
    proves(
        "XML, YAML and JSON",
        "numbers beyond 64 bits, which parsers round, as ids of an API's items",
        f"{len(set(titles))} of {len(ids)} different ids stay different, digit for digit",
    )
