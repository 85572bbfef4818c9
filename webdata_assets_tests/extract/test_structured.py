import json

import orjson
import pytest

from webdata_assets.stages.extract.structured import load_jsonld
from webdata_assets_tests.extract.making import data_folder, jsonld, make_document


def test_graph_list_and_main_entity_are_all_found() -> None:
    for shape in (
        {"@graph": [{"@type": "WebSite"}, {"@type": "Product", "name": "x"}]},
        [{"@type": "BreadcrumbList"}, {"@type": ["Thing", "Product"], "name": "x"}],
        {"@graph": {"0": {"@type": "WebSite"}, "1": {"@type": "Product", "name": "x"}}},
        {"@type": "WebPage", "mainEntity": {"@type": "http://schema.org/Product", "name": "x"}},
    ):
        found = make_document(jsonld(shape)).structured.main_object("product")
        assert found is not None
        assert found["name"] == "x"


def test_the_object_of_the_wanted_type_is_chosen() -> None:
    page = make_document(
        jsonld({"@type": "WebPage", "n": 1}, {"@type": "Recipe", "n": 2}, {"@type": "NewsArticle", "n": 3})
    )
    assert page.structured.main_object("article")["n"] == 3
    assert page.structured.main_object("item")["n"] == 2
    assert page.structured.main_object("product") is None


def test_furniture_never_describes_the_page() -> None:
    page = make_document(jsonld({"@type": "Organization", "name": "Us"}, {"@type": "BreadcrumbList"}))
    assert page.structured.main_object("article") is None


def test_an_outer_object_comes_before_one_within_another() -> None:
    page = make_document(
        jsonld(
            {"@type": "WebPage", "mainEntity": {"@type": "Event", "name": "in"}},
            {"@type": "Recipe", "name": "out"},
        )
    )
    assert page.structured.main_object("item")["name"] == "out"


def test_references_are_replaced_by_what_they_name() -> None:
    graph = [{"@type": "Article", "author": {"@id": "#p"}}, {"@type": "Person", "@id": "#p", "name": "Ada"}]
    page = make_document(jsonld({"@graph": graph}))
    assert page.structured.main_object("article")["author"]["name"] == "Ada"


def test_the_first_of_several_meta_elements_counts() -> None:
    page = make_document('<meta property="og:title" content="A"><meta name="OG:Title" content="B">')
    assert page.structured.meta_value("og:title") == "A"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x",}',
        '{"name": "x"};',
        '<!-- {"name": "x"} -->',
        '//<![CDATA[\n{"name": "x"}\n//]]>',
        '{"name": "x" /* why */, // and\n "y": [1,],}',
        "{&quot;name&quot;: &quot;x&quot;}",
        "{name: 'x', \"y\": undefined}",
        '{"name": "x" "y": 1}',
        '{"name": "x", "y": "it\\\'s"}',
        '{"name": "x", "y": {"z": [1, 2',
        '{"name": "x", "y": "cut off he',
        'var data = {"name": "x", y: 1};',
        '{"name": "x"}}}',
    ],
)
def test_broken_jsonld_is_mended(text: str) -> None:
    assert load_jsonld(text)["name"] == "x"


def test_mending_leaves_strings_as_they_are() -> None:
    assert load_jsonld('{"url": "http://x/,}", "note": "a /* b */",}') == {
        "url": "http://x/,}",
        "note": "a /* b */",
    }


def test_quotes_within_a_string_belong_to_it() -> None:
    text = '{"name": "The "best", they say", "image": "<img width="3">", "list": ["a "b" c", "d"]}'
    assert load_jsonld(text) == {
        "name": 'The "best", they say',
        "image": '<img width="3">',
        "list": ['a "b" c', "d"],
    }


def test_bare_words_are_texts_and_constants() -> None:
    text = '{"author": Ada Lovelace, "free": true, "price": 1.5, "none": null}'
    assert load_jsonld(text) == {"author": "Ada Lovelace", "free": True, "price": 1.5, "none": None}


def test_several_values_in_one_script_are_all_read() -> None:
    assert load_jsonld('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]


def test_half_characters_and_endless_numbers_do_not_get_through() -> None:
    value = load_jsonld('{"a": "\\ud800x", "b": 1e999, "c": %s, "d": "\\ud83d\\ude00",}' % ("9" * 5000))
    assert value["a"] == "\ufffdx"
    assert value["b"] is None
    assert value["d"] == "😀"
    orjson.dumps(value)


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000, '{"a": "' + "\\" * 1001, "/*" * 50_000])
def test_jsonld_beyond_mending_is_left_out(text: str) -> None:
    assert load_jsonld(text) is None


def squeezed(value: object) -> str:
    """Return JSON without the white space in which samples differ."""
    return " ".join(json.dumps(value, sort_keys=True).replace("\\n", " ").split())


def test_samples_with_invalid_jsonld_are_read() -> None:
    folder = data_folder("extruct_samples/custom.invalid")
    pages = sorted(folder.glob("*.html"))
    assert pages
    for page in pages:
        expected = json.loads(page.with_suffix(".jsonld").read_text())
        objects = make_document(page.read_bytes()).structured.objects
        wanted = expected[0] if isinstance(expected, list) else expected
        assert squeezed(wanted) in map(squeezed, objects), page.name


def test_json_parsing_suite_never_breaks_the_mending() -> None:
    for path in sorted(data_folder("hostile_inputs/JSONTestSuite").rglob("*.json")):
        load_jsonld(path.read_bytes().decode("utf-8", errors="replace"))


def test_opengraph_keeps_all_values_in_their_order() -> None:
    head = (
        '<meta property="og:image" content="a"><meta property="OG:Image" content="b"><meta name=x content=y>'
    )
    structured = make_document(head).structured
    assert structured.opengraph == {"og:image": ["a", "b"]}
    assert structured.repeated_meta == {"og:image": ["a", "b"]}


def test_jsonld_is_trusted_before_microdata_and_microdata_before_rdfa() -> None:
    microdata = '<div itemscope itemtype="http://schema.org/Product"><b itemprop=name>micro</b></div>'
    rdfa = '<div vocab="http://schema.org/" typeof=Product><b property=name>rdfa</b></div>'
    pages = (jsonld({"@type": "Product", "name": "json"}) + rdfa + microdata, rdfa + microdata, rdfa)
    names = [make_document(page).structured.main_object("product")["name"] for page in pages]
    assert names == ["json", "micro", "rdfa"]
