"""Our objects against what extruct's own tests expect of its samples.

Mapped before comparison: types and RDFa's properties lose their namespace; a list of one is its value; white
space is collapsed; addresses are made absolute; of a link that names something only the address is compared.
RDFa's note on the vocabularies of a page and the names of its unnamed nodes are left out; its nodes come in
any order. The text of an item that is no property and has none is left out: it may be the whole page.
OpenGraph's properties are compared by name, all values in their order.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ada_url
import pytest

from webdata_assets.stages.extract.structured import JsonObject, StructuredData
from webdata_assets.stages.extract.structured.objects import local_name
from webdata_assets_tests.extract.making import DATA, make_document

SAMPLES = DATA / "extruct_samples"
BASES = {
    "microdata.7.1": "http://blog.example.com/progress-report",
    "microdata.object": "http://www.example.com/microdata/",
}
BASE = "http://www.example.com/index.html"
OTHER_OUTPUT = "one of extruct's other output options for a page that is compared in its usual output"
NOT_READ = "a syntax that is not read: {}"
UNEQUAL = {  # by file, or file and syntax
    "schema.org/CreativeWork_flat.001.json": OTHER_OUTPUT,
    "schema.org/CreativeWork_flat_with_node_id.001.json": OTHER_OUTPUT,
    "schema.org/product_custom_url.json": OTHER_OUTPUT,
    "schema.org/product_custom_url_and_node_id.json": OTHER_OUTPUT,
    "misc/opengraph_flat_test.json": OTHER_OUTPUT,
    "w3c/microdata.5.2.flat.json": OTHER_OUTPUT,
    "w3c/microdata.5.2.withtext.json": OTHER_OUTPUT,
    "w3c/microdata.7.1.flat.json": OTHER_OUTPUT,
    "misc/microformat_flat_test.json": NOT_READ.format("microformats"),
    "misc/microformat_test.json": NOT_READ.format("microformats"),
    "misc/dublincore_test.json": NOT_READ.format("Dublin Core as such; its meta elements are in `meta`"),
    "misc/expanded_OG_support_test.json": NOT_READ.format("OpenGraph as RDFa; it is in `opengraph`"),
    "songkick/elysianfields.json rdfa": NOT_READ.format("OpenGraph as RDFa; it is in `opengraph`"),
    "songkick/elysianfields_1.json rdfa": NOT_READ.format("OpenGraph as RDFa; it is in `opengraph`"),
    "songkick/elysianfields_1.json opengraph": "it expects properties that the page does not have",
    "songkick/tovestyrke.json rdfa": NOT_READ.format("OpenGraph as RDFa; it is in `opengraph`"),
    "wikipedia/xhtml+rdfa.expanded.json": NOT_READ.format("rel and xmlns, which only full RDFa has"),
    "misc/Portfolio_Niels_Lubberman.json": NOT_READ.format("rel and xmlns, which only full RDFa has"),
}


def syntaxes(path: Path) -> dict[str, Any]:
    """Return what a file expects, by syntax."""
    expected = json.loads(path.read_text())
    if isinstance(expected, dict):
        return expected if "items" not in expected else {"json-ld": expected["items"]}
    if path.suffix == ".jsonld":
        return {"json-ld": expected}
    if path.name.endswith("expanded.json"):
        return {"rdfa": expected}
    return {"opengraph" if "namespace" in expected[0] else "microdata": expected}


def tidy(value: Any, base: str) -> Any:
    """Return a value with white space collapsed, addresses absolute, and single values out of their lists."""
    if isinstance(value, list):
        values = [tidy(entry, base) for entry in value]
        return values[0] if len(values) == 1 else values
    if isinstance(value, dict):
        if value.keys() == {"url", "name"}:
            return tidy(value["url"], base)
        return {name: tidy(entry, base) for name, entry in value.items()}
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    is_relative = re.match(r"[#?]|/[^/]", text) or text in {"foo", ""}
    return ada_url.join_url(base, text) if is_relative else text


def without_namespace(names: Any) -> Any:
    local = [local_name(name) for name in (names if isinstance(names, list) else [names])]
    return local[0] if len(local) == 1 else local


def microdata_item(item: Any) -> Any:
    """Return an item of extruct in our shape."""
    if isinstance(item, list):
        return [microdata_item(entry) for entry in item]
    if not isinstance(item, dict) or not item.keys() & {"type", "properties", "value"}:
        return item
    shaped: JsonObject = {"@type": without_namespace(item["type"])} if "type" in item else {}
    shaped |= {"@id": item["id"]} if "id" in item else {}
    shaped |= {"@value": item["value"]} if item.get("value") else {}
    return shaped | {name: microdata_item(value) for name, value in item.get("properties", {}).items()}


def rdfa_node(node: JsonObject) -> JsonObject:
    """Return a node of extruct's expanded JSON-LD in our shape."""
    shaped: JsonObject = {}
    for name, value in node.items():
        if name == "@type":
            shaped[name] = without_namespace(value)
        elif name == "@id":
            shaped |= {} if value.startswith("_:") else {"@id": value}
        elif local_name(name) != "usesVocabulary":
            shaped[local_name(name)] = [entry.get("@value", entry.get("@id")) for entry in value]
    return shaped


def says_something(node: JsonObject) -> bool:
    return bool(node.keys() - {"@id", "@type"})


def in_any_order(values: list[Any]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def same_jsonld(expected: Any, structured: StructuredData, base: str) -> None:
    ours = in_any_order([tidy(entry, base) for entry in structured.objects])
    wanted = in_any_order([tidy(entry, base) for entry in expected])
    assert [entry for entry in ours if entry in wanted] == wanted


def same_microdata(expected: Any, structured: StructuredData, base: str) -> None:
    wanted = [tidy(microdata_item(entry | {"value": None}), base) for entry in expected]
    assert [tidy(item, base) for item in structured.microdata] == wanted


def same_rdfa(expected: Any, structured: StructuredData, base: str) -> None:
    wanted = [node for entry in expected if says_something(node := rdfa_node(entry))]
    ours = [item | ({"@id": item["@id"] or base} if "@id" in item else {}) for item in structured.rdfa]
    assert in_any_order([tidy(item, base) for item in ours]) == in_any_order([tidy(n, base) for n in wanted])


def same_opengraph(expected: Any, structured: StructuredData, _: str) -> None:
    for page in expected:
        wanted: dict[str, list[str]] = {}
        for name, value in page["properties"]:
            wanted.setdefault(name.lower(), []).append(value.strip())
        assert {name: structured.opengraph.get(name) for name in wanted} == wanted


COMPARED: dict[str, Callable[[Any, StructuredData, str], None]] = {
    "json-ld": same_jsonld,
    "microdata": same_microdata,
    "rdfa": same_rdfa,
    "opengraph": same_opengraph,
}


def expectations() -> Iterator[Any]:
    """Yield each file with each syntax that it expects something of."""
    for path in sorted([*SAMPLES.rglob("*.json"), *SAMPLES.rglob("*.jsonld")]):
        name = str(path.relative_to(SAMPLES))
        if name in UNEQUAL:
            continue
        for syntax, expected in syntaxes(path).items():
            if syntax in COMPARED and f"{name} {syntax}" not in UNEQUAL:
                yield pytest.param(path, syntax, expected, id=f"{name} {syntax}")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is absent: it is not part of the repository")
@pytest.mark.parametrize(("path", "syntax", "expected"), list(expectations()))
def test_a_sample_says_what_extruct_expects(path: Path, syntax: str, expected: Any) -> None:
    page = path.with_name(path.name.removesuffix(path.suffix).removesuffix(".expanded") + ".html")
    base = BASES.get(page.stem, BASE)
    COMPARED[syntax](expected, make_document(page.read_bytes(), base).structured, base)
