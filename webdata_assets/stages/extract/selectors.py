"""Evaluating a source's selectors on a page, or on one item of it.

What belongs here: selector → raw values. What does not: turning them into types (values.py), and what makes a
field or a record of them (fields.py, listing.py).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jmespath
import orjson
from jmespath.exceptions import ArityError, JMESPathTypeError, UnknownFunctionError
from selectolax.lexbor import LexborNode, SelectolaxError

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.embedded import (
    is_empty,
    json_within,
    jsonld_of,
    microdata_of,
    source_text_of,
)
from webdata_assets.stages.extract.visible_text import text_of
from webdata_assets.stages.extract.xpath import XPathTree, xpath_tree

__all__ = ["Item", "Match", "contexts", "css_nodes", "first_match", "is_empty", "search_json", "select"]


@dataclass(frozen=True, eq=False)
class Item:
    """What fields are looked for in: a page, an element of it, or a value within its JSON.

    Attributes:
        document: the page.
        kind: the source's kind, which decides the JSON-LD object that describes the page.
        node: the item's element; None where it is the whole page.
        data: the item's JSON; None for HTML.
        outer: what the item was found in; None for the page itself.
        is_part: whether it is one of several items of a page, so that the page's title is not its own.
        has_names: whether `data` holds values by the names of fields, as a function of the user's gives them.
    """

    document: Document
    kind: str
    node: LexborNode | None = None
    data: object = None
    outer: "Item | None" = None
    is_part: bool = False
    has_names: bool = False

    def at(self, node: LexborNode) -> "Item":
        """Return the item that an element within this one is."""
        return replace(self, node=node, outer=self)

    def holding(self, data: object) -> "Item":
        """Return the item that a JSON value within this one is."""
        return replace(self, data=data, outer=self)

    @cached_property
    def text(self) -> str:
        """The item's text as a reader sees it; of a value within JSON, the JSON."""
        if not (self.data is None or self.data is self.document.data or self.has_names):
            return orjson.dumps(self.data, default=str).decode()
        return text_of(self.node) if self.node is not None else self.document.visible_text

    @cached_property
    def elements(self) -> XPathTree | None:
        """The page's elements for XPath, made once for all items of a page; None where it is not HTML.

        Raises:
            PermanentError: PARSE, when there are too many.
        """
        if self.outer is not None:
            return self.outer.elements
        return xpath_tree(self.document.tree) if self.document.tree is not None else None


@dataclass(frozen=True)
class Match:
    """What the first selector that hit gave.

    Attributes:
        values: its values, never empty, each a string, number, bool, dict or list.
        label: the selector's label.
        machine_readable: whether the values were meant for programs (JSON, meta, attributes): numbers are
            then written with a dot and without grouping.
    """

    values: tuple[object, ...]
    label: str
    machine_readable: bool


def first_match(selectors: Sequence[Selector], item: Item) -> Match | None:
    """Try selectors in order; return the first one's values that are not empty, or None.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    for selector in selectors:
        if values := select(selector, item):
            return Match(values, selector.label, selector.is_machine_readable)
    return None


def select(selector: Selector, item: Item) -> tuple[object, ...]:
    """Return all values of one selector, without the empty ones.

    JSON-LD and meta belong to the page: within an item they give the page's values.

    Raises:
        PermanentError: CONFIGURATION, when the selector cannot be evaluated on any page; PARSE, when this
            page is too large for it.
    """
    values: Iterable[object] = _values_at(selector, item)
    if selector.place and selector.jmespath:
        texts = [text for text in values if isinstance(text, str)]
        values = [found for text in texts for found in search_json(selector.jmespath, json_within(text))]
    if selector.regex:
        values = [found for value in values for found in _matches(selector.regex, value)]
    return tuple(value for value in values if not is_empty(value))


def contexts(selector: Selector, item: Item) -> list[Item]:
    """Return what one selector finds as items of their own: elements, or values within JSON.

    Raises:
        PermanentError: as `select` does; CONFIGURATION also for an XPath that gives no elements.
    """
    if selector.jmespath or not (selector.css or selector.xpath):
        return [item.holding(value) for value in select(selector, item)]
    nodes = _nodes(selector, item)
    if not all(isinstance(node, LexborNode) for node in nodes):
        raise _unusable(f"{selector.xpath!r} gives texts, and elements are needed")
    return [item.at(node) for node in nodes if isinstance(node, LexborNode)]


def css_nodes(selector: str, document: Document, node: LexborNode | None = None) -> list[LexborNode]:
    """Return the elements that match within the node, or the page; none on a page that is not HTML.

    Raises:
        PermanentError: CONFIGURATION, when it is not a CSS selector.
    """
    within = node or document.tree
    if within is None:
        return []
    try:
        return within.css(selector)
    except SelectolaxError as error:
        raise _unusable(f"{selector!r} is not a CSS selector that lexbor knows") from error


def search_json(expression: str, data: object) -> Sequence[object]:
    """Evaluate a JMESPath; a list gives its entries, data that it cannot be applied to gives none.

    Raises:
        PermanentError: CONFIGURATION, when the expression names an unknown function or miscounts arguments.
    """
    try:
        found = jmespath.search(expression, data)
    except (UnknownFunctionError, ArityError) as error:
        raise _unusable(f"{expression!r} is not a usable JMESPath: {error}") from error
    # TypeError: jmespath compares a string with a number without looking
    except (JMESPathTypeError, TypeError):
        return ()
    return found if isinstance(found, list) else [found]


def _values_at(selector: Selector, item: Item) -> Sequence[object]:
    """Return what is at the selector's place, before `jmespath` and `regex` look within."""
    if selector.css or selector.xpath:
        return [_value_of(found, selector) for found in _nodes(selector, item)]
    if selector.jsonld:
        return search_json(selector.jsonld, jsonld_of(item.document, selector.schema_type, item.kind))
    if selector.microdata:
        found = microdata_of(item.document, item.node, selector.schema_type, item.kind)
        return search_json(selector.microdata, found)
    if selector.meta:
        return [item.document.structured.meta_value(selector.meta)]
    if selector.jmespath:
        return search_json(selector.jmespath, item.data)
    return [item.text]


def _nodes(selector: Selector, item: Item) -> Sequence[object]:
    if selector.css:
        return css_nodes(selector.css, item.document, item.node)
    assert selector.xpath is not None, "called for css and xpath"
    return item.elements.search(selector.xpath, item.node) if item.elements else []


def _value_of(found: object, selector: Selector) -> object:
    """Return an element's text or attribute; what an XPath computed is a value already."""
    if isinstance(found, LexborNode):
        if selector.attr:
            return found.attributes.get(selector.attr)
        return source_text_of(found) if selector.jmespath or found.tag == "script" else text_of(found)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _matches(pattern: str, value: object) -> list[str]:
    """Return the first group, or the whole, of each match in a text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return []
    return [match[1] if match.re.groups else match[0] for match in re.finditer(pattern, str(value))]


def _unusable(message: str) -> PermanentError:
    return PermanentError(
        f"{message}: correct it under `extract` in the source file",
        failure_domain=FailureDomain.CONFIGURATION,
    )
