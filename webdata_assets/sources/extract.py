"""The `extract` section of a source file: what a page is turned into.

What belongs here: its keys, defaults, and rules within the section. What does not: one field (fields.py), one
selector (selectors.py), and doing it (stages/extract).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from webdata_assets.sources.fields import FieldRule, ScalarType, ValueType, check_default, check_field_name
from webdata_assets.sources.grammar import Regex, Strict, broken_rule, check_css, check_jmespath
from webdata_assets.sources.python_function import check_python_function
from webdata_assets.sources.selectors import Selector, short_selector

__all__ = ["STRUCTURED_FIELDS", "Extract", "FieldRule", "Items", "ScalarType", "Selector", "ValueType"]

STRUCTURED_FIELDS = frozenset(
    {
        "title", "text", "structured_text", "description", "author", "site_name", "canonical_url",
        "breadcrumbs", "category", "published_at", "modified_at", "language", "image_url",
        "price", "currency", "sku", "gtin", "brand", "availability", "rating", "rating_count",
    }
)  # fmt: skip
"""Field names that have a column of their own in the records table; others go to its `extra` column."""


class Items(Strict):
    """Where a page's records are, when it holds many: one place, and `jmespath` beside css or xpath."""

    either: str | None = Field(
        default=None,
        description="CSS selector on a page of HTML, JMESPath in JSON; what `items: a.item` is short for",
    )
    css: str | None = Field(default=None, description="CSS selector of the items' elements")
    xpath: str | None = Field(
        default=None, description="XPath of the items' elements; what `items: //li` is short for"
    )
    jsonld: str | None = Field(default=None, description="JMESPath of the items in a JSON-LD object")
    microdata: str | None = Field(default=None, description="JMESPath of the items in the page's microdata")
    schema_type: str | None = Field(
        default=None, description="With jsonld or microdata: the schema.org type of that object"
    )
    jmespath: str | None = Field(
        default=None, description="JMESPath of the items, in JSON or in the JSON that css or xpath found"
    )

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        keys = short_selector(value)
        return keys if "xpath" in keys else {"either": value}

    @model_validator(mode="after")
    def _usable(self) -> "Items":
        keys = self.model_dump(exclude_none=True, exclude={"either"})
        if self.either is not None and keys:
            raise ValueError("give `either` alone")
        if self.either is None:
            Selector(**keys)
        elif not (_passes(check_css, self.either) or _passes(check_jmespath, self.either)):
            raise ValueError(f"{self.either!r} is neither a CSS selector nor a JMESPath expression")
        return self

    def selector(self, *, of_json: bool) -> Selector:
        """Return the selector of the items on a page of HTML or JSON."""
        if self.either is not None:
            return Selector(jmespath=self.either) if of_json else Selector(css=self.either)
        return Selector(**self.model_dump(exclude_none=True, exclude={"either"}))


class Extract(Strict):
    """What a content page is turned into."""

    kind: Literal["article", "product", "document", "item"] = Field(
        description="article and document take the page's main content as `text` unless `fields` says how"
    )
    pages: Regex | None = Field(
        default=None, description="Only URLs that match hold records; all content pages if not given"
    )
    items: Items | None = Field(
        default=None,
        description="Many records per page: CSS selector or XPath (HTML) or JMESPath (JSON) of the items",
    )
    python: Annotated[str, AfterValidator(check_python_function)] | None = Field(
        default=None,
        description="`package.module:function` of yours that makes the records of a page; `fields` then says "
        "their types",
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
            check_field_name(name)
        for position, name in enumerate(self.key):
            if name != "url" and name not in self.fields:
                raise broken_rule(
                    f"{name!r} is not in extract.fields",
                    at=("key", position),
                    remedy=f"use `url` or one of {', '.join(self.fields) or 'the fields to be declared'}",
                )
        return self

    @model_validator(mode="after")
    def _templates_need_blocks(self) -> "Extract":
        if self.remove_templates and self.content == "fast":
            what, remedy = (
                "`content: fast` does not know templates",
                "use `content: balanced`, or leave it out",
            )
            raise broken_rule(what, at=("remove_templates",), remedy=remedy)
        return self

    @model_validator(mode="after")
    def _fields_can_be_found(self) -> "Extract":
        if self.python is not None and self.items is not None:
            remedy = "let the function return a list of records"
            raise broken_rule("`items` does not go with `python`", at=("items",), remedy=remedy)
        for name, rule in self.fields.items():
            if rule.has_objects and name in STRUCTURED_FIELDS:
                what, remedy = f"the column `{name}` holds no objects", "give the field another name"
                raise broken_rule(what, at=("fields", name, "type"), remedy=remedy)
            check_default(rule, rule.type_of(name), ("fields", name))
        for at, rule in _walk(self.fields, ("fields",)):
            if len(at) > 2:
                check_default(rule, rule.type, at)
            if not rule.from_ and self.python is None and rule.type != "object":
                remedy = "add `from:` with selectors, or one of css, xpath, jsonld, meta, jmespath, regex"
                raise broken_rule("nothing says where its value is", at=at, remedy=remedy)
        return self


def _walk(
    fields: Mapping[str, FieldRule], at: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], FieldRule]]:
    """Yield every field, those of objects included, with its place below `extract`."""
    for name, rule in fields.items():
        yield (*at, name), rule
        yield from _walk(rule.fields, (*at, name, "fields"))


def _passes(check: Any, value: str) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True
