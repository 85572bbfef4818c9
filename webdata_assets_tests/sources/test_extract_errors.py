"""Broken `extract` sections: each error names file, line, field and remedy."""

from pathlib import Path

import pytest

from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.sources.reading import GOOD, message_of

PRICE = """\
    price:
      type: decimal
      css: .price
"""

CASES = {
    "bad XPath": (
        "css: .price",
        "xpath: '//p['",
        ":13: extract.fields.price: '//p[' is not an XPath",
        "tried in order",
    ),
    "unknown function of XPath": (
        "css: .price",
        "xpath: lower(//p)",
        ":13: extract.fields.price: 'lower(//p)' is not an XPath 1.0",
        "tried in order",
    ),
    "bad XPath in short": (
        "title: h1",
        "title: //h1[",
        ":12: extract.fields.title: '//h1[' is not",
        "tried in order",
    ),
    "two places": (
        "css: .price",
        "css: .price\n      jsonld: price",
        ":13: extract.fields.price: give one of css and jsonld",
        "tried in order",
    ),
    "attr beside XPath": (
        "css: .price",
        "xpath: //p\n      attr: id",
        ":13: extract.fields.price: `attr` goes with `css` only",
        "/@name",
    ),
    "schema type without data": (
        "css: .price",
        "css: .price\n      schema_type: Offer",
        ":13: extract.fields.price: `schema_type` goes with `jsonld` or `microdata`",
        "tried in order",
    ),
    "JMESPath beside JSON-LD": (
        "css: .price",
        "jsonld: offers\n      jmespath: price",
        ":13: extract.fields.price: `jsonld` is a JMESPath by itself",
        "tried in order",
    ),
    "no selector": (
        "      css: .price\n",
        "",
        ":13: extract.fields.price: nothing says where",
        "add `from:`",
    ),
    "no selector in the list": (
        "css: .price",
        "from: []",
        ":15: extract.fields.price.from: an empty list",
        "tried in order",
    ),
    "unknown selector": (
        "css: .price",
        "csss: .price",
        ":15: extract.fields.price.csss: unknown field",
        "did you mean `css`?",
    ),
    "unknown policy": (
        "css: .price",
        "css: .price\n      on_missing: defualt",
        ":16: extract.fields.price.on_missing: 'defualt' is not one of the choices",
        "did you mean `default`?",
    ),
    "policy of the other kind": (
        "css: .price",
        "css: .price\n      on_missing: quarantine",
        ":16: extract.fields.price.on_missing: 'quarantine' is for values that are not of their type",
        "`require` quarantines records that lack the field",
    ),
    "default without value": (
        "css: .price",
        "css: .price\n      on_missing: default",
        ":13: extract.fields.price.default: there is no default",
        "add `default:`",
    ),
    "default that is never used": (
        "css: .price",
        "css: .price\n      on_missing: drop\n      default: 4",
        ":17: extract.fields.price.default: `default` is never used",
        "write `on_missing: default`",
    ),
    "default of another type": (
        "css: .price",
        "css: .price\n      default: free",
        ":16: extract.fields.price.default: 'free' is not of the type decimal",
        "write a number",
    ),
    "default that is infinite": (
        "css: .price",
        "css: .price\n      default: .inf",
        ":16: extract.fields.price.default: inf is not of the type decimal",
        "write a number",
    ),
    "default that no table can hold": (
        "css: .price",
        f"css: .price\n      default: {10**30}",
        ":16: extract.fields.price.default: 1000000000000000000000000000000 is not of the type decimal",
        "write a number",
    ),
    "default of another type than the name's": (
        "title: h1",
        "title: h1\n    rating: {css: .r, default: many}",
        ":13: extract.fields.rating.default: 'many' is not of the type decimal",
        "write a number",
    ),
    "entries without a list": (
        "type: decimal",
        "of: decimal",
        ":14: extract.fields.price.of: `of` is for lists",
        "write `type: list`",
    ),
    "object without fields": (
        PRICE,
        "    offer:\n      type: object\n      css: p\n",
        ":14: extract.fields.offer.type: an object needs fields",
        "write `fields:`",
    ),
    "fields of a number": (
        "css: .price",
        "css: .price\n      fields: {a: b}",
        ":16: extract.fields.price.fields: only objects have",
        "another type",
    ),
    "object in a column": (
        PRICE,
        "    price:\n      css: p\n      fields: {a: b}\n",
        ":13: extract.fields.price.type: the column `price` holds no objects",
        "another name",
    ),
    "object in texts": (
        PRICE,
        "    offer:\n      from: [{css: p}, {css: p, attr: id}]\n      fields: {a: b}\n",
        ":14: extract.fields.offer.from[1]: css:p@id finds texts",
        "without `attr` and `regex`",
    ),
    "default of an object": (
        PRICE,
        "    offer:\n      css: p\n      default: {a: b}\n      fields: {a: b}\n",
        ":15: extract.fields.offer.default: an object has no default",
        "own fields",
    ),
    "name within an object": (
        PRICE,
        "    offer:\n      css: p\n      fields:\n        Unit Price: b\n",
        ":16: extract.fields.offer.fields.'Unit Price': 'Unit Price' is not a field name",
        "lower-case letters",
    ),
    "selector within an object": (
        PRICE,
        "    offer:\n      css: p\n      fields:\n        unit: 'b['\n",
        ":16: extract.fields.offer.fields.unit: 'b[' is not a CSS selector",
        "tried in order",
    ),
    "no selector within an object": (
        PRICE,
        "    offer:\n      css: p\n      fields:\n        unit: {type: text}\n",
        ":16: extract.fields.offer.fields.unit: nothing says where",
        "add `from:`",
    ),
    "key within an object": (
        PRICE,
        "    offer:\n      css: p\n      fields:\n        unit: {css: b, tpye: url}\n",
        ":16: extract.fields.offer.fields.unit.tpye: unknown field",
        "did you mean `type`?",
    ),
    "items in no language": (
        "  fields:",
        "  items: 'a[['\n  fields:",
        ":11: extract.items: 'a[[' is neither a CSS selector nor a JMESPath",
        "CSS selector or XPath (HTML) or JMESPath",
    ),
    "items by a bad XPath": (
        "  fields:",
        "  items: //li[\n  fields:",
        ":11: extract.items: '//li[' is not an XPath",
        "CSS selector or XPath",
    ),
    "items by an unknown way": (
        "  fields:",
        "  items: {xpaht: //li}\n  fields:",
        ":11: extract.items.xpaht: unknown field",
        "did you mean `xpath`?",
    ),
    "items nowhere": (
        "  fields:",
        "  items: {}\n  fields:",
        ":11: extract.items: give one of css, xpath",
        "CSS selector",
    ),
    "items and a function": (
        "  fields:",
        "  python: webdata_assets.errors:f\n  items: li\n  fields:",
        ":12: extract.items: `items` does not go with `python`",
        "return a list",
    ),
    "templates without the model": (
        "  fields:",
        "  content: fast\n  remove_templates: true\n  fields:",
        ":12: extract.remove_templates: `content: fast` does not know templates",
        "use `content: balanced`",
    ),
    "function in a file": (
        "  fields:",
        "  python: ../mine.py:f\n  fields:",
        ":11: extract.python: '../mine.py:f' is not `package.module:function`",
        "`package.module:function` of yours",
    ),
    "function of no module": (
        "  fields:",
        "  python: no_such_package.reader:f\n  fields:",
        ":11: extract.python: there is no module 'no_such_package': install it",
        "PYTHONPATH",
    ),
    "function of Python": (
        "  fields:",
        "  python: os.path:join\n  fields:",
        ":11: extract.python: 'os.path' is a module of Python itself",
        "of yours",
    ),
}


@pytest.mark.parametrize(("old", "new", "place", "remedy"), CASES.values(), ids=CASES)
def test_an_error_names_file_line_field_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, remedy: str
) -> None:
    assert GOOD.count(old) == 1
    without_expectations = GOOD.partition("expect:")[0]
    message = message_of(tmp_path, without_expectations.replace(old, new).encode())
    matching = [line for line in message.splitlines() if line.startswith(f"{tmp_path}/bad.yaml{place}")]
    assert matching, message
    assert remedy in matching[0]


@pytest.mark.parametrize(
    "rule",
    [
        "{css: .price, default: 4.5}",
        "{css: .price, on_invalid: default, default: 4}",
        "{from: [{css: .price}, {xpath: //p}, {jsonld: price}], on_missing: require, on_invalid: drop}",
        "//p[@class='price']",
        "{microdata: offers.price, schema_type: Product, regex: '[0-9]+'}",
    ],
)
def test_a_good_rule_loads(tmp_path: Path, rule: str) -> None:
    (tmp_path / "good.yaml").write_text(GOOD.replace(PRICE, f"    price: {rule}\n"))
    assert load_sources(tmp_path).get("good").extract.fields["price"].from_
