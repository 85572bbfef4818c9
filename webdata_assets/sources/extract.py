"""The `extract` section of a source file: what a page is turned into.

What belongs here: its keys, defaults, and rules within the section. What does not: doing it (stages/extract).
"""

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from webdata_assets.sources.grammar import Regex, Strict, broken_rule, check_css, check_jmespath, check_regex

FIELD_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
STRUCTURED_FIELDS = frozenset(
    {
        "title", "text", "structured_text", "description", "author", "site_name", "canonical_url",
        "breadcrumbs", "category", "published_at", "modified_at", "language", "image_url",
        "price", "currency", "sku", "gtin", "brand", "availability", "rating", "rating_count",
    }
)  # fmt: skip
"""Field names that have a column of their own in the records table; others go to its `extra` column."""

ValueType = Literal["text", "decimal", "integer", "date", "url", "bool", "list"]


class Selector(Strict):
    """One way to find a value. Exactly one of css, jsonld, meta, jmespath, regex."""

    css: str | None = Field(default=None, description="CSS selector; the element's text, or its `attr`")
    attr: str | None = Field(default=None, description="With css: take this attribute, not the text")
    jsonld: str | None = Field(
        default=None, description="JMESPath into the page's JSON-LD object of the wanted type"
    )
    meta: str | None = Field(default=None, description="`name` or `property` of a <meta> element")
    jmespath: str | None = Field(default=None, description="JMESPath into a JSON response's item")
    regex: str | None = Field(
        default=None, description="Searched in the page's text; the first group, or the whole match"
    )

    @model_validator(mode="after")
    def _one_of(self) -> "Selector":
        ways = [name for name in ("css", "jsonld", "meta", "jmespath", "regex") if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError("give exactly one of css, jsonld, meta, jmespath, regex")
        if self.attr and not self.css:
            raise ValueError("`attr` goes with `css` only")
        if self.css:
            check_css(self.css)
        if self.regex:
            check_regex(self.regex)
        for expression in filter(None, (self.jmespath, self.jsonld)):
            check_jmespath(expression)
        return self

    @property
    def label(self) -> str:
        """The selector as a person would write it, such as `css:.price@content`."""
        for name in ("css", "jsonld", "meta", "jmespath", "regex"):
            if expression := getattr(self, name):
                return f"{name}:{expression}" + (f"@{self.attr}" if self.attr else "")
        raise AssertionError("a selector always has one way")


class FieldRule(Strict):
    """One field of a record: its type, and the selectors to try in order."""

    type: ValueType = Field(default="text", description="What the value is turned into")
    from_: tuple[Selector, ...] = Field(
        alias="from", min_length=1, description="Selectors, tried in order; the first that matches wins"
    )

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """`title: h1` means `title: {from: [{css: h1}]}`, and one selector needs no list."""
        if isinstance(value, str):
            return {"from": [{"css": value}]}
        if isinstance(value, dict) and "from" not in value and set(value) & set(Selector.model_fields):
            selector = {name: value[name] for name in value if name in Selector.model_fields}
            return {"from": [selector], **{name: value[name] for name in value if name not in selector}}
        return value


class Extract(Strict):
    """What a content page is turned into."""

    kind: Literal["article", "product", "document", "item"] = Field(
        description="article and document take the page's main content as `text` unless `fields` says how"
    )
    pages: Regex | None = Field(
        default=None, description="Only URLs that match hold records; all content pages if not given"
    )
    items: str | None = Field(
        default=None,
        description="Many records per page: JMESPath of the items (JSON) or CSS selector (HTML)",
    )
    key: tuple[str, ...] = Field(
        default=("url",), min_length=1, description="Fields that identify a record for ever"
    )
    content: Literal["balanced", "fast"] = Field(
        default="balanced",
        description="How the main content is found: with care, or several times faster with a small loss",
    )
    remove_templates: bool = Field(
        default=False,
        description="Leave out blocks that most pages of the partition repeat, such as menus and notices",
    )
    fields: dict[str, FieldRule] = Field(default_factory=dict, description="Field name → how it is found")

    @model_validator(mode="after")
    def _names(self) -> "Extract":
        for name in self.fields:
            if not re.fullmatch(FIELD_NAME_PATTERN, name):
                raise broken_rule(
                    f"{name!r} is not a field name",
                    at=("fields", name),
                    remedy=f"use lower-case letters, digits and underscores ({FIELD_NAME_PATTERN})",
                )
        for position, name in enumerate(self.key):
            if name != "url" and name not in self.fields:
                raise broken_rule(
                    f"{name!r} is not in extract.fields",
                    at=("key", position),
                    remedy=f"use `url` or one of {', '.join(self.fields) or 'the fields to be declared'}",
                )
        return self
