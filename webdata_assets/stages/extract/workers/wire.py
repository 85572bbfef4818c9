"""Payloads and candidates as JSON: what crosses between a worker and its parent.

What belongs here: exact forms, so that what arrives equals what was sent. What does not: any form that can
hold code. A worker reads hostile pages, and nothing that it says may become code in its parent.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from webdata_assets.stages.extract.extraction import Candidate, Extraction, FieldError, PageFailure, Payload

Json = dict[str, Any]


def pack_payload(payload: Payload) -> tuple[Json, bytes]:
    """Return a page as a message."""
    head = {
        "url": payload.url,
        "final_url": payload.final_url,
        "content_type": payload.content_type,
        "payload_hash": payload.payload_hash,
        "payload_date": payload.payload_date.isoformat(),
    }
    return head, payload.body


def unpack_payload(head: Json, body: bytes) -> Payload:
    """Return the page of a message."""
    date = dt.date.fromisoformat(head["payload_date"])
    return Payload(**{**head, "payload_date": date}, body=body)


def pack_extraction(page: Extraction) -> Json:
    """Return what one page gave; its URL, hash and date are known to whoever sent the page."""
    return {
        "candidates": [
            [
                candidate.ordinal,
                {name: pack_value(value) for name, value in candidate.values.items()},
                [pack_field_error(error) for error in candidate.errors],
                {name: pack_value(value) for name, value in candidate.derived.items()},
                candidate.dropped and pack_field_error(candidate.dropped),
            ]
            for candidate in page.candidates
        ],
        "failures": [failure.reason for failure in page.failures],
        "hits": page.selector_hits,
    }


def unpack_extraction(packed: Json, payload: Payload) -> Extraction:
    """Return what `pack_extraction` packed of this page."""
    place = (payload.payload_hash, payload.payload_date)
    candidates = tuple(
        Candidate(
            payload.url,
            ordinal,
            {name: unpack_value(value) for name, value in values.items()},
            *place,
            tuple(FieldError(*error) for error in errors),
            {name: unpack_value(value) for name, value in derived.items()},
            dropped and FieldError(*dropped),
        )
        for ordinal, values, errors, derived, dropped in packed["candidates"]
    )
    failures = tuple(PageFailure(payload.url, reason, *place) for reason in packed["failures"])
    return Extraction(candidates, failures, packed["hits"])


def pack_field_error(error: FieldError) -> list[str | None]:
    """Return the arguments that make the error again."""
    return [error.field, error.value_type, error.raw, error.reason, error.rule]


def pack_value(value: object) -> object:
    """Return a value as JSON; what JSON has no form for becomes an object that names its type.

    Objects themselves are wrapped too, so that no page can write one that looks like another type.

    Raises:
        TypeError: a value that no field can have.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [pack_value(entry) for entry in value]
    if isinstance(value, dict):
        return {"object": {str(name): pack_value(entry) for name, entry in value.items()}}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    raise TypeError(f"a field's value cannot be a {type(value).__name__}: {value!r:.100}")


def unpack_value(packed: object) -> object:
    """Return what `pack_value` packed."""
    if isinstance(packed, list):
        return [unpack_value(entry) for entry in packed]
    if not isinstance(packed, dict):
        return packed
    [(kind, value)] = packed.items()
    match kind:
        case "object":
            return {name: unpack_value(entry) for name, entry in value.items()}
        case "decimal":
            return Decimal(value)
        case "moment":
            return dt.datetime.fromisoformat(value)
        case "date":
            return dt.date.fromisoformat(value)
        case _:
            raise ValueError(f"a worker sent a value of unknown type {kind!r}")
