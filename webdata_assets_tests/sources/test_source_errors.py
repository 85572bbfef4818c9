"""Broken source files: each error names file, line, field and remedy."""

from pathlib import Path

import pytest

from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.sources.reading import GOOD, message_of

CASES = {
    "malformed": (
        "  kind: product",
        "  kind: [product",
        ":11:9: document: malformed YAML:",
        "quotes around",
    ),
    "tab": ("  kind: product", "\tkind: product", ":10:1: document: malformed YAML:", "indentation"),
    "unknown field": ("start: 2026", "strat: 2026", ":3: strat: unknown field", "did you mean `start`?"),
    "missing": (
        "start: 2026-06-01\n",
        "",
        ":1: start: required, and missing",
        "add `start:` (The first date",
    ),
    "unknown field of a rule": (
        "items: a.item",
        "itms: a.item",
        ":8: fetch.discover[0].itms: unknown field",
        "did you mean `items`?",
    ),
    "missing field of a rule": (
        "      items: a.item\n",
        "",
        ":6: fetch.discover[0].items: required, and missing",
        "add `items:` (CSS",
    ),
    "unknown rule": (
        "by: listing",
        "by: lsting",
        ":6: fetch.discover[0].by: 'lsting' is no way",
        "did you mean `listing`?",
    ),
    "rule without by": (
        "- by: listing\n      start",
        "- start",
        ":6: fetch.discover[0].by: required",
        "urls, links, listing",
    ),
    "wrong type": (
        "start: [https://example.com/]",
        "start: https://example.com/",
        ":7: fetch.discover[0].start: 'https://example.com/' is not a list",
        "one item per line after `- `",
    ),
    "a mapping is wanted": ("  fields:", "  fields: {}\nfetches:", ":12: fetches: unknown field", "`fetch`"),
    "empty list": (
        "[https://example.com/]",
        "[]",
        ":7: fetch.discover[0].start: an empty list",
        "at least 1",
    ),
    "bad URL": (
        "[https://",
        "[ftp://",
        ":7: fetch.discover[0].start[0]: 'ftp:",
        "absolute http or https URL",
    ),
    "bad CSS": (
        "a.item",
        "'a[['",
        ":8: fetch.discover[0].items: 'a[[' is not a CSS selector",
        "links to content",
    ),
    "bad CSS of a field": ("h1", "'h1['", ":12: extract.fields.title: 'h1[' is not a CSS", "tried in order"),
    "bad JMESPath": (
        "css: .price",
        "jmespath: 'a['",
        ":13: extract.fields.price: 'a[' is not",
        "tried in order",
    ),
    "field of a field": (
        "type: decimal",
        "typ: decimal",
        ":14: extract.fields.price.typ: unknown field",
        "did you mean `type`?",
    ),
    "choice": (
        "kind: product",
        "kind: produkt",
        ":10: extract.kind: 'produkt' is not",
        "did you mean `product`?",
    ),
    "bad date": ("2026-06-01", "1st of June", ":3: start: '1st of June' is not a date", "YYYY-MM-DD"),
    "impossible date": (
        "2026-06-01",
        "2026-02-30",
        ":3: start: '2026-02-30' looks like a timestamp",
        "YYYY-MM-DD",
    ),
    "name with quote": ("good", '"it\'s"', ':1: name: "it\'s" does not match', "lower-case letters, digits"),
    "name with slash": (
        "good",
        "a/b",
        ":1: name: 'a/b' does not match ^[a-z0-9_-]{1,64}$",
        "lower-case letters",
    ),
    "name with newline": ("good", '"good\\n"', ":1: name: 'good\\n' does not match", "lower-case letters"),
    "name that is a number": (
        "good",
        "2026",
        ":1: name: 2026 should be a valid string",
        "Names the partition",
    ),
    "duplicate key": (
        "description: A test\n",
        "description: A test\ndescription: Two\n",
        ":3: description: the key is given twice, first on line 2",
        "keep one of them",
    ),
    "duplicate key below": (
        "    title: h1\n",
        "    title: h1\n    title: h2\n",
        ":13: extract.fields.title: the key is given twice",
        "keep one of them",
    ),
    "expectation of no field": (
        "    price: 0.9",
        "    prise: 0.9",
        ":18: expect.completeness.prise: 'prise' is not in",
        "declare it there",
    ),
    "share above one": (
        "price: 0.9",
        "price: 90",
        ":18: expect.completeness.price: 90 should be less than",
        "expected: Field",
    ),
    "cron": (
        "fetch:",
        'schedule: "0 25 * * *"\nfetch:',
        ":4: schedule: '0 25 * * *' is not",
        "Cron expression",
    ),
    "tag": ("A test", "!!python/name:os.system A", ":2: description: the tag", "quote the text"),
    "infinity": (
        "fetch:",
        "cadence_hours: .inf\nfetch:",
        ":4: cadence_hours: inf should be a finite number",
        "fresh data",
    ),
    "regular expression that repeats without end": (
        "title: h1",
        "title: {css: h1, regex: 'a{99999999999}'}",
        ":12: extract.fields.title: 'a{99999999999}' is not a regular expression",
        "Selectors, tried in order",
    ),
    "regular expression that nests without end": (
        "title: h1",
        f"title: {{css: h1, regex: '{'(' * 3_000}'}}",
        ":12: extract.fields.title: '((((",
        "is not a regular expression: maximum recursion",
    ),
    "JMESPath that nests without end": (
        "title: h1",
        f"title: {{jmespath: '{'!' * 5_000}a'}}",
        ":12: extract.fields.title: '!!!!",
        "is not a JMESPath expression: maximum recursion",
    ),
    "tag that the value does not fit": (
        "A test",
        "!!bool A",
        ":2: description: 'A' looks like a bool and is none",
        "quote it",
    ),
    "tag of a number without digits": ("A test", "!!int ''", ":2: description: '' looks like a int", "quote"),
    "tag of a date": ("A test", "!!timestamp A", ":2: description: 'A' looks like a timestamp", "quote it"),
    "key that is not text": (
        "start:",
        "on: 1\nstart:",
        ":3: document: the key 'on' is not text",
        "put quotes",
    ),
    "anchor": (
        "A test",
        "&a A test",
        ":2: document: anchors and aliases are not allowed (`a`)",
        "write the value",
    ),
    "key rule": (
        "  fields:",
        "  key: [id]\n  fields:",
        ":11: extract.key[0]: 'id' is not in",
        "one of title, price",
    ),
}


def test_the_good_file_is_good(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    assert list(load_sources(tmp_path).all) == ["good"]


@pytest.mark.parametrize(("old", "new", "place", "remedy"), CASES.values(), ids=CASES)
def test_an_error_names_file_line_field_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, remedy: str
) -> None:
    assert GOOD.count(old) >= 1
    message = message_of(tmp_path, GOOD.replace(old, new, 1).encode())
    matching = [line for line in message.splitlines() if line.startswith(f"{tmp_path}/bad.yaml{place}")]
    assert matching, message
    assert remedy in matching[0]


def test_all_problems_of_one_file_are_reported_in_the_order_of_lines(tmp_path: Path) -> None:
    broken = GOOD.replace("good", "Bad Name").replace("items", "itms").replace("type: decimal", "type: money")
    lines = message_of(tmp_path, broken.encode()).splitlines()
    fields = ["name", "fetch.discover[0].items", "fetch.discover[0].itms", "extract.fields.price.type"]
    assert [line.split(": ")[1] for line in lines] == fields
