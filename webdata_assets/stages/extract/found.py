"""A default value of a field, and what finding one depends on beside the page.

What belongs here: the two values that every finder takes and gives. What does not: finders.
"""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """A default value, and in words where it was found."""

    value: object
    label: str


@dataclass(frozen=True)
class PageContext:
    """What defaults depend on beside the page.

    Attributes:
        kind: the source's kind.
        payload_date: no date after it is taken from a page's loose text, so that the same payload gives the
            same record whenever it is read.
    """

    kind: str
    payload_date: dt.date
