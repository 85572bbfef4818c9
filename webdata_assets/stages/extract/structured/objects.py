"""The one shape that all syntaxes are brought to: objects as JSON-LD has them.

What belongs here: types of objects, and walking through them. What does not: reading one syntax.
"""

from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]

MAX_NESTING = 8
"""How deep objects are looked for in one another."""

_CONTAINERS = ("@graph", "mainEntity", "mainEntityOfPage")


def local_name(name: str) -> str:
    """Return a type or property without its namespace: `Product` of `https://schema.org/Product`."""
    return name.rstrip("/#").replace("#", "/").replace(":", "/").rpartition("/")[2]


def types_of(item: JsonObject) -> tuple[str, ...]:
    """Return an object's schema.org types without their namespace."""
    value = item.get("@type")
    names = value if isinstance(value, list) else [value]
    return tuple(local_name(name) for name in names if isinstance(name, str))


def objects_in(value: Any) -> Iterator[JsonObject]:
    """Yield objects, outermost first: of lists, `@graph`, and of what a page says is its main entity."""
    level = [value]
    for _ in range(MAX_NESTING):
        flat = [entry for each in level for entry in (each if isinstance(each, list) else [each])]
        objects = [entry for entry in flat if isinstance(entry, dict)]
        yield from objects
        level = [entry for entry in flat if isinstance(entry, list)]
        level += [_contained(entry[name]) for entry in objects for name in _CONTAINERS if name in entry]


def _contained(value: Any) -> Any:
    """Return the list that some sites write as an object with the keys "0", "1"…"""
    is_numbered = isinstance(value, dict) and value and all(key.isdigit() for key in value)
    return list(value.values()) if is_numbered else value
