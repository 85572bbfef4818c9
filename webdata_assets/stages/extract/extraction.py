"""The values that extraction takes and gives.

What belongs here: payloads, candidates, failures, and what some pages gave together. What does not: how they
are made (extractor.py).
"""

import datetime as dt
from dataclasses import dataclass, field

from webdata_assets.sources.extract import ValueType

NO_HIT = "(none)"
"""The label under which records are counted that no selector of a field found."""


@dataclass(frozen=True)
class Payload:
    """The stored bytes of one page, and the partition date that holds them."""

    url: str
    final_url: str
    content_type: str | None
    body: bytes
    payload_hash: str
    payload_date: dt.date


@dataclass(frozen=True)
class FieldError:
    """A declared field whose value was found and is not of its type."""

    field: str
    value_type: ValueType
    raw: str
    reason: str


@dataclass(frozen=True)
class Candidate:
    """One record as extracted: fields that were found, and those whose values could not be converted.

    Attributes:
        derived: columns of the record that say something about its content and are no part of it, such as
            `page_type`.
    """

    url: str
    ordinal: int
    values: dict[str, object]
    payload_hash: str
    payload_date: dt.date
    errors: tuple[FieldError, ...] = ()
    derived: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PageFailure:
    """A page that could not be extracted as a whole."""

    url: str
    reason: str
    payload_hash: str
    payload_date: dt.date


@dataclass(frozen=True)
class Extraction:
    """What some pages gave.

    Attributes:
        candidates: in the order of the pages, and on a page of the items.
        failures: pages that gave none because they could not be read.
        selector_hits: field → selector label → number of candidates whose value it gave; `(none)` counts
            those without. Default places are labelled `default:…`.
    """

    candidates: tuple[Candidate, ...] = ()
    failures: tuple[PageFailure, ...] = ()
    selector_hits: dict[str, dict[str, int]] = field(default_factory=dict)
