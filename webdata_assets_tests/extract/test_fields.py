import datetime as dt
from decimal import Decimal

import pytest

from webdata_assets.stages.extract.extraction import NO_HIT, Candidate, Extraction
from webdata_assets.stages.extract.extractor import extract_page
from webdata_assets_tests.extract.making import jsonld, make_json_payload, make_payload, make_source

PAGE = (
    jsonld({"@type": "Product", "offers": [{"price": 1, "seller": {"name": "A"}}, {"price": 2}]})
    + "<h1>Title</h1><p class=price>call us</p>"
    + "<ul><li><b>x</b><i>1</i></li><li><b>y</b><i>many</i></li><li><i>3</i></li></ul>"
)


def extracted(fields: dict[str, object], page: str = PAGE, **extract: object) -> Extraction:
    source = make_source({"kind": "item", "fields": fields, **extract})
    extraction = extract_page(source, make_payload(page))
    assert not extraction.failures
    return extraction


def only(fields: dict[str, object], page: str = PAGE, **extract: object) -> Candidate:
    (candidate,) = extracted(fields, page, **extract).candidates
    return candidate


def reasons(candidate: Candidate) -> list[tuple[str, str]]:
    return [(error.rule, error.message) for error in candidate.errors]


def test_an_object_has_the_fields_found_within_its_element() -> None:
    rule = {"css": "li", "fields": {"name": "b", "count": {"type": "integer", "css": "i"}}}
    assert only({"first": rule}).values == {"first": {"name": "x", "count": 1}}


def test_an_object_without_selectors_has_the_fields_of_what_is_around_it() -> None:
    rule = {"fields": {"title": "h1", "inner": {"fields": {"name": "//b"}}}}
    assert only({"about": rule}).values == {"about": {"title": "Title", "inner": {"name": "x"}}}


def test_objects_of_json_are_read_by_jmespath_and_nest() -> None:
    fields = {
        "price": {"type": "decimal", "jmespath": "price"},
        "seller": {"jmespath": "seller", "fields": {"name": {"jmespath": "name"}}},
    }
    offers = {"type": "list", "jsonld": "offers", "fields": fields}
    expected = [{"price": Decimal(1), "seller": {"name": "A"}}, {"price": Decimal(2)}]
    assert only({"offers": offers}, kind="product").values["offers"] == expected


def test_objects_that_nothing_is_found_of_are_no_entries() -> None:
    extraction = extracted({"names": {"type": "list", "css": "li", "fields": {"name": "b"}}})
    assert extraction.candidates[0].values == {"names": [{"name": "x"}, {"name": "y"}]}
    assert extraction.selector_hits["names"] == {"css:li": 1}
    assert extraction.selector_hits["names.name"] == {"css:b": 2, NO_HIT: 1}


def test_the_first_alternative_that_finds_objects_gives_all_of_them() -> None:
    rule = {"type": "list", "from": [{"css": "ol li"}, {"css": "ul li"}, {"css": "p"}], "fields": {"n": "b"}}
    assert only({"rows": rule}).values == {"rows": [{"n": "x"}, {"n": "y"}]}
    assert only({"rows": {**rule, "from": [{"css": "ol"}]}}).values == {}


def test_a_text_where_an_object_should_be_is_ill_typed() -> None:
    rule = {"type": "list", "jmespath": "sizes", "fields": {"name": {"jmespath": "name"}}}
    payload = make_json_payload({"sizes": [{"name": "S"}, "M"]})
    source = make_source({"kind": "item", "fields": {"sizes": rule}})
    (candidate,) = extract_page(source, payload).candidates
    assert reasons(candidate) == [("type", "sizes[1]: not an object")]
    lenient = make_source({"kind": "item", "fields": {"sizes": {**rule, "on_invalid": "missing"}}})
    assert extract_page(lenient, payload).candidates[0].values == {"sizes": [{"name": "S"}]}


def test_an_ill_typed_field_of_an_object_refuses_the_record_with_its_path() -> None:
    rule = {"type": "list", "css": "li", "fields": {"count": {"type": "integer", "css": "i"}}}
    candidate = only({"rows": rule})
    assert reasons(candidate) == [("type", "rows[1].count: not a number")]
    assert candidate.values == {}


@pytest.mark.parametrize(
    ("policy", "rows"),
    [
        ({"on_invalid": "missing"}, [{"n": 1}, {"b": "y"}, {"n": 3}]),
        ({"on_invalid": "missing", "default": 0}, [{"n": 1}, {"b": "y", "n": 0}, {"n": 3}]),
        ({"on_invalid": "default", "default": 0}, [{"n": 1}, {"b": "y", "n": 0}, {"n": 3}]),
        ({"on_invalid": "drop"}, [{"n": 1}, {"n": 3}]),
        ({"on_invalid": "missing", "on_missing": "drop"}, [{"n": 1}, {"n": 3}]),
    ],
)
def test_policies_hold_within_objects_and_drop_leaves_the_object_out(policy: dict, rows: list) -> None:
    fields = {"n": {"type": "integer", "css": "i", **policy}, "b": {"xpath": "b[. = 'y']"}}
    candidate = only({"rows": {"type": "list", "css": "li", "fields": fields}})
    assert (candidate.values, candidate.errors, candidate.dropped) == ({"rows": rows}, (), None)


def test_an_object_that_is_dropped_is_missing() -> None:
    fields = {"name": {"css": "h9", "on_missing": "drop"}}
    assert only({"about": {"fields": fields}}).values == {}
    candidate = only({"about": {"fields": fields, "on_missing": "require"}})
    assert reasons(candidate) == [("required", "about is missing, and the source requires it")]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"of": "integer", "css": "i", "on_invalid": "missing"}, [1, 3]),
        ({"of": "url", "css": "b"}, ["http://shop.test/things/x", "http://shop.test/things/y"]),
        ({"of": "decimal", "jsonld": "offers[].price"}, [Decimal(1), Decimal(2)]),
        ({"css": "b", "regex": "[a-x]"}, ["x"]),
    ],
)
def test_a_list_has_entries_of_one_type(rule: dict, value: list) -> None:
    assert only({"found": {"type": "list", **rule}}, kind="product").values["found"] == value


def test_one_ill_typed_entry_refuses_the_record_unless_the_source_says_otherwise() -> None:
    rule = {"type": "list", "of": "integer", "css": "i"}
    assert reasons(only({"found": rule})) == [("type", "found: not a number")]
    assert only({"found": {**rule, "on_invalid": "default", "default": [7]}}).values == {"found": [7]}
    none_left = {"type": "list", "of": "integer", "css": ".price", "on_invalid": "missing"}
    assert only({"found": none_left}).values == {}
    assert only({"found": {**none_left, "default": [7]}}).values == {"found": [7]}


MISSING = {"css": ".gone"}
INVALID = {"css": ".price", "type": "decimal"}


@pytest.mark.parametrize(
    ("rule", "values", "errors", "dropped"),
    [
        (MISSING, {}, [], None),
        ({**MISSING, "on_missing": "keep"}, {}, [], None),
        (
            {**MISSING, "on_missing": "require"},
            {},
            [("required", "cost is missing, and the source requires it")],
            None,
        ),
        ({**MISSING, "default": "none"}, {"cost": "none"}, [], None),
        ({**MISSING, "on_missing": "drop"}, {}, [], "missing:cost"),
        ({**MISSING, "on_invalid": "drop"}, {}, [], None),
        (INVALID, {}, [("type", "cost: not a number")], None),
        ({**INVALID, "on_missing": "drop"}, {}, [("type", "cost: not a number")], None),
        ({**INVALID, "default": 5}, {}, [("type", "cost: not a number")], None),
        ({**INVALID, "on_invalid": "default", "default": 5}, {"cost": Decimal(5)}, [], None),
        ({**INVALID, "on_invalid": "missing"}, {}, [], None),
        ({**INVALID, "on_invalid": "missing", "on_missing": "drop"}, {}, [], "missing:cost"),
        ({**INVALID, "on_invalid": "drop"}, {}, [], "invalid:cost"),
    ],
)
def test_each_policy_for_missing_and_for_ill_typed_values(
    rule: dict, values: dict, errors: list, dropped: str | None
) -> None:
    candidate = only({"cost": rule})
    assert candidate.values == values
    assert reasons(candidate) == errors
    assert (candidate.dropped and candidate.dropped.rule) == dropped


def test_what_was_filled_in_counts_as_not_found() -> None:
    extraction = extracted({"cost": {**MISSING, "default": "none"}})
    assert extraction.selector_hits["cost"] == {NO_HIT: 1}


@pytest.mark.parametrize(
    ("value_type", "default", "value"),
    [
        ("text", "a  b", "a b"),
        ("decimal", 4.5, Decimal("4.5")),
        ("integer", 4, 4),
        ("date", "2026-06-01", dt.datetime(2026, 6, 1, tzinfo=dt.UTC)),
        ("date", dt.date(2026, 6, 1), dt.datetime(2026, 6, 1, tzinfo=dt.UTC)),
        ("url", "https://a.test/x", "https://a.test/x"),
        ("bool", False, False),
        ("list", ["a", "b"], ["a", "b"]),
        ("list", "a", ["a"]),
    ],
)
def test_a_default_is_of_its_fields_type(value_type: str, default: object, value: object) -> None:
    assert only({"x": {"type": value_type, "css": "h9", "default": default}}).values == {"x": value}


def test_a_default_is_read_as_a_found_value_of_its_name() -> None:
    fields = {
        "price": {"css": "h9", "default": 5},
        "currency": {"css": "h9", "default": "eur"},
        "availability": {"css": "h9", "default": "in stock"},
    }
    assert only(fields).values == {"price": Decimal(5), "currency": "EUR", "availability": "InStock"}


def test_a_name_with_a_column_has_its_type_on_the_record_and_not_within_objects() -> None:
    fields = {"rating": ".r", "modified_at": ".d", "about": {"fields": {"rating": ".r"}}}
    values = only(fields, "<p class=r>4.5</p><p class=d>2026-06-01</p>").values
    assert values["rating"] == Decimal("4.5")
    assert values["modified_at"] == dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    assert values["about"] == {"rating": "4.5"}
