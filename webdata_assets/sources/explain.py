"""Turns pydantic's errors about a source file, or one like it, into problems that a person can mend.

What belongs here: field paths as the file shows them, and remedies. What does not: the rules (model.py).
"""

import difflib
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from webdata_assets.sources.document import Document, KeyPath, Problem, dotted
from webdata_assets.sources.fields import FieldRule
from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import Selector

_LIST_REMEDY = "write `[…]`, or one item per line after `- `"
_MAPPING_REMEDY = "write `key: value` lines, indented below it"
_MAPPING_ERRORS = frozenset({"dict_type", "model_type", "model_attributes_type"})


def explain(error: ValidationError, document: Document, model: type[BaseModel] = Source) -> list[Problem]:
    """Return what pydantic found as problems in the document, in the order of lines.

    Args:
        error: of validating the document.
        document: the file.
        model: what it was validated against.
    """
    problems = [
        _problem(detail, document, model)
        for detail in error.errors(include_url=False)
        if not _is_consequence(detail)
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _is_consequence(error: ErrorDetails) -> bool:
    """Say whether a list is called too short only because its broken items were not counted."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _problem(error: ErrorDetails, document: Document, model: type[BaseModel]) -> Problem:
    location: KeyPath = (*error["loc"], *error.get("ctx", {}).get("at", ()))
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        location = (*location, "by")
    path, line = _locate(location, document)
    what, remedy = _words(error, location, model)
    return Problem(line, dotted(path), what, remedy)


def _words(error: ErrorDetails, location: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong, and the remedy."""
    kind, context, given = error["type"], error.get("ctx", {}), _short(error["input"])
    about = _description(location, model)
    if kind == "extra_forbidden":
        return "unknown field", _nearest(str(location[-1]), _known_fields(location, model))
    if kind == "missing":
        return "required, and missing", f"add `{location[-1]}:` ({about})"
    if kind == "broken_rule":
        return context["message"], context["remedy"]
    if kind == "union_tag_not_found":
        return "required, and missing", f"add `by:` with one of {', '.join(_ways(location, model))}"
    if kind == "union_tag_invalid":
        tags = context["expected_tags"].replace("'", "").split(", ")
        return f"{context['tag']!r} is no way to {location[-3]}", _nearest(context["tag"], tags)
    if kind == "literal_error":
        options = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{given} is not one of the choices", _nearest(str(error["input"]), options)
    if kind == "string_pattern_mismatch":
        return f"{given} does not match {context['pattern']}", f"expected: {about}"
    if kind.startswith(("date_", "datetime_")):
        return f"{given} is not a date", "write it as YYYY-MM-DD, without quotes"
    if kind == "tuple_type":
        return f"{given} is not a list", _LIST_REMEDY
    if kind == "too_short":
        return "an empty list", f"write at least {context['min_length']}: {about}"
    if kind in _MAPPING_ERRORS:
        return f"{given} is not a mapping", _MAPPING_REMEDY
    if kind == "value_error":
        return str(context["error"]), f"expected: {about}"
    message = error["msg"].removeprefix("Input ")
    return f"{given} {message}", f"expected: {about}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _nearest(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"use one of {', '.join(known)}"


def _locate(location: KeyPath, document: Document) -> tuple[KeyPath, int]:
    """Return pydantic's location as the file shows it, with the line of the deepest part that exists.

    Left out are the tag of one way among several, and the `from[0]` that a short form of a field stands for.
    """
    node: Any = document.data
    shown: list[str | int] = []
    line = document.lines.get((), 1)
    parts = list(location)
    while parts:
        part = parts.pop(0)
        exists = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        is_tag = (
            shown[-2:-1] in (["discover"], ["announce"]) and isinstance(node, dict) and node.get("by") == part
        )
        if is_tag and parts:
            continue
        if is_tag and not exists:
            break
        if part == "from" and not exists and parts:
            parts.pop(0)
            continue
        shown.append(part)
        node = node[part] if exists else None
        line = document.lines.get(tuple(shown), line)
    return tuple(shown), line


def _known_fields(location: KeyPath, model: type[BaseModel]) -> list[str]:
    """Return the keys allowed beside the last part of a location."""
    owner = _annotation(location[:-1], model)
    if not (isinstance(owner, type) and issubclass(owner, BaseModel)):
        return []
    short_form = list(Selector.model_fields) if owner is FieldRule else []
    return [field.alias or name for name, field in owner.model_fields.items()] + short_form


def _description(location: KeyPath, model: type[BaseModel]) -> str:
    """Return the meaning of the deepest part of a location that the model describes."""
    for end in range(len(location), 0, -1):
        owner, name = _annotation(location[: end - 1], model), location[end - 1]
        field = _field(owner, name)
        if field is not None and field.description:
            return field.description
    return f"see {model.__name__.lower()}.schema.json"


def _field(owner: Any, name: str | int) -> FieldInfo | None:
    if not (isinstance(owner, type) and issubclass(owner, BaseModel)):
        return None
    fields = {field.alias or known: field for known, field in owner.model_fields.items()}
    return fields.get(str(name))


def _annotation(location: KeyPath, model: type[BaseModel]) -> Any:
    """Return the type that the model gives to a location, or None where it gives none."""
    current: Any = model
    for part in location:
        current = _step(current, part)
    return current


def _step(annotation: Any, part: str | int) -> Any:
    annotation = _plain(annotation)
    field = _field(annotation, part)
    if field is not None:
        return _plain(field.annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return _plain(arguments[0])
    if origin is dict:
        return _plain(arguments[1])
    if origin in (Union, UnionType):
        return next((model for model in arguments if part in _tags(model)), None)
    return None


def _plain(annotation: Any) -> Any:
    """Return an annotation without Annotated and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        rest = [argument for argument in get_args(annotation) if argument is not NoneType]
        return _plain(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _ways(location: KeyPath, model: type[BaseModel]) -> list[str]:
    """Return the values of `by` that a location may have."""
    choices = get_args(_annotation(location[:-1], model))
    return [way for choice in choices for way in _tags(choice)]


def _tags(model: Any) -> tuple[Any, ...]:
    return get_args(model.model_fields["by"].annotation)
