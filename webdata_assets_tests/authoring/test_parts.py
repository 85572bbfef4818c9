"""Patterns, names, types and YAML: small parts of a proposal."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.authoring.json_shape import shape_of
from webdata_assets.stages.authoring.naming import field_name, from_key
from webdata_assets.stages.authoring.patterns import groups_of
from webdata_assets.stages.authoring.values import type_of_values
from webdata_assets.stages.authoring.writing import Because, Otherwise, plain_of, yaml_of

SEGMENTS = st.text(st.sampled_from("abc019-_.+()[$^"), min_size=1, max_size=8)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@given(
    st.lists(
        st.builds("http://x.test/{}{}".format, PATHS, st.sampled_from(["", "/", "?a=1", "?a=2&b=x", "?a"]))
    )
)
def test_a_pattern_finds_every_url_that_it_was_made_of(urls: list[str]) -> None:
    for group in groups_of(urls):
        assert all(re.search(group.pattern, url) for url in group.urls)


def test_a_pattern_is_of_one_form() -> None:
    urls = [f"http://x.test/posts/{number}/a-{number}" for number in range(5)]
    (group,) = groups_of([*urls, "http://x.test/about"])
    assert group.pattern == r"^http://x\.test/posts/\d+/[^/?]+$"
    assert not re.search(group.pattern, "http://x.test/posts/1/a/comments")


VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.integers(), st.lists(TEXTS, max_size=3)),
    lambda inner: st.one_of(
        st.dictionaries(st.text("abc_", min_size=1), inner, min_size=1, max_size=3),
        st.builds(Because, inner, TEXTS),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("xyz_", min_size=1), VALUES, max_size=4), TEXTS)
def test_yaml_says_what_was_proposed_and_reasons_stay_comments(values: dict[str, Any], why: str) -> None:
    text = yaml_of({**values, "other": Otherwise({"by": "x"}, why)})
    assert (yaml.safe_load(text) or {}) == plain_of(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["€ 1.90", "€ 12.00"], "decimal"),
        (["2026-05-01", "2026-05-02T08:00:00Z"], "date"),
        (["May 3, 2026", "June 4, 2026"], "date"),
        (["http://x.test/a", "https://x.test/b"], "url"),
        (["12", "7"], "integer"),
        ([True, False], "bool"),
        (["007", "012"], "text"),
        (["one", "2"], "text"),
        ([], "text"),
    ],
)
def test_values_tell_their_type(values: list[object], expected: str) -> None:
    assert type_of_values(values) == expected


def test_names_say_what_a_field_is_in_the_words_of_the_table() -> None:
    assert field_name([".post-title"], "text", [], "part") == "title"
    assert field_name([".price"], "text", [], "part") == "part"
    assert field_name([".price"], "decimal", [], "part") == "price"
    assert field_name([".shipping-weight"], "text", [], "part") == "shipping_weight"
    assert field_name([".title"], "text", ["title"], "part") == "part"
    assert from_key("data.createdAt") == "data_created_at"


def test_the_shape_of_json_is_its_longest_list() -> None:
    shape = shape_of(
        {"meta": {"page": 1}, "data": {"rows": [{"id": 1, "n": {"x": "a"}}, {"id": 2, "n": {"x": "b"}}]}}
    )
    assert (shape["items"], shape["count"]) == ("data.rows", 2)
    assert {field["keys"]["jmespath"] for field in shape["fields"]} == {"id", "n.x"}
    assert shape["ways"] == [{"page_param": "page", "items": "data.rows"}]
    assert shape_of([{"id": 1}])["items"] == "@"
    assert shape_of({"id": 1})["items"] is None
    assert shape_of(5)["count"] == 0
