"""Where a known value is in a page's data: JSON-LD, microdata, meta elements, scripts, a page of JSON.

What belongs here: paths to values. What does not: values in elements (places.py).
"""

import re
from collections.abc import Iterator

from webdata_assets.stages.extract.embedded import json_within, source_text_of
from webdata_assets.stages.extract.induction.elements import Way
from webdata_assets.stages.extract.induction.tokens import is_lasting_name
from webdata_assets.stages.extract.induction.values import Target
from webdata_assets.stages.extract.selectors import Item
from webdata_assets.stages.extract.structured import types_of

_MOST_VALUES = 5_000
_DEEPEST = 12
_MOST_OBJECTS = 20
_MOST_SCRIPTS = 10
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LASTING_KEY = re.compile(r"[@A-Za-z_][A-Za-z0-9_:@.-]{0,40}")


def ways_in_objects(target: Target, item: Item) -> Iterator[Way]:
    """Yield selectors to each place in the page's data that holds the known value."""
    if item.document.tree is None:
        yield from _in(target, item, item.data, "jmespath", (), 1.0)
        return
    structured = item.document.structured
    if (main := structured.main_object(item.kind)) is not None:
        yield from _in(target, item, main, "jsonld", (), 1.0)
    for entry in structured.objects[:_MOST_OBJECTS]:
        for name in filter(_PLAIN_KEY.fullmatch, types_of(entry)):
            yield from _in(target, item, structured.resolved(entry), "jsonld", (("schema_type", name),), 1.8)
    for entry in structured.microdata[:_MOST_OBJECTS]:
        for name in filter(_PLAIN_KEY.fullmatch, types_of(entry)):
            yield from _in(target, item, entry, "microdata", (("schema_type", name),), 1.3)
    for name, content in structured.meta.items():
        lasting = _LASTING_KEY.fullmatch(name) and not re.search(r"\d{3}", name)
        if lasting and target.may_be(content) and target.is_in(content, item, machine_readable=True):
            yield Way((("meta", name),), 2.0)
    yield from _in_scripts(target, item)


def _in_scripts(target: Target, item: Item) -> Iterator[Way]:
    tree = item.document.tree
    assert tree is not None
    read = 0
    for script in tree.css("script[id], script[type='application/json']"):
        identity, kind = script.attributes.get("id") or "", script.attributes.get("type") or ""
        if kind == "application/ld+json" or read == _MOST_SCRIPTS:
            continue
        if is_lasting_name(identity.strip("_")) and re.fullmatch(r"[\w-]+", identity):
            css = f"script#{identity}"
        elif kind == "application/json" and not identity:
            css = 'script[type="application/json"]'
        else:
            continue
        read += 1
        yield from _in(target, item, json_within(source_text_of(script)), "jmespath", (("css", css),), 4.5)


def _in(
    target: Target, item: Item, data: object, key: str, beside: tuple[tuple[str, str], ...], cost: float
) -> Iterator[Way]:
    """Yield a way for each value below `data` that is the known one; of lists, only first entries count."""
    waiting: list[tuple[object, str, int]] = [(data, "", 0)]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        value, path, depth = waiting.pop()
        if isinstance(value, dict) and depth < _DEEPEST:
            waiting += [
                (inner, f"{path}.{step}".lstrip("."), depth + 1)
                for name, inner in value.items()
                if (step := _step(name)) is not None
            ]
        elif isinstance(value, list) and value and depth < _DEEPEST:
            waiting.append((value[0], f"{path}[0]" if path else "[0]", depth + 1))
        elif path and _is_known(target, value, item):
            yield Way((*beside, (key, path)), cost + 0.2 * path.count(".") + 0.4 * path.count("["))


def _step(name: object) -> str | None:
    """Return a key as a JMESPath writes it; None for one that looks like data."""
    if not isinstance(name, str) or not _LASTING_KEY.fullmatch(name) or re.search(r"\d{3}", name):
        return None
    return name if _PLAIN_KEY.fullmatch(name) else f'"{name}"'


def _is_known(target: Target, value: object, item: Item) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return target.may_be(str(value)) and target.is_in(value, item, machine_readable=True)
