"""`webdata try` on a page, with each kind of selector, type and policy."""

import json
import sys
from typing import Any

import pytest
import yaml

from webdata_assets_tests.cli.calling import Webdata

PAGE = """<!doctype html><html lang="en"><head>
<meta name="author" content="Ann">
<script type="application/ld+json">{"@type": "Recipe", "name": "Soup", "recipeYield": "4"}</script>
<script id="state">window.state = {"likes": 12};</script></head>
<body><h1>Soup of the day</h1><p class="price">4.50 €</p><p class="code">No. S-1</p>
<div itemscope itemtype="https://schema.org/Recipe"><time itemprop="cookTime" datetime="PT1H">1 h</time></div>
<ul><li><b>Leek</b> <i>2</i></li><li><b>Salt</b> <i>some</i></li></ul></body></html>"""

SOURCE = {
    "name": "soups",
    "description": "Soups",
    "start": "2026-06-01",
    "fetch": {"discover": [{"by": "urls", "start": ["http://soups.test/"]}]},
}


def tried(
    webdata: Webdata, extract: dict[str, Any], page: str = PAGE, name: str = "page.html"
) -> dict[str, Any]:
    """Return the report of a page, with the record's fields by name."""
    (webdata.sources / "soups.yaml").write_text(yaml.safe_dump({**SOURCE, "extract": extract}))
    assert webdata("sources", "check").exit_code == 0
    path = webdata.folder / name
    path.write_text(page)
    said = webdata("try", str(path), "--source", "soups", "--json")
    report = said.json()
    assert said.exit_code == (0 if report["ok"] else 1)
    values: list[dict[str, Any]] = [{} for _ in range(report["records_found"])]
    for row in report["fields"]:
        values[row["record"]] |= {row["field"]: row["value"]}
    merged = [{**record, **json.loads(record.get("extra", "{}"))} for record in values]
    return {**report, "values": merged}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("h1", "Soup of the day"),
        ("//h1", "Soup of the day"),
        ({"css": "h1"}, "Soup of the day"),
        ({"css": "html", "attr": "lang"}, "en"),
        ({"xpath": "string(//li[1]/b)"}, "Leek"),
        ({"jsonld": "recipeYield", "type": "integer"}, 4),
        ({"jsonld": "name", "schema_type": "Recipe"}, "Soup"),
        ({"microdata": "cookTime"}, "PT1H"),
        ({"meta": "author"}, "Ann"),
        ({"css": "#state", "jmespath": "likes", "type": "integer"}, 12),
        ({"regex": r"No\. (\S+)"}, "S-1"),
        ({"css": ".price", "type": "decimal"}, 4.5),
        ({"from": [{"css": ".gone"}, {"css": ".code", "regex": "S-."}]}, "S-1"),
        ({"type": "list", "xpath": "//li/b"}, ["Leek", "Salt"]),
        (
            {
                "type": "list",
                "css": "li",
                "fields": {"what": "b", "n": {"css": "i", "type": "bool", "on_invalid": "missing"}},
            },
            [{"what": "Leek"}, {"what": "Salt"}],
        ),
        ({"css": ".gone", "default": "none"}, "none"),
    ],
)
def test_each_kind_of_rule_shows_its_value(webdata: Webdata, rule: object, value: object) -> None:
    report = tried(webdata, {"kind": "item", "fields": {"title": "h1", "found": rule}})
    assert report["problems"] == []
    assert report["values"][0]["found"] == value


def test_items_and_what_is_left_out_are_shown(webdata: Webdata) -> None:
    fields = {"title": "b", "n": {"type": "integer", "css": "i", "on_invalid": "drop"}}
    report = tried(webdata, {"kind": "item", "items": "//li", "fields": fields})
    assert [record["title"] for record in report["values"]] == ["Leek"]
    assert (report["ok"], report["problems"]) == (True, [])
    assert report["left_out"] == [
        "left out by invalid:n: n: not a number, and the source leaves such records out"
    ]
    assert (
        report["left_out"][0] in webdata("try", str(webdata.folder / "page.html"), "--source", "soups").stdout
    )


def test_a_required_field_that_is_missing_is_a_problem(webdata: Webdata) -> None:
    fields = {"title": "h1", "n": {"css": ".gone", "on_missing": "require"}}
    report = tried(webdata, {"kind": "item", "fields": fields})
    assert report["problems"] == ["refused by required: n is missing, and the source requires it"]


def test_a_json_page_is_read_by_its_items(webdata: Webdata) -> None:
    fields = {"title": {"jmespath": "name"}, "key": {"jmespath": "id", "type": "integer"}}
    extract = {"kind": "item", "items": {"jmespath": "all"}, "key": ["key"], "fields": fields}
    report = tried(webdata, extract, '{"all": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}', "page.json")
    assert sorted(record["title"] for record in report["values"]) == ["a", "b"]


def test_a_function_of_the_users_is_tried(webdata: Webdata, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = webdata.folder / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "soup_reader", raising=False)
    (folder / "soup_reader.py").write_text(
        "def read(document, payload):\n"
        "    for node in document.tree.css('li b'):\n"
        "        yield {'title': node.text(), 'length': str(len(node.text()))}\n"
    )
    fields = {"title": {"type": "text"}, "length": {"type": "integer"}}
    extract = {"kind": "item", "python": "soup_reader:read", "key": ["title"], "fields": fields}
    report = tried(webdata, extract)
    assert {record["title"]: record["length"] for record in report["values"]} == {"Leek": 4, "Salt": 4}
    assert {"field": "length", "selector": "python", "matches": 2} in report["selectors"]
