"""Naughty strings through every step: no crash, no invalid row, no control character."""

import html
import json

import pytest

from webdata_assets.schemas.records import Quarantine, Records
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.clean.normalise import clean_body, clean_line
from webdata_assets.stages.extract.extractor import extract_pages
from webdata_assets.stages.extract.values import Context, ConversionError, convert
from webdata_assets.stages.featurize.features import featurize
from webdata_assets_tests.extract.making import (
    DATE,
    data_folder,
    jsonld,
    make_json_payload,
    make_payload,
    make_source,
)

TYPES = ("text", "decimal", "integer", "date", "url", "bool", "list")
FIELDS = {
    "title": {"jmespath": "v"},
    "text": {"jmespath": "v"},
    "price": {"jmespath": "v"},
    "published_at": {"jmespath": "v"},
    "availability": {"jmespath": "v"},
    "currency": {"jmespath": "v"},
    "language": {"jmespath": "v"},
    "whole": {"type": "integer", "jmespath": "v"},
    "link": {"type": "url", "jmespath": "v"},
    "tags": {"type": "list", "jmespath": "v"},
}


@pytest.fixture(scope="module")
def naughty_strings() -> list[str]:
    strings = json.loads((data_folder("hostile_inputs") / "blns" / "blns.json").read_text())
    return [*strings, "\ud800", "\x00", "9" * 5_000, "-" * 5_000, "&" * 5_000, "1e999999999"]


@pytest.mark.parametrize("value_type", TYPES)
def test_conversion_gives_a_value_or_says_no(value_type: str, naughty_strings: list[str]) -> None:
    for text in naughty_strings:
        if not text.strip():
            continue
        for machine_readable in (False, True):
            try:
                value = convert(
                    value_type, [text], Context("http://x.test/", machine_readable=machine_readable)
                )
            except ConversionError as error:
                assert error.reason
            else:
                assert value is not None


def test_cleaning_is_stable(naughty_strings: list[str]) -> None:
    for text in naughty_strings:
        for function in (clean_line, clean_body):
            once = function(text)
            once.encode()
            assert function(once) == once


def test_records_of_naughty_json_are_valid_or_quarantined(naughty_strings: list[str]) -> None:
    source = make_source(
        {"kind": "item", "items": "items", "key": ["id"], "fields": {"id": {"jmespath": "id"}, **FIELDS}}
    )
    strings = [text for text in naughty_strings if text != "\ud800"]
    items = [{"id": str(number), "v": text} for number, text in enumerate(strings)]
    result = clean(source, DATE, extract_pages(source, [make_json_payload({"items": items})]))
    Records.validate(result.records)
    Quarantine.validate(result.quarantine)
    assert result.extracted == len(strings)
    assert result.records.height + result.quarantine["ordinal"].n_unique() == len(strings)


def test_records_of_naughty_pages_are_valid_or_quarantined(naughty_strings: list[str]) -> None:
    source = make_source(
        {"kind": "article", "fields": {"title": "h1", "note": {"css": "p", "attr": "title"}}}
    )
    pages = []
    for number, text in enumerate(naughty_strings):
        encodable = text.encode("utf-8", "replace").decode()
        shown = html.escape(encodable)
        described = jsonld({"@type": "Article", "author": encodable, "datePublished": encodable})
        body = f"<html lang='{shown}'><head>{described}"
        body += f"</head><body><h1>{encodable}</h1><p title='{shown}'>{encodable}</p>{shown}</body></html>"
        pages.append(make_payload(body, f"http://x.test/{number}"))
    result = clean(source, DATE, extract_pages(source, pages[::3]))
    Records.validate(result.records)
    Quarantine.validate(result.quarantine)
    assert result.extracted == len(pages[::3])
    featurize(result.records, DATE)
