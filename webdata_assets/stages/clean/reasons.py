"""Broken rules → reasons that a person can act on.

What belongs here: the words for each rule, and the rows of the quarantine. What does not: deciding what is
broken (cleaner.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from webdata_assets.stages.clean.identity import canonical_json
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.clean.pii import without_personal_data

MAX_VALUE_CHARACTERS = 500
PAGE_ORDINAL = -1
"""Stands for a whole page where there is no record."""

_COLUMN_RULES = {
    "nullability": "is missing",
    "regex": "is not of the form that the column needs",
    "check": "is not one of the values that the column allows",
    "min": "is below the least value allowed",
    "max": "is above the greatest value allowed",
    "min_length": "is empty",
    "max_length": "is longer than allowed",
}
_ROW_RULES = {
    "price_has_currency": ("currency", "there is a price and no currency"),
    "not_published_after_the_partition": ("published_at", "it was published after the partition's date"),
}
_FILTERS = {
    "language": ("text", "it is in another language than those kept", "detected_language"),
    "quality": ("text", "its text breaks a quality rule", "quality_flags"),
    "pii": ("text", "it holds personal data", "pii"),
    "injection": ("text", "it addresses a language model", "injection_flags"),
    "duplicate": ("text", "its text is that of another record", "duplicate_of"),
}
"""Reason to leave a valid record out → the field it is about, in words, and the column that says more."""


@dataclass(frozen=True)
class Refusal:
    """One reason why a record or a page was refused; `value` is what was found."""

    rule: str
    field: str | None
    reason: str
    value: object = None
    disposition: Literal["refused", "filtered"] = "refused"


def refusal_of_rule(rule: str, row: Mapping[str, object]) -> Refusal:
    """Return the refusal of a row that broke a rule, by the name that the schema gives it."""
    if rule in _ROW_RULES:
        field, reason = _ROW_RULES[rule]
        return Refusal(rule, field, reason, row.get(field))
    column, separator, kind = rule.partition("|")
    if not separator:
        return Refusal(rule, None, f"breaks the rule {rule}")
    reason = _COLUMN_RULES.get(kind, f"breaks the rule {kind}")
    return Refusal(rule, column, f"{column} {reason}", row.get(column))


def refusal_of_filter(rule: str, row: Mapping[str, object]) -> Refusal:
    """Return why a valid record is left out, by the name that `filtered` gives the reason, or `duplicate`."""
    field, reason, found = _FILTERS[rule.partition(":")[0]]
    value = rule.partition(":")[2] or row.get(found)
    return Refusal(rule, field, f"{reason}, and the source leaves such records out", value, "filtered")


def quarantine_row(
    refusal: Refusal,
    *,
    date: dt.date,
    source: str,
    url: str,
    ordinal: int,
    fields: Mapping[str, object],
    payload_hash: str,
    payload_date: dt.date,
    redacts: bool = False,
) -> dict[str, object]:
    """Return one row of the quarantine table.

    Args:
        fields: the record's, present ones only, as they may be stored.
        redacts: whether personal data in the reason and in what was found are replaced by their kinds.
    """
    return {
        "date": date,
        "source": source,
        "url": url,
        "ordinal": ordinal,
        "disposition": refusal.disposition,
        "rule": refusal.rule,
        "field": refusal.field,
        "reason": _shown(refusal.reason, redacts),
        "value": None if refusal.value is None else _shown(refusal.value, redacts),
        "record": canonical_json(fields).decode(),
        "payload_hash": payload_hash,
        "payload_date": payload_date,
    }


def _shown(value: object, redacts: bool) -> str:
    text = value if isinstance(value, str) else canonical_json(value).decode().strip('"')
    text = clean_body(text[: 4 * MAX_VALUE_CHARACTERS])
    # before the cut, which would leave of a number at the end what no form knows again
    return (without_personal_data(text) if redacts else text)[:MAX_VALUE_CHARACTERS]
