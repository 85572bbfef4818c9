"""Pages made to break readers of structured data: each gives something or nothing, soon, without an error."""

import json
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS
from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.structured import load_jsonld
from webdata_assets_tests.extract.making import DATE, data_folder, jsonld, make_document

FINDERS = {name: find for name, find in ARTICLE_DEFAULTS.items() if name not in {"text", "published_at"}}
SLOW_SECONDS = 10
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@id",
                    "@graph",
                    "name",
                    "author",
                    "image",
                    "headline",
                    "mainEntity",
                    "itemListElement",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
ITEM = "itemscope itemtype=http://schema.org/Article"


def read_everything(body: str) -> dict[str, object]:
    """Return what all finders say of a page, once its objects were shown to be sound."""
    page = make_document(f"<!doctype html><html>{body}</html>")
    orjson.dumps([page.structured.items, page.structured.meta, page.structured.opengraph])
    found = {
        name: find(page, PageContext(kind, DATE))
        for kind in ("article", "item", "product")
        for name, find in FINDERS.items()
    }
    return {name: hit.value for name, hit in found.items() if hit}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<div {ITEM} itemprop=x>" * 3_000, id="items in items"),
        pytest.param("<div itemprop=x>" * 3_000 + "text", id="properties in properties"),
        pytest.param(f"<div {ITEM}>" + "<p itemprop=name>" + "<b itemprop=y>" * 3_000, id="texts in texts"),
        pytest.param(
            "".join(
                f"<div id=i{n} {ITEM} itemprop=x itemref='i{n + 1} i{(n * 7) % 900}'></div>"
                for n in range(900)
            ),
            id="references in circles",
        ),
        pytest.param(
            f"<p id=all>{'<b itemprop=x>1</b>' * 3_000}</p>" + f"<i {ITEM} itemref=all></i>" * 3_000,
            id="every item refers to everything",
        ),
        pytest.param("<div typeof=A property=x resource='#a'>" * 3_000, id="resources in resources"),
        pytest.param(f"<div {ITEM}>{'<a rel=author class=author>By</a>' * 20_000}</div>", id="many bylines"),
        pytest.param("<h1>" + "a | b - " * 50_000, id="a title of breaks"),
        pytest.param(f"<title>{'a | b - ' * 50_000}</title><h1>a</h1>", id="a title element of breaks"),
        pytest.param(f"<ul class=breadcrumb>{'<li>x' * 20_000}</ul>", id="endless breadcrumbs"),
        pytest.param(f"<meta name=author content='{'by by ' * 100_000}'>", id="an endless author"),
    ],
)
def test_a_hostile_page_is_read_soon(body: str) -> None:
    start = time.process_time()
    read_everything(f"<body>{body}</body>")
    assert time.process_time() - start < SLOW_SECONDS


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('{"a":' * 900 + "1" + "}" * 900, id="deep"),
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param('{"@graph":' * 200 + "[]" + "}" * 200, id="deep graph"),
        pytest.param(json.dumps([{"@type": "Article", "name": "x" * 100}] * 20_000), id="megabytes"),
        pytest.param('{"a": "' + '\\"' * 500_000, id="escaped quotes without end"),
        pytest.param('{"a": "' + '" ' * 500_000, id="quotes that end nothing"),
        pytest.param("<!--" * 100_000, id="comments without end"),
        pytest.param("{" + '"aa' * 300_000, id="keys without end"),
        pytest.param('{"a":' + "x" * 500_000, id="a bare word without end"),
        pytest.param('{"a": ' + "}" * 300_000, id="closing brackets"),
    ],
)
def test_a_hostile_script_is_read_soon(script: str) -> None:
    start = time.process_time()
    orjson.dumps(load_jsonld(script))
    assert time.process_time() - start < SLOW_SECONDS


def test_objects_that_refer_to_each_other_end() -> None:
    one = {"@type": "Article", "@id": "#a", "author": {"@id": "#b"}, "mainEntity": {"@id": "#a"}}
    other = {"@type": "Person", "@id": "#b", "name": "Bob", "worksFor": {"@id": "#a"}}
    page = make_document(jsonld({"@graph": [one, other]}))
    found = FINDERS["author"](page, PageContext("article", DATE))
    assert found is not None
    assert found.value == "Bob"


@settings(max_examples=80, deadline=None)
@given(JSON_VALUES)
def test_any_json_is_taken_as_it_is(value: object) -> None:
    script = json.dumps(value, default=str).replace("</", "<\\/")
    read_everything(f'<script type="application/ld+json">{script}</script>')


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}[]\",:\\/*<>!-\n'ab1. u0"), max_size=80))
def test_any_text_is_mended_or_left_out(text: str) -> None:
    orjson.dumps(load_jsonld(text))


@settings(max_examples=60, deadline=None)
@given(JSON_VALUES.filter(lambda value: isinstance(value, dict) and len(value) > 0))
def test_a_trailing_comma_changes_nothing(value: dict[str, object]) -> None:
    sound = json.dumps(value).replace("NaN", "null").replace("Infinity", "null").replace("-null", "null")
    expected = load_jsonld(sound)
    assert load_jsonld(sound[:-1] + ",}") == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div itemscope>", "<div itemscope itemprop='a b'>", "<p itemprop=name>", "</div>", "</p>",
                "<div typeof='Article s:Thing' about=''>", "<a rel=author href=/author/x>", "By ", "<li>",
                "<span property=a:b>", "<meta itemprop=author content=''>", "<time itemprop=name>", "<svg>",
                "<i itemscope itemref='x x' id=x>", "<img itemprop=image>", "<h1>", "</h1>", "<title>",
                "</title>", "<template>", "<table class=byline>", "<ol class=breadcrumb>", "x",
                "<link rel='' href=''>", "<meta content=''>",
            ]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_markup_is_read(parts: list[str]) -> None:
    read_everything("".join(parts))


def test_naughty_strings_are_values_like_others() -> None:
    for path in sorted(data_folder("hostile_inputs").rglob("blns*.txt")):
        for line in path.read_text().splitlines():
            read_everything(jsonld({"@type": "Article", "name": line, "author": [line], "image": line}))
