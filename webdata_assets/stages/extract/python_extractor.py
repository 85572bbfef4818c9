"""The way out of YAML: a page's records made by a function that the source names.

What belongs here: loading and calling it, and making what it gave an item whose fields can be read. What does
not: types, policies and validation, which hold for its values as for all others (fields.py).
"""

import datetime as dt
import importlib
import inspect
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.fields import FIELD_NAME_PATTERN
from webdata_assets.sources.python_function import split_name
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.selectors import Item

MAX_RECORDS = 100_000
"""Of one page: an iterator without an end must not fill the memory."""

_SHOWN_FRAMES = 3
_INTEGER_LIMIT = 2**63


def load_function(name: str) -> Callable[[Document, Payload], object]:
    """Import the function `module:function`.

    Raises:
        PermanentError: CONFIGURATION, when it cannot be imported, or does not take a document and a payload.
    """
    module_name, function_name = split_name(name)
    try:
        function = getattr(importlib.import_module(module_name), function_name, None)
    except Exception as error:
        reason = f"{module_name} cannot be imported: {_said(error)}"
        raise _unusable(name, reason) from error
    if not callable(function):
        raise _unusable(name, f"{module_name} has no function {function_name!r}")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        reason = f"it must take two arguments, the document and the payload: {error}"
        raise _unusable(name, reason) from error
    return function  # type: ignore[no-any-return]


def items_by_function(name: str, kind: str, document: Document, payload: Payload) -> list[Item]:
    """Call a source's function on a page, and return an item for each record that it gave.

    A mapping is the record of the page; an iterable of mappings gives the records of a listing.

    Raises:
        PermanentError: PARSE, when the function failed, gave nothing or gave what no record can hold: the
            message names function, error and place. CONFIGURATION, as `load_function` does.
    """
    function = load_function(name)
    try:
        result = function(document, payload)
        is_one = isinstance(result, Mapping)
        records = [result] if is_one else _as_list(name, result)
    except (MemoryError, PermanentError):
        raise
    except Exception as error:
        raise _failed(name, f"raised {_said(error)}{_place_of(error)}") from error
    if not records:
        raise _failed(name, "gave no record: let `extract.pages` match pages with records only")
    page = Item(document, kind, is_part=not is_one, has_names=True)
    return [replace(page, data=_checked_record(name, record)) for record in records]


def _as_list(name: str, result: object) -> list[object]:
    if not isinstance(result, Iterable) or isinstance(result, str | bytes):
        raise _failed(name, f"gave {_type_of(result)}: return a dict, or an iterable of dicts")
    records = list(islice(result, MAX_RECORDS + 1))
    if len(records) > MAX_RECORDS:
        raise _failed(name, f"gave more than {MAX_RECORDS:,} records of one page")
    return records


def _checked_record(name: str, record: object) -> dict[str, object]:
    """Return a record as plain data."""
    if not isinstance(record, Mapping):
        raise _failed(name, f"gave {_type_of(record)} among its records: each is a dict of fields")
    for field in record:
        if not isinstance(field, str) or not re.fullmatch(FIELD_NAME_PATTERN, field):
            remedy = "use lower-case letters, digits and underscores"
            raise _failed(name, f"gave {field!r:.80}, which is no field name: {remedy}")
    return {field: _plain(name, field, value) for field, value in record.items()}


def _plain(name: str, field: str, value: object) -> Any:
    """Return a value that a record can hold, with the types of its parts made plain."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int() if -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
            return int(value)
        case float():
            return float(value)
        case Decimal() | dt.date():
            return value
        case list() | tuple():
            return [_plain(name, field, entry) for entry in value]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {str(key): _plain(name, field, entry) for key, entry in value.items()}
    raise _failed(name, f"gave {_type_of(value)} as `{field}`: give text, numbers, dates, lists and dicts")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _place_of(error: Exception) -> str:
    """Return where in the user's code an error arose, the innermost place last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    shown = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    return f" ({' → '.join(shown[-_SHOWN_FRAMES:])})" if shown else ""


def _type_of(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _failed(name: str, reason: str) -> PermanentError:
    return PermanentError(f"extract.python {name} {reason}", failure_domain=FailureDomain.PARSE)


def _unusable(name: str, reason: str) -> PermanentError:
    return PermanentError(
        f"python: {name}: {reason}; correct it, or the name in the source file",
        failure_domain=FailureDomain.CONFIGURATION,
    )
