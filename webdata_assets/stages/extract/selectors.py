"""Evaluating a source's selectors on a page, or on one item of it.

What belongs here: selector → raw values. What does not: turning them into types (values.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jmespath
import orjson
from jmespath.exceptions import ArityError, JMESPathTypeError, UnknownFunctionError
from selectolax.lexbor import LexborNode, SelectolaxError

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import Selector
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.visible_text import text_of


@dataclass(frozen=True, eq=False)
class Item:
    """What one record is read from: a page, an element of it, or a value within its JSON.

    Attributes:
        document: the page.
        kind: the source's kind, which decides the JSON-LD object that describes the page.
        node: the item's element; None where the whole page is the item.
        data: the item's JSON; None for HTML.
    """

    document: Document
    kind: str
    node: LexborNode | None = None
    data: object = None


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
            machine_readable = selector.regex is None and (selector.css is None or selector.attr is not None)
            return Match(values, selector.label, machine_readable)
    return None


def select(selector: Selector, item: Item) -> tuple[object, ...]:
    """Return all values of one selector, without the empty ones.

    JSON-LD and meta belong to the page: within an item they give the page's values.

    Raises:
        PermanentError: CONFIGURATION, when the selector cannot be evaluated on any page.
    """
    values: Sequence[object] = ()
    if selector.css:
        values = _by_css(selector.css, selector.attr, item)
    elif selector.jsonld:
        values = search_json(selector.jsonld, item.document.structured.main_object(item.kind))
    elif selector.meta:
        values = [item.document.structured.meta_value(selector.meta)]
    elif selector.jmespath:
        values = search_json(selector.jmespath, item.data)
    elif selector.regex:
        match = re.search(selector.regex, _text_of_item(item))
        values = [(match[1] if match.re.groups else match[0])] if match else []
    return tuple(value for value in values if not is_empty(value))


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


def is_empty(value: object) -> bool:
    """Whether a value is missing: null, white space, or an empty collection. False and 0 are values."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict) and not value)


def _by_css(selector: str, attribute: str | None, item: Item) -> Sequence[object]:
    nodes = css_nodes(selector, item.document, item.node)
    if attribute:
        return [node.attributes.get(attribute) for node in nodes]
    return [text_of(node) for node in nodes]


def _text_of_item(item: Item) -> str:
    if item.node is not None:
        return text_of(item.node)
    if item.document.tree is None and item.data is not item.document.data:
        return orjson.dumps(item.data).decode()
    return item.document.visible_text


def _unusable(message: str) -> PermanentError:
    return PermanentError(
        f"{message}: correct it under `extract` in the source file",
        failure_domain=FailureDomain.CONFIGURATION,
    )
