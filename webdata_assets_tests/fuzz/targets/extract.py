"""A page's extraction: main content, metadata, products, dates, selectors, and the rows that come of them.

The first byte of an input chooses the source and how the page was sent.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import ada_url
import orjson
import polars as pl
from blake3 import blake3

from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.drafts import draft
from webdata_assets.stages.clean.normalise import clean_line
from webdata_assets.stages.extract.any_page import read_any_page
from webdata_assets.stages.extract.extractor import Extraction, Payload, extract_page
from webdata_assets_tests.fuzz.mutators import behind_first_byte, markup_mutator
from webdata_assets_tests.fuzz.seeds import files, naughty_strings
from webdata_assets_tests.fuzz.target import Target
from webdata_assets_tests.fuzz.tokens import MARKUP

_DATE = dt.date(2026, 6, 1)
_URL = "http://a.test/2026/05/thing?x=1"
_MAX_BYTES = 8_192
_CONTENT_TYPES = ("text/html", "text/html; charset=windows-1252", "application/xhtml+xml", None)
_FIELDS: dict[str, Any] = {
    "name": "h1",
    "price": {"from": [{"jsonld": "offers.price"}, {"css": ".price", "regex": r"(\d[\d.,]*)"}]},
    "published_at": {"type": "date", "from": [{"css": "time", "attr": "datetime"}, {"meta": "date"}]},
    "image_url": {"xpath": "//img/@src"},
    "tags": {"type": "list", "css": "a"},
    "count": {"type": "integer", "css": "b", "on_invalid": "missing"},
    "is_new": {"type": "bool", "css": "i", "on_invalid": "drop"},
    "offers": {
        "type": "list",
        "microdata": "offers",
        "fields": {"price": {"type": "decimal", "jmespath": "price"}},
    },
}
_EXTRACTS: tuple[dict[str, Any], ...] = (
    {"kind": "article"},
    {"kind": "article", "content": "fast", "fields": _FIELDS},
    {"kind": "product"},
    {"kind": "product", "fields": _FIELDS, "key": ["name"]},
    {"kind": "document", "items": "li, tr", "fields": {"title": "a", "text": "td"}},
    {
        "kind": "item",
        "items": {"xpath": "//div"},
        "fields": {"name": ".//text()", "link": {"type": "url", "css": "a", "attr": "href"}},
    },
    {
        "kind": "item",
        "items": "items || @",
        "fields": {
            "name": {"jmespath": "name"},
            "price": {"jmespath": "price"},
            "published_at": {"type": "date", "jmespath": "at"},
            "extra": {"type": "list", "jmespath": "*"},
        },
    },
    {
        "kind": "product",
        "items": {"jsonld": "@"},
        "fields": {"title": {"jmespath": "name"}, "price": {"jmespath": "offers.price"}},
    },
)


_OF_JSON = 6
_LARGEST_GROWTH = 20


@cache
def _source(number: int) -> Source:
    policy = {"pii": "redact", "repeated_paragraphs": "remove"} if number % 2 else {}
    return Source.model_validate(
        {
            "name": "fuzzed",
            "description": "A source to fuzz",
            "start": "2026-01-01",
            "fetch": {"discover": [{"by": "urls", "start": ["http://a.test/"]}]},
            "extract": _EXTRACTS[number],
            "clean": policy,
            "expect": {"required": []},
        }
    )


def read(data: bytes) -> tuple[Source, Payload, Extraction]:
    """Return what an input is extracted with, as what page, and to what."""
    choice, body = (data[:1] or b"\0")[0], data[1:]
    number = choice % len(_EXTRACTS)
    content_type = _CONTENT_TYPES[choice // len(_EXTRACTS) % len(_CONTENT_TYPES)]
    if number == _OF_JSON and choice < 128:
        content_type = "application/json"
    source, payload = (
        _source(number),
        Payload(_URL, _URL, content_type, body, blake3(body).hexdigest(), _DATE),
    )
    return source, payload, extract_page(source, payload)


def run(data: bytes) -> None:
    source, payload, extraction = read(data)
    assert len(extraction.failures) + bool(extraction.candidates) <= 1, "a failure beside records"
    assert len({candidate.ordinal for candidate in extraction.candidates}) == len(extraction.candidates)
    rows = draft(source, _DATE, "0" * 16, extraction.candidates).rows
    check_rows(rows, payload)
    said = read_any_page(replace(payload, content_type="text/html"), "fast")
    orjson.dumps(said)
    assert ("error" in said) == (len(said) == 1), "an error beside what was found"


def check_rows(rows: pl.DataFrame, payload: Payload) -> None:
    """Assert that rows of records hold clean titles and whole URLs, and little more than the page itself."""
    size = sum(rows[name].str.len_bytes().sum() for name in ("title", "text", "extra"))
    assert size <= _LARGEST_GROWTH * (len(payload.body) + 200) * max(1, rows.height), (
        f"{size} bytes of fields"
    )
    for title in rows["title"].drop_nulls():
        assert clean_line(title) == title, f"the title {title!r} is not clean"
    for name in ("image_url", "canonical_url"):
        for url in rows[name].drop_nulls():
            assert not url or ada_url.URL(url).protocol in ("http:", "https:"), f"{name} is {url!r}"


def seeds(data: Path) -> Iterator[bytes]:
    rng = random.Random(0)
    for folder, count in (
        ("wcxb/dev/html", 60), ("trafilatura_eval/html", 40), ("product_extraction_benchmark/html", 30),
        ("htmldate_eval/html", 30), ("recipe_scrapers_sample/*", 30), ("extruct_samples/*", 40),
        ("html5lib_tests/tree-construction", 30),
    ):  # fmt: skip
        for page in files(data, f"{folder}/*.html*", f"{folder}/*.dat", count=count, max_bytes=400_000):
            start = rng.choice((0, 0, len(page) // 3))
            yield bytes([rng.randrange(len(_EXTRACTS))]) + page[start : start + _MAX_BYTES - 1]
    for body in files(data, "hostile_inputs/JSONTestSuite/test_parsing/*", count=30, max_bytes=2_000):
        yield b"\x06" + body
    for text in naughty_strings(data)[::5]:
        yield b"\x01" + f"<title>{text}</title><h1>{text}</h1><article><p>{text}</p></article>".encode()


TARGET = Target(
    run,
    frozenset(),
    (
        b"\x00<html lang=en><title>A | B</title><article><h1>A</h1><p>By <a rel=author>Ann</a>, 1 May 2026"
        + b"<p>The window is open, and one hears the rain in the garden.</p>" * 6,
        b'\x02<script type="application/ld+json">{"@type":"Product","name":"x","offers":{"price":"1,5",}}',
        b"\x03<h1>a</h1><b class=price>1.299,00 \xe2\x82\xac</b><time datetime=9999-12-31T23:59:59-12:00>",
        b"\x04<table><tr><td>a</td><td><a href=b>c</a></td></tr></table><li>&#0;\xff",
        b"\x05<div><div>a<div><a href='javascript:1'>",
        b'\x06{"items": [{"name": "\\ud800", "price": 1e400, "at": 99999999999999}, {"name": null}]}',
        b"\x07<div itemscope itemtype=http://schema.org/Product><i itemprop=name>\xe2\x80\xae",
    ),
    seeds,
    MARKUP,
    _MAX_BYTES,
    behind_first_byte(markup_mutator(MARKUP)),
)
