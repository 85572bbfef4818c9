"""The fields of a source file: types, selectors to try in order, and what happens without a good value.

What belongs here: the keys of one field, and rules among them. What does not: rules among fields
(extract.py), and applying them (stages/extract/fields.py).
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from webdata_assets.sources.grammar import Strict, broken_rule, check_url
from webdata_assets.sources.selectors import Selector, short_selector

_MAX_INTEGER = 2**63 - 1
FIELD_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"

ScalarType = Literal["text", "decimal", "integer", "date", "url", "bool"]
EntryType = Literal["text", "decimal", "integer", "date", "url", "bool", "object"]
ValueType = Literal["text", "decimal", "integer", "date", "url", "bool", "list", "object"]

NATURAL_TYPES: Mapping[str, ValueType] = {
    "breadcrumbs": "list",
    "canonical_url": "url",
    "image_url": "url",
    "modified_at": "date",
    "price": "decimal",
    "published_at": "date",
    "rating": "decimal",
    "rating_count": "integer",
}
"""Types of fields whose column is no text, so that the shorthand `price: .price` gives a number."""


class FieldRule(Strict):
    """One field of a record: its type, the selectors to try in order, and what happens without a value."""

    type: ValueType = Field(default="text", description="What the value is turned into")
    of: EntryType = Field(default="text", description="With `type: list`: the type of its entries")
    fields: dict[str, "FieldRule"] = Field(
        default_factory=dict,
        description="With `type: object`, or a list of them: the object's own fields, found within it",
    )
    from_: tuple[Selector, ...] = Field(
        alias="from",
        default=(),
        description="Selectors, tried in order; the first that matches wins. An object without any has the "
        "fields of the page or item around it",
    )
    on_missing: Literal["keep", "require", "default", "drop"] = Field(
        default="keep",
        description="When nothing is found: keep the record without it, quarantine it as `required`, fill in "
        "`default`, or leave the record out (counted as `missing:<field>`)",
    )
    on_invalid: Literal["quarantine", "missing", "default", "drop"] = Field(
        default="quarantine",
        description="When what is found is not of the type: quarantine the record, treat it as missing, fill "
        "in `default`, or leave the record out (counted as `invalid:<field>`)",
    )
    default: Any = Field(
        default=None, description="The value to fill in, of the field's type; by itself for `on_missing`"
    )

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """`title: h1` means `title: {from: [{css: h1}]}`, and one selector needs no list.

        `fields` alone make an object or, in a list, objects of its entries; `default` alone fills in what
        is missing.
        """
        if isinstance(value, str):
            return {"from": [short_selector(value)]}
        if not isinstance(value, dict):
            return value
        rule = dict(value)
        if "from" not in rule and set(rule) & set(Selector.model_fields):
            selector = {name: rule.pop(name) for name in value if name in Selector.model_fields}
            rule["from"] = [selector]
        if "fields" in rule:
            rule.setdefault("type", "object")
            if rule["type"] == "list":
                rule.setdefault("of", "object")
        if "default" in rule and rule.get("on_invalid") != "default":
            rule.setdefault("on_missing", "default")
        return rule

    @field_validator("from_", mode="before")
    @classmethod
    def _at_least_one(cls, value: Any) -> Any:
        if value in ([], ()):
            raise ValueError("an empty list: give at least one selector, or leave `from` out of an object")
        return value

    @field_validator("on_missing", mode="before")
    @classmethod
    def _about_missing_values(cls, value: Any) -> Any:
        if value == "quarantine":
            raise ValueError(
                "'quarantine' is for values that are not of their type (`on_invalid`); `require` "
                "quarantines records that lack the field"
            )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "FieldRule":
        if "of" in self.model_fields_set and self.type != "list":
            raise broken_rule("`of` is for lists", at=("of",), remedy="write `type: list`, or remove it")
        if self.has_objects != bool(self.fields):
            what = "an object needs fields of its own" if self.has_objects else "only objects have `fields`"
            remedy = "write `fields:` and below it the fields, or choose another type"
            raise broken_rule(what, at=("fields",) if self.fields else ("type",), remedy=remedy)
        for name in self.fields:
            check_field_name(name)
        for position, selector in enumerate(self.from_):
            if self.has_objects and not selector.finds_objects:
                raise broken_rule(
                    f"{selector.label} finds texts, and an object's fields are looked for in elements or "
                    "JSON objects",
                    at=("from", position),
                    remedy="use css, xpath, jmespath, jsonld or microdata without `attr` and `regex`",
                )
        return self

    @property
    def has_objects(self) -> bool:
        """Whether the value is an object, or a list of them."""
        return self.type == "object" or (self.type == "list" and self.of == "object")

    def type_of(self, name: str) -> ValueType:
        """Return the type of a field of a record, for which its name speaks if nothing else does."""
        return NATURAL_TYPES.get(name, self.type) if self.type == "text" else self.type


def check_field_name(name: str) -> None:
    """Raise `broken_rule` for what is no field name."""
    if not re.fullmatch(FIELD_NAME_PATTERN, name):
        raise broken_rule(
            f"{name!r} is not a field name",
            at=("fields", name),
            remedy=f"use lower-case letters, digits and underscores ({FIELD_NAME_PATTERN})",
        )


def check_default(rule: FieldRule, value_type: ValueType, at: tuple[str | int, ...]) -> None:
    """Raise `broken_rule` for a default that is not of the field's type, is absent, or is never used."""
    asked = "default" in (rule.on_missing, rule.on_invalid)
    given = rule.default not in (None, "", [], {})
    if not asked and "default" in rule.model_fields_set:
        remedy = "write `on_missing: default` or `on_invalid: default`, or remove it"
        raise broken_rule("`default` is never used", at=(*at, "default"), remedy=remedy)
    if asked and rule.has_objects:
        remedy = "give the object's own fields a `default` each"
        raise broken_rule("an object has no default", at=(*at, "default"), remedy=remedy)
    if asked and not given:
        remedy = f"add `default:` with a {value_type} that is not empty"
        raise broken_rule("there is no default to fill in", at=(*at, "default"), remedy=remedy)
    entries = rule.default if value_type == "list" and isinstance(rule.default, list) else [rule.default]
    entry_type = rule.of if value_type == "list" else value_type
    if asked and not all(_is_of(entry_type, entry) for entry in entries):
        what = f"{rule.default!r} is not of the type {value_type}"
        raise broken_rule(what, at=(*at, "default"), remedy=f"write a {_WRITTEN[entry_type]}")


_WRITTEN = {
    "text": "text, in quotes if it looks like a number or a date",
    "decimal": "number",
    "integer": "whole number",
    "date": "date as YYYY-MM-DD",
    "url": "URL with http or https",
    "bool": "true or false",
}


def _is_of(value_type: str, value: object) -> bool:
    match value_type:
        case "decimal" | "integer":
            wanted = int if value_type == "integer" else int | float
            if isinstance(value, bool) or not isinstance(value, wanted):
                return False
            # what tables and JSON can hold
            return abs(value) <= _MAX_INTEGER if isinstance(value, int) else math.isfinite(value)
        case "bool":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, dt.date) or _succeeds(dt.datetime.fromisoformat, value)
        case "url":
            return _succeeds(check_url, value)
        case _:
            return isinstance(value, str)


def _succeeds(check: Callable[[str], object], value: object) -> bool:
    try:
        return isinstance(value, str) and check(value) is not None
    except ValueError:
        return False
