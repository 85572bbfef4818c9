"""Declared fields → typed values, objects within records included, as the source's rules say.

What belongs here: reading one field, and the fields of one item. What does not: one selector (selectors.py),
one type (values.py), and what becomes of a record without a value (missing.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.sources.fields import FieldRule, ScalarType, ValueType
from webdata_assets.stages.extract.commerce import normalise_availability, normalise_currency
from webdata_assets.stages.extract.extraction import NO_HIT, FieldError
from webdata_assets.stages.extract.missing import Outcome, invalid, missing
from webdata_assets.stages.extract.selectors import Item, Match, contexts, first_match, is_empty
from webdata_assets.stages.extract.values import Context, ConversionError, convert, entries_of

GIVEN = "python"
"""The label of values that a function of the user's gave."""
_BODIES = frozenset({"text", "structured_text"})


@dataclass(frozen=True)
class FieldsRead:
    """What an item's declared fields came to.

    Attributes:
        values: field → typed value, of those that have one.
        errors: reasons to refuse the record.
        dropped: the first reason to leave the record out.
        hits: field, or `field.field` of objects → label of the selector that found it, once for each object.
        raw: field → the first value as it was found.
    """

    values: dict[str, object]
    errors: tuple[FieldError, ...]
    dropped: FieldError | None
    hits: tuple[tuple[str, str], ...]
    raw: dict[str, object]


@dataclass(frozen=True)
class _Place:
    """Where a field stands: its path for people, such as `offers[2].price`, and the path that is counted."""

    path: str = ""
    counted: str = ""

    def field(self, name: str) -> "_Place":
        return _Place(f"{self.path}.{name}".lstrip("."), f"{self.counted}.{name}".lstrip("."))

    def entry(self, number: int) -> "_Place":
        return _Place(f"{self.path}[{number}]", self.counted)


def read_fields(rules: Mapping[str, FieldRule], item: Item) -> FieldsRead:
    """Read a record's declared fields, and those beside them that a function of the user's gave.

    Of these, fields with a column are of its type; the others stay as they are.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page, with the field's name;
            PARSE, when the page is too large for one.
    """
    if not (item.has_names and isinstance(item.data, dict)):
        return _read_all(rules, item, _Place())
    undeclared = item.data.keys() - rules.keys()
    with_columns = {name: FieldRule() for name in sorted(undeclared & STRUCTURED_FIELDS)}
    read = _read_all({**rules, **with_columns}, item, _Place())
    others = {name: item.data[name] for name in sorted(undeclared - STRUCTURED_FIELDS)}
    hits = tuple((name, NO_HIT if is_empty(value) else GIVEN) for name, value in others.items())
    given = {name: value for name, value in others.items() if not is_empty(value)}
    return replace(read, values={**read.values, **given}, hits=(*read.hits, *hits))


def _read_all(rules: Mapping[str, FieldRule], item: Item, place: _Place) -> FieldsRead:
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    hits: list[tuple[str, str]] = []
    raw: dict[str, object] = {}
    dropped: FieldError | None = None
    for name, rule in rules.items():
        at = place.field(name)
        # the name speaks for the type where there is a column of that name
        value_type = rule.type if place.path else rule.type_of(name)
        try:
            outcome = _read(name, rule, value_type, item, at, hits, raw)
        except PermanentError as error:
            raise _located(error, at) from error
        if outcome.takes_default:
            context = Context(machine_readable=True)
            default = rule.default if isinstance(rule.default, list) else [rule.default]
            outcome = Outcome(
                typed_value(name, rule, value_type, Match(tuple(default), "", True), item, context)
            )
        if outcome.value is not None:
            values[name] = outcome.value
        errors.extend(outcome.errors)
        dropped = dropped or outcome.dropped
    return FieldsRead(values, tuple(errors), dropped, tuple(hits), raw)


def _read(
    name: str,
    rule: FieldRule,
    value_type: ValueType,
    item: Item,
    at: _Place,
    hits: list[tuple[str, str]],
    raw: dict[str, object],
) -> Outcome:
    if rule.has_objects:
        return _read_objects(name, rule, item, at, hits)
    match = _given(name, item) if item.has_names and not rule.from_ else first_match(rule.from_, item)
    hits.append((at.counted, match.label if match else NO_HIT))
    if match is None:
        return missing(at.path, rule, value_type)
    raw[name] = match.values[0]
    document = item.document
    context = Context(document.base_url, document.month_first, match.machine_readable)
    try:
        value = typed_value(name, rule, value_type, match, item, context)
    except ConversionError as error:
        wrong = FieldError(at.path, value_type, error.raw, error.reason)
        return invalid(at.path, rule, wrong)
    return missing(at.path, rule, value_type) if is_empty(value) else Outcome(value)


def _read_objects(name: str, rule: FieldRule, item: Item, at: _Place, hits: list[tuple[str, str]]) -> Outcome:
    """Read an object, or each object of a list, by the fields that it has of its own.

    One that lacks a field with `on_missing: drop` is left out, as one that nothing was found of is.
    """
    found, label = _contexts(name, rule, item)
    if label:
        hits.append((at.counted, label if found else NO_HIT))
    if rule.type == "object":
        found = found[:1]
    objects: list[object] = []
    errors: list[FieldError] = []
    for number, inner in enumerate(found):
        place = at.entry(number) if rule.type == "list" else at
        if not _can_have_fields(inner, item):
            raw = ConversionError(inner.data, "not an object").raw
            wrong = FieldError(place.path, rule.type, raw, "not an object")
            outcome = invalid(place.path, rule, wrong)
            if outcome.errors or outcome.dropped:
                return outcome
            continue
        read = _read_all(rule.fields, inner, place)
        hits.extend(read.hits)
        if read.dropped is None:
            errors.extend(read.errors)
            objects += [read.values] if read.values else []
    if errors:
        return Outcome(errors=tuple(errors))
    if not objects:
        return missing(at.path, rule, rule.type)
    return Outcome(objects[0] if rule.type == "object" else objects)


def _contexts(name: str, rule: FieldRule, item: Item) -> tuple[list[Item], str]:
    """Return where an object's fields are looked for, and the label of what found it, if anything did."""
    for selector in rule.from_:
        if found := contexts(selector, item):
            return found, selector.label
    if rule.from_:
        return [], NO_HIT
    if item.has_names:
        given = _given(name, item)
        values = entries_of(given.values) if given else []
        return [item.holding(value) for value in values], GIVEN
    return [item], ""


def _can_have_fields(inner: Item, outer: Item) -> bool:
    """Whether fields can be looked for: in elements and in JSON objects, and not in texts and numbers."""
    return inner.data is outer.data or isinstance(inner.data, dict)


def _given(name: str, item: Item) -> Match | None:
    """Return the value that goes by the field's own name."""
    value = item.data.get(name) if isinstance(item.data, dict) else None
    return None if is_empty(value) else Match((value,), GIVEN, machine_readable=True)


def typed_value(
    name: str, rule: FieldRule, value_type: ValueType, match: Match, item: Item, context: Context
) -> object:
    """Return the values found as the field's type. Raises ConversionError."""
    document = item.document
    first = match.values[0]
    if name in _BODIES and value_type == "text" and isinstance(first, str):
        return first.strip()  # paragraphs of a body stay
    if value_type == "list":
        return _typed_list(rule, match.values, context)
    assert value_type != "object", "objects are read field by field"
    value = convert(value_type, match.values, context)
    if name == "availability" and isinstance(value, str | bool):
        return normalise_availability(str(value))
    if name == "currency" and isinstance(value, str):
        return normalise_currency(value, url=document.url, language=document.language_tag or "")
    return value


def _typed_list(rule: FieldRule, values: Sequence[object], context: Context) -> list[object]:
    """Return entries of one type; with `on_invalid: missing` those that are not of it are left out."""
    assert rule.of != "object", "objects are read field by field"
    entry_type: ScalarType = rule.of
    typed: list[object] = []
    for entry in entries_of(values):
        try:
            typed.append(convert(entry_type, [entry], context))
        except ConversionError:
            if rule.on_invalid != "missing":
                raise
    return typed


def _located(error: PermanentError, at: _Place) -> PermanentError:
    """Return the error of an unusable selector with the field that it belongs to."""
    already = str(error).startswith("fields.")
    if error.failure_domain is not FailureDomain.CONFIGURATION or already:
        return error
    path = at.counted.replace(".", ".fields.")
    return PermanentError(f"fields.{path}: {error}", failure_domain=error.failure_domain)
