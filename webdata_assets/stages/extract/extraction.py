"""The values that extraction takes and gives.

What belongs here: payloads, candidates, failures, and what some pages gave together. What does not: how they
are made (extractor.py).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from webdata_assets.sources.fields import ValueType

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
    """A declared field without a good value.

    Attributes:
        field: its name, or within an object its path, such as `offers[2].price`.
        raw: what was found; None where nothing was.
        rule: the broken rule: `type`, `required`, or the reason to leave the record out.
    """

    field: str
    value_type: ValueType
    raw: str | None
    reason: str
    rule: str = "type"

    @property
    def message(self) -> str:
        """The field and what is wrong with it, for a person."""
        return f"{self.field}{' ' if self.raw is None else ': '}{self.reason}"


@dataclass(frozen=True)
class Candidate:
    """One record as extracted: fields that were found, and those whose values could not be converted.

    Attributes:
        derived: columns of the record that say something about its content and are no part of it, such as
            `page_type`.
        dropped: why the source leaves the record out, whatever else there is to say of it; None to keep it.
    """

    url: str
    ordinal: int
    values: dict[str, object]
    payload_hash: str
    payload_date: dt.date
    errors: tuple[FieldError, ...] = ()
    derived: dict[str, object] = field(default_factory=dict)
    dropped: FieldError | None = None


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
            those without. Default places are labelled `default:…`. Fields of objects are counted as
            `object.field`, once for each object.
    """

    candidates: tuple[Candidate, ...] = ()
    failures: tuple[PageFailure, ...] = ()
    selector_hits: dict[str, dict[str, int]] = field(default_factory=dict)


def joined(extractions: Iterable[Extraction]) -> Extraction:
    """Return what several extractions gave together, in their order."""
    parts = list(extractions)
    return Extraction(
        tuple(candidate for part in parts for candidate in part.candidates),
        tuple(failure for part in parts for failure in part.failures),
        joined_hits(part.selector_hits for part in parts),
    )


def joined_hits(hits: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Return the sums of selector hits, each field's labels in the order in which they first came."""
    sums: dict[str, Counter[str]] = {}
    for counted in hits:
        for name, counts in counted.items():
            sums.setdefault(name, Counter()).update(counts)
    return {name: dict(counts) for name, counts in sums.items()}
