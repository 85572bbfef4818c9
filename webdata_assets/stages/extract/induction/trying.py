"""One page's part in induction: candidates from it, and how candidates do on it. Runs in worker processes.

What belongs here: the two looks at a page, whose answers are JSON. What does not: what follows from many
pages (ranking.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.fields import FieldRule
from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.induction.elements import Way, ways_to
from webdata_assets.stages.extract.induction.objects import ways_in_objects
from webdata_assets.stages.extract.induction.places import Place, places_of
from webdata_assets.stages.extract.induction.values import Target, comparable, value_at
from webdata_assets.stages.extract.listing import items_of
from webdata_assets.stages.extract.selectors import Item, css_nodes, select

NOTHING, RIGHT, WRONG, STALE = 0, 1, 2, 3
"""What a candidate gives on an item: no value, the known one, another one though the known one is on the
page, another one where the known one is nowhere."""
_MOST_WAYS = 120
"""Candidates that one item gives for one field."""
_LONGEST_KEY = 200
_LOOSE_COST = 1.5

Answer = dict[str, Any]
KnownItems = Mapping[str, Sequence[tuple[int, Mapping[str, object]]]]
"""URL → ordinal and known values of each item."""


def candidates_on(source: Source, fields: Sequence[str], known: KnownItems, payload: Payload) -> Answer:
    """Return, per lost field, selectors by which its known values are found on the page.

    Returns:
        Field → list of `[keys, cost, near]`; a field whose known value is nowhere has an empty list.
    """
    ways: dict[str, dict[tuple[tuple[str, str], ...], tuple[float, int]]] = {name: {} for name in fields}
    for item, values in _items(source, known, payload):
        targets = [Target(name, rule_of(source, name), value) for name, value in values.items()]
        places = places_of(targets, item)
        firsts: dict[str, int | None] = {}
        for target in targets:
            if target.name in ways:
                best = ways[target.name]
                for way, near in _ways(target, places[target.name], item, firsts):
                    cost, nearest = best.get(way.keys, (way.cost, near))
                    best[way.keys] = (min(cost, way.cost), min(near, nearest))
    return {
        name: [
            [dict(keys), cost, near]
            for keys, (cost, near) in sorted(found.items(), key=lambda entry: entry[1])[:_MOST_WAYS]
        ]
        for name, found in ways.items()
    }


def outcomes_on(
    source: Source, selectors: Mapping[str, Sequence[Selector]], known: KnownItems, payload: Payload
) -> Answer:
    """Return, per field, how each candidate does on each item of the page whose value is known.

    Returns:
        Field → list, by item, of lists, by candidate, of `[NOTHING | RIGHT | WRONG | STALE, values found]`.
    """
    found: Answer = {name: [] for name in selectors}
    for item, values in _items(source, known, payload):
        for name, value in values.items():
            if name in found:
                target = Target(name, rule_of(source, name), value)
                found[name].append(_outcomes(target, selectors[name], item))
    return found


def rule_of(source: Source, name: str) -> FieldRule:
    """Return how a field is declared; one that is not has the type that its name speaks for."""
    return source.extract.fields.get(name) or FieldRule()


def _items(
    source: Source, known: KnownItems, payload: Payload
) -> Iterator[tuple[Item, Mapping[str, object]]]:
    """Yield the page's items with their known values; none of a page that cannot be read."""
    try:
        document = parse_document(payload.final_url, payload.body, payload.content_type, "either")
        items = items_of(source.extract, document)
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.PARSE:
            raise
        return
    for ordinal, values in known.get(payload.url, ()):
        if ordinal < len(items):
            yield items[ordinal], values


def _ways(
    target: Target, places: Sequence[Place], item: Item, firsts: dict[str, int | None]
) -> Iterator[tuple[Way, int]]:
    """Yield ways whose first match is the known value, with how near it is to other fields."""
    for way in ways_in_objects(target, item):
        if all(len(text) <= _LONGEST_KEY for _, text in way.keys):
            yield way, 0
    for place in places:
        for way in ways_to(place.node, place.attribute, item.node):
            expression = way.keys[0][1]
            if len(expression) > _LONGEST_KEY:
                continue
            if way.keys[0][0] == "css":
                if expression not in firsts:
                    nodes = css_nodes(expression, item.document, item.node)
                    firsts[expression] = nodes[0].mem_id if nodes else None
                if firsts[expression] != place.node.mem_id:
                    continue
            yield (replace(way, cost=way.cost + _LOOSE_COST) if place.is_loose else way), place.near


def _outcomes(target: Target, selectors: Sequence[Selector], item: Item) -> list[list[int]]:
    """Return what each candidate gives on one item."""
    outcomes = [_outcome(target, selector, item) for selector in selectors]
    if any(outcome == WRONG for outcome, _ in outcomes) and not _is_shown(target, item):
        return [[STALE if outcome == WRONG else outcome, matches] for outcome, matches in outcomes]
    return outcomes


def _outcome(target: Target, selector: Selector, item: Item) -> list[int]:
    try:
        matches = len(select(selector, item))
        value = value_at(target.name, target.rule, selector, item) if matches else None
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.PARSE:
            raise
        return [NOTHING, 0]
    if value is None:
        return [NOTHING, matches]
    return [RIGHT if value == comparable(target.known) else WRONG, matches]


def _is_shown(target: Target, item: Item) -> bool:
    """Whether the known value is anywhere on the page."""
    return (
        bool(places_of([target], item)[target.name]) or next(ways_in_objects(target, item), None) is not None
    )
