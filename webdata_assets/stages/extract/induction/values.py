"""When a value on a page is the known one: compared as its field's type, after cleaning, not as written.

What belongs here: typed equality, and quick looks that spare conversions. What does not: where on a page
values are (places.py).
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from webdata_assets.sources.fields import FieldRule, ScalarType
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.clean.columns import to_column
from webdata_assets.stages.clean.normalise import fold
from webdata_assets.stages.extract.fields import typed_value
from webdata_assets.stages.extract.selectors import Item, Match, first_match
from webdata_assets.stages.extract.values import Context, ConversionError

_LONGEST_AMOUNT = 60
"""Characters of a text in which a number, date, code or availability is looked for: labels, not sentences."""
_SLACK = 40
"""Characters by which a text may be longer than its known form: white space and entities."""
_SHORT_TYPES = ("decimal", "integer", "date", "bool")
_SHORT_FIELDS = ("currency", "availability", "language")


@dataclass(frozen=True, eq=False)
class Target:
    """One field's known value on one item.

    Attributes:
        name: the field.
        rule: as the source declares it.
        known: the value in the form of its column.
    """

    name: str
    rule: FieldRule
    known: object

    @cached_property
    def wanted(self) -> object:
        """The known value in the form in which values are compared; of a list, its first entry."""
        known = self.known[0] if isinstance(self.known, list) and self.known else self.known
        return comparable(known)

    @cached_property
    def entry_type(self) -> ScalarType | str:
        """The type of one value."""
        declared = self.rule.type_of(self.name)
        return self.rule.of if declared == "list" else declared

    @cached_property
    def longest(self) -> int:
        """Characters that a text with this value may have."""
        if self.entry_type in _SHORT_TYPES or self.name in _SHORT_FIELDS:
            return _LONGEST_AMOUNT
        return len(str(self.wanted)) + _SLACK

    @cached_property
    def _digits(self) -> str:
        """Digits without which a text cannot be the known number or date."""
        if isinstance(self.wanted, Decimal):
            return str(abs(int(self.wanted))) if self.wanted >= 1 else ""
        if self.entry_type == "date":
            return str(self.wanted)[2:4]
        return ""

    def may_be(self, raw: str) -> bool:
        """Whether a text is worth the conversion."""
        if not raw or len(raw) > self.longest + len(raw) // 2:
            return False
        if self._digits:
            return self._digits in re.sub(r"\D", "", raw)
        if self.entry_type == "text" and self.name not in _SHORT_FIELDS and raw.isascii() and "&" not in raw:
            return " ".join(raw.lower().split()) == self.wanted
        if self.entry_type in ("text", "url") and self.name not in _SHORT_FIELDS:
            return abs(len(raw.strip()) - len(str(self.wanted))) <= max(_SLACK, len(raw) // 3)
        return len(raw) <= self.longest

    def is_in(self, raw: object, item: Item, *, machine_readable: bool) -> bool:
        """Whether a raw value, read as this field would be, is the known one."""
        found = _converted(self.name, self.rule, Match((raw,), "", machine_readable), item)
        if isinstance(found, list):
            found = found[0] if found else None
        return found is not None and comparable(found) == self.wanted


def value_at(name: str, rule: FieldRule, selector: Selector, item: Item) -> object:
    """Return what a selector gives for a field, in the form in which values are compared; None for nothing.

    Raises:
        PermanentError: as `select` does.
    """
    match = first_match((selector,), item)
    found = None if match is None else _converted(name, rule, match, item)
    return None if found is None else comparable(found)


def comparable(value: object) -> object:
    """Return the form in which two values of one field are compared: numbers by amount, texts folded."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    if isinstance(value, dt.date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(comparable(entry) for entry in value)
    return fold(str(value))


def _converted(name: str, rule: FieldRule, match: Match, item: Item) -> object:
    context = Context(item.document.base_url, item.document.month_first, match.machine_readable)
    try:
        return to_column(name, typed_value(name, rule, rule.type_of(name), match, item, context))
    except ConversionError:
        return None
