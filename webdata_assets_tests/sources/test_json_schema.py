"""The JSON Schema agrees with the model, and the committed file with both."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.json_schema import SCHEMA_PATH, render

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
PATCHES = PACKAGED_SOURCES.parent / "demo" / "patches"
SHIPPED = sorted([*PACKAGED_SOURCES.glob("*.yaml"), *PATCHES.glob("*.yaml")])


def errors_of(source: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(render()))
    # an editor reads dates as text
    return [error.message for error in validator.iter_errors(json.loads(json.dumps(source, default=str)))]


@pytest.fixture
def shop() -> dict[str, Any]:
    return yaml.safe_load((PACKAGED_SOURCES / "demo_shop.yaml").read_text())


def test_the_committed_schema_is_current() -> None:
    assert SCHEMA_PATH.read_text(encoding="utf-8") == render()


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(render()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_file_passes_the_schema(path: Path) -> None:
    assert errors_of(yaml.safe_load(path.read_text())) == []


@pytest.mark.parametrize(
    "rule",
    [
        "h1",
        {"css": "h1"},
        {"css": "a", "attr": "href", "type": "url"},
        {"type": "list", "from": [{"css": "li"}]},
        {"type": "text"},
        {"css": "b", "on_missing": "default", "default": 4.5},
        {"type": "list", "css": "li", "fields": {"name": "b", "more": {"fields": {"price": {"xpath": "i"}}}}},
        {"fields": {"name": "b"}, "on_missing": "drop"},
    ],
)
def test_every_form_of_a_field_passes(shop: dict[str, Any], rule: object) -> None:
    shop["extract"]["fields"]["title"] = rule
    assert errors_of(shop) == []


@pytest.mark.parametrize(
    "rule",
    [
        3,
        {},
        {"ccs": "h1"},
        {"from": []},
        {"css": "h1", "from": [{"css": "h1"}]},
        {"css": "h1", "on_missing": "quarantine"},
        {"css": "h1", "fields": {"name": {"ccs": "b"}}},
    ],
)
def test_a_broken_field_fails(shop: dict[str, Any], rule: object) -> None:
    shop["extract"]["fields"]["title"] = rule
    assert errors_of(shop)


@pytest.mark.parametrize("items", ["a.item", "//li", {"xpath": "//li"}, {"css": "#state", "jmespath": "a"}])
def test_every_form_of_items_passes(shop: dict[str, Any], items: object) -> None:
    shop["extract"]["items"] = items
    assert errors_of(shop) == []


def test_an_unknown_key_fails(shop: dict[str, Any]) -> None:
    shop["strat"] = "2026-06-01"
    assert errors_of(shop)
