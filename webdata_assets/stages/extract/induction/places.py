"""Where the known values of one item are among its elements.

What belongs here: the walk over elements and attributes. What does not: selectors (elements.py), and data in
JSON (objects.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from selectolax.lexbor import LexborNode

from webdata_assets.stages.extract.induction.values import Target
from webdata_assets.stages.extract.selectors import Item
from webdata_assets.stages.extract.visible_text import text_of

_MOST_ELEMENTS = 20_000
_MOST_PLACES = 12
"""Of one field that are kept: those nearest to the values of the other fields."""
_MOST_SEEN = 200
_UNREAD_TAGS = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object", "head"})
_UNREAD_ATTRIBUTES = frozenset({"class", "id", "style", "d", "srcset", "integrity", "nonce"})
_LONGEST_ATTRIBUTE = 4_000
_FARTHEST = 12
_SLACK = 100
"""Characters by which an element's text may be longer before its white space is collapsed."""


@dataclass(frozen=True, eq=False)
class Place:
    """An element that shows a known value.

    Attributes:
        attribute: the attribute that holds it; None for its text.
        near: levels up from the element to one that also holds the known value of another field.
        is_loose: whether an element within it shows the value too, with less around it.
    """

    node: LexborNode
    attribute: str | None
    near: int = _FARTHEST
    is_loose: bool = False


def places_of(targets: Sequence[Target], item: Item) -> dict[str, list[Place]]:
    """Return the elements that show each field's known value, those nearest to other fields first."""
    found: dict[str, list[Place]] = {target.name: [] for target in targets}
    start = item.node or (item.document.tree.root if item.document.tree else None)
    if start is None:
        return found
    longest = max((target.longest for target in targets), default=0)
    for node, length in _elements(start):
        text = " ".join(text_of(node).split()) if 0 < length <= longest + _SLACK else ""
        attributes = list(_attributes(node))
        for target in targets:
            places = found[target.name]
            if len(places) >= _MOST_SEEN:
                continue
            if text and target.may_be(text) and target.is_in(text, item, machine_readable=False):
                places.append(Place(node, None))
            for name, value in attributes:
                if target.may_be(value) and target.is_in(value, item, machine_readable=True):
                    places.append(Place(node, name))
    return _nearest(found)


def _elements(start: LexborNode) -> Iterator[tuple[LexborNode, int]]:
    """Yield elements in the order of the page, each with the number of characters below it."""
    order: list[LexborNode] = []
    stack = [start]
    while stack and len(order) < _MOST_ELEMENTS:
        node = stack.pop()
        if node.is_element_node and node.tag not in _UNREAD_TAGS:
            order.append(node)
            child = node.last_child
            while child is not None:
                stack.append(child)
                child = child.prev
    lengths: dict[int, int] = {}
    for node in reversed(order):
        length = lengths.get(node.mem_id, 0)
        child = node.child
        while child is not None:
            if child.is_text_node:
                length += len((child.text_content or "").strip())
            child = child.next
        lengths[node.mem_id] = length
        if node.parent is not None:
            lengths[node.parent.mem_id] = lengths.get(node.parent.mem_id, 0) + length
    for node in order:
        yield node, lengths[node.mem_id]


def _attributes(node: LexborNode) -> Iterator[tuple[str, str]]:
    for name, value in node.attributes.items():
        if name in _UNREAD_ATTRIBUTES or name.startswith("on"):
            continue
        if value and len(value) <= _LONGEST_ATTRIBUTE:
            yield name, " ".join(value.split())


def _nearest(found: dict[str, list[Place]]) -> dict[str, list[Place]]:
    """Return each field's places with their distance to those of other fields, the nearest first."""
    above: dict[int, set[str]] = {}
    for name, places in found.items():
        for place in places:
            for identity in _chain(place.node):
                above.setdefault(identity, set()).add(name)
    ranked: dict[str, list[Place]] = {}
    for name, places in found.items():
        around = {identity for place in places for identity in islice(_chain(place.node), 1, None)}
        measured = [_measured(place, name, above, around) for place in places]
        ranked[name] = sorted(measured, key=lambda place: place.near)[:_MOST_PLACES]
    return ranked


def _measured(place: Place, name: str, above: dict[int, set[str]], around: set[int]) -> Place:
    """Return a place with its distance; one that others are within counts as far from any other field."""
    if place.attribute is None and place.node.mem_id in around:
        return replace(place, is_loose=True)
    return replace(place, near=_distance(place.node, name, above))


def _distance(node: LexborNode, name: str, above: dict[int, set[str]]) -> int:
    for steps, identity in enumerate(_chain(node)):
        if above[identity] - {name}:
            return steps
    return _FARTHEST


def _chain(node: LexborNode) -> Iterator[int]:
    current: LexborNode | None = node
    for _ in range(_FARTHEST):
        if current is None or not current.is_element_node:
            return
        yield current.mem_id
        current = current.parent
