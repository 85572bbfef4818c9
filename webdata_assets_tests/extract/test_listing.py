import json

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import Extract
from webdata_assets.stages.extract.extractor import extract_page
from webdata_assets.stages.extract.listing import wanted_format
from webdata_assets_tests.extract.making import jsonld, make_json_payload, make_payload, make_source

LIST = jsonld(
    {"@type": "ItemList", "itemListElement": [{"item": {"name": "one"}}, {"item": {"name": "two"}}]}
) + (
    "<title>The list</title><ul class=a><li>one<i>1</i><li>two<i>2</i></ul><ul class=b><li>x</ul>"
    '<script id=state>state = {"list": [{"name": "one"}, {"name": "two"}]}</script>'
)


@pytest.mark.parametrize(
    ("items", "title"),
    [
        (".a li", {"xpath": "text()"}),
        ("//ul[@class='a']/li", {"xpath": "text()"}),
        ({"css": ".a li"}, {"xpath": "text()"}),
        ({"xpath": "//ul[1]/li"}, {"css": "li", "regex": "[a-z]+"}),
        ({"css": "#state", "jmespath": "list"}, {"jmespath": "name"}),
        ({"jsonld": "itemListElement[].item", "schema_type": "ItemList"}, {"jmespath": "name"}),
    ],
)
def test_items_of_a_page_are_found_by_every_way(items: object, title: dict) -> None:
    source = make_source({"kind": "item", "items": items, "fields": {"title": title}})
    extraction = extract_page(source, make_payload(LIST))
    assert [candidate.values["title"] for candidate in extraction.candidates] == ["one", "two"]
    assert [candidate.ordinal for candidate in extraction.candidates] == [0, 1]


def test_an_item_does_not_have_the_title_of_its_page() -> None:
    source = make_source({"kind": "article", "items": "//ul[1]/li", "fields": {}})
    extraction = extract_page(source, make_payload(LIST))
    assert [candidate.values for candidate in extraction.candidates] == [{"text": "one1"}, {"text": "two2"}]


@pytest.mark.parametrize(
    "items", [".gone", "//gone", {"css": "#state", "jmespath": "gone"}, {"jsonld": "gone"}, {"jmespath": "a"}]
)
def test_a_page_without_its_items_is_a_failure(items: object) -> None:
    source = make_source({"kind": "item", "items": items, "fields": {"title": "b"}})
    (failure,) = extract_page(source, make_payload(LIST)).failures
    assert "found nothing" in failure.reason or "not JSON" in failure.reason


def test_items_of_json_may_be_none_and_must_be_a_list() -> None:
    source = make_source({"kind": "item", "items": {"jmespath": "all"}, "fields": {"n": {"jmespath": "@"}}})
    assert len(extract_page(source, make_json_payload({"all": [1, 2]})).candidates) == 2
    assert not extract_page(source, make_json_payload({"all": []})).failures
    (failure,) = extract_page(source, make_json_payload({})).failures
    assert failure.reason == "extract.items 'jmespath:all' found nothing"


def test_an_unusable_selector_names_source_and_place() -> None:
    in_object = {"about": {"fields": {"name": {"xpath": "//b[undefined()]"}}}}
    for extract, place in (
        ({"items": "//li[undefined()]", "fields": {}}, "extract.items: "),
        ({"fields": in_object}, "extract.fields.about.fields.name: "),
        ({"items": "//li/text()", "fields": {}}, "extract.items: '//li/text()' gives texts"),
    ):
        with pytest.raises(PermanentError) as caught:
            extract_page(make_source({"kind": "item", **extract}), make_payload("<b>x</b><li>y"))
        assert str(caught.value).startswith(f"source 'shop', {place}")
        assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_page_too_large_for_xpath_is_a_failure_and_its_neighbours_live() -> None:
    source = make_source({"kind": "item", "fields": {"title": "//h1"}})
    (failure,) = extract_page(source, make_payload("<div>" * 1_500)).failures
    assert "too large for XPath" in failure.reason


@pytest.mark.parametrize(
    ("extract", "wanted"),
    [
        ({}, "html"),
        ({"fields": {"a": "h1"}}, "html"),
        ({"fields": {"a": "//h1"}}, "html"),
        ({"fields": {"a": {"jmespath": "a"}}}, "json"),
        ({"fields": {"a": {"regex": "a"}}}, "either"),
        ({"fields": {"a": {"from": [{"jmespath": "a"}, {"css": "a"}]}}}, "either"),
        ({"fields": {"a": {"css": "script", "jmespath": "a"}}}, "html"),
        ({"fields": {"a": {"css": "b", "fields": {"c": {"jmespath": "a"}}}}}, "html"),
        ({"fields": {"a": {"fields": {"c": {"jmespath": "a"}}}}}, "json"),
        ({"items": "a.b", "fields": {"a": {"jmespath": "a"}}}, "json"),
        ({"items": {"jmespath": "a"}}, "json"),
        ({"items": {"css": "script", "jmespath": "a"}, "fields": {"a": {"jmespath": "a"}}}, "html"),
    ],
)
def test_the_format_of_pages_follows_from_the_selectors(extract: dict, wanted: str) -> None:
    assert wanted_format(Extract.model_validate({"kind": "item", **extract})) == wanted


def test_the_rules_survive_the_way_to_a_worker_process() -> None:
    source = make_source(
        {
            "kind": "item",
            "items": "//li",
            "fields": {
                "a": "h1",
                "b": {"type": "list", "css": "b", "fields": {"c": {"xpath": "d", "default": "e"}}},
                "d": {"type": "date", "css": "t", "default": "2026-06-01"},
            },
        }
    )
    packed = json.loads(source.model_dump_json(by_alias=True, exclude_unset=True))
    assert type(source).model_validate(packed) == source
