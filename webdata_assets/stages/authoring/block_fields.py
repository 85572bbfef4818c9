"""The fields of repeated boxes: what most of them have, at one place, with values that differ.

What belongs here: places, values and names. What does not: which boxes (blocks.py), and what a selector is
made of (extract/induction/elements.py).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from selectolax.lexbor import LexborNode

from webdata_assets.sources.fields import ValueType
from webdata_assets.stages.authoring.blocks import Blocks
from webdata_assets.stages.authoring.columns import LEAST_SHARE, Column, own_columns
from webdata_assets.stages.authoring.naming import field_name
from webdata_assets.stages.authoring.values import is_money, type_of_values
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.induction.elements import ways_to
from webdata_assets.stages.extract.selectors import css_nodes
from webdata_assets.stages.extract.values import ConversionError, as_url
from webdata_assets.stages.extract.visible_text import text_of

_LEARNT_BOXES = 3
"""Whose elements are looked at; the others tell whether a place is common."""
_TRIED_BOXES = 20
_MOST_LEAVES = 40
_MOST_WAYS = 6
_MOST_FIELDS = 12
_SAME_SHARE = 0.9
_LONGEST_VALUE = 4_000
_LONGEST_SAMPLE = 60
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ATTRIBUTES = {"a": ("href",), "img": ("src", "data-src"), "time": ("datetime",), "data": ("value",),
               "meta": ("content",)}  # fmt: skip
_UNREAD = frozenset({"script", "style", "noscript", "template", "svg", "button", "input", "select", "form"})


def fields_of(blocks: Blocks, document: Document) -> list[dict[str, Any]]:
    """Return what most boxes have: name, type, selector keys, share of the boxes, and a sample value."""
    boxes = list(blocks.nodes)[:_TRIED_BOXES]
    columns: dict[tuple[Any, ...], Column] = {}
    for css, attribute, tag, cost in _places(boxes[:_LEARNT_BOXES]):
        column = _column(css, attribute, tag, cost, boxes, document)
        if column.share < LEAST_SHARE or _is_constant(column) or column.is_by_place:
            continue
        if attribute == "href" and column.is_list:
            continue
        known = columns.get(column.values)
        if known is None or _order(column) < _order(known):
            columns[column.values] = column
    # headings and short names first, so that the best name goes to the best place
    kept = sorted(columns.values(), key=lambda column: (*_order(column), column.css))
    fields: list[dict[str, Any]] = []
    for column in own_columns(kept)[:_MOST_FIELDS]:
        fields.append(_field(column, [entry["name"] for entry in fields]))
    return fields


def own_links(blocks: Blocks, document: Document) -> list[str]:
    """Return where the boxes lead that are links themselves; none where they are not."""
    found = [_value(node, "href", document) for node in blocks.nodes if node.tag == "a"]
    return [url for url in found if url is not None]


def _places(boxes: Sequence[LexborNode]) -> Iterator[tuple[str, str | None, str, float]]:
    seen = set()
    for box in boxes:
        for node, attribute in list(_leaves(box))[:_MOST_LEAVES]:
            ways = sorted(
                (way for way in ways_to(node, attribute, box) if way.keys[0][0] == "css"),
                key=lambda way: (way.cost, way.keys),
            )
            for way in ways[:_MOST_WAYS] or ():
                key = (way.keys[0][1], attribute)
                if key not in seen:
                    seen.add(key)
                    yield way.keys[0][1], attribute, node.tag or "", way.cost
            above = node.parent.tag if node.parent is not None else None
            if node.tag == "a" and above in _HEADINGS and (above, attribute) not in seen:
                seen.add((above, attribute))
                yield f"{above} a", attribute, node.tag, 3.0
            if node.tag in (*_HEADINGS, "a", "img", "time", "p", "td") and (node.tag, attribute) not in seen:
                seen.add((node.tag, attribute))
                yield node.tag or "", attribute, node.tag or "", 3.2


def _leaves(box: LexborNode) -> Iterator[tuple[LexborNode, str | None]]:
    for node in box.css("*"):
        if node.mem_id == box.mem_id or node.tag in _UNREAD:
            continue
        for attribute in _ATTRIBUTES.get(node.tag or "", ()):
            if node.attributes.get(attribute):
                yield node, attribute
        if node.tag in _HEADINGS or _has_own_text(node):
            yield node, None


def _has_own_text(node: LexborNode) -> bool:
    child = node.child
    while child is not None:
        if child.is_text_node and (child.text_content or "").strip():
            return True
        child = child.next
    return False


def _column(
    css: str,
    attribute: str | None,
    tag: str,
    cost: float,
    boxes: Sequence[LexborNode],
    document: Document,
) -> Column:
    found = tuple(css_nodes(css, document, box) for box in boxes)
    values = tuple(_value(nodes[0], attribute, document) if nodes else None for nodes in found)
    return Column(css, attribute, tag, cost, found, values)


def _value(node: LexborNode, attribute: str | None, document: Document) -> str | None:
    if attribute is None:
        return " ".join(text_of(node).split())[:_LONGEST_VALUE] or None
    raw = (node.attributes.get(attribute) or "").strip()
    if attribute in ("href", "src", "data-src"):
        try:
            return as_url(raw, document.base_url)
        except ConversionError:
            return None
    return raw or None


def _is_constant(column: Column) -> bool:
    counts = Counter(value for value in column.values if value is not None)
    return bool(counts) and max(counts.values()) > _SAME_SHARE * sum(counts.values())


def _order(column: Column) -> tuple[int, float, float]:
    return (0 if column.tag in _HEADINGS else 1, column.cost + 2 * column.several, -column.share)


def _field(column: Column, taken: Sequence[str]) -> dict[str, Any]:
    values = [value for value in column.values if value is not None]
    value_type: ValueType = type_of_values(values, machine_readable=column.attribute is not None)
    if column.is_list and column.attribute is None and value_type == "text":
        value_type = "list"
    if value_type == "integer" and column.attribute is None and any(len(value) > 9 for value in values):
        value_type = "text"
    name = field_name(_tellers(column, values), value_type, taken, _otherwise(column, value_type))
    keys: dict[str, str] = {"css": column.css}
    if column.attribute:
        keys["attr"] = column.attribute
    return {
        "name": name,
        "type": value_type,
        "keys": keys,
        "share": round(column.share, 3),
        "boxes": len(column.values),
        "sample": values[0][:_LONGEST_SAMPLE],
        "values": values[:_TRIED_BOXES] if column.attribute == "href" else [],
        "is_distinct": len(set(values)) == len(column.values),
        "is_heading": column.tag in _HEADINGS,
        "characters": round(sum(map(len, values)) / len(values)),
    }


def _tellers(column: Column, values: Sequence[str]) -> list[str]:
    last = column.css.split()[-1]
    tellers = [last, column.css]
    if column.tag in _HEADINGS:
        tellers.insert(0, "title")
    if column.tag == "time" or column.attribute == "datetime":
        tellers.insert(0, "published")
    if column.attribute in ("src", "data-src"):
        tellers = ["image"]
    if column.attribute == "href":
        tellers = ["link"]
    if column.attribute is None and all(map(is_money, values)):
        tellers.insert(0, "price")
    return tellers


def _otherwise(column: Column, value_type: ValueType) -> str:
    if column.attribute == "href":
        return "link"
    if column.attribute in ("src", "data-src"):
        return "image"
    names = {"date": "date", "decimal": "number", "integer": "number", "list": "entries"}
    return names.get(value_type, "part")
