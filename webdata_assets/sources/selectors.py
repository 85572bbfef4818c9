"""The selectors of a source file: where a value is looked for.

What belongs here: their keys, which of them go together, and how they are shown. What does not: evaluating
them (stages/extract/selectors.py).
"""

import re
from typing import Any

from pydantic import Field, model_validator

from webdata_assets.sources.grammar import (
    Strict,
    check_css,
    check_jmespath,
    check_regex,
    check_xpath,
)

PLACES = ("css", "xpath", "jsonld", "microdata", "meta")
"""Where in a page a selector begins; without one it begins with the page's text or its JSON."""

WAYS = (*PLACES, "jmespath", "regex")
_CHECKS = {
    "css": check_css,
    "xpath": check_xpath,
    "jsonld": check_jmespath,
    "microdata": check_jmespath,
    "jmespath": check_jmespath,
    "regex": check_regex,
}


class Selector(Strict):
    """One way to find a value: css, xpath, jsonld, microdata, meta, jmespath or regex.

    `jmespath` beside css, xpath or meta reads the JSON that was found there, such as that of a script;
    `regex` beside any other searches in what that one found.
    """

    css: str | None = Field(default=None, description="CSS selector; the element's text, or its `attr`")
    attr: str | None = Field(default=None, description="With css: take this attribute, not the text")
    xpath: str | None = Field(
        default=None,
        description="XPath 1.0; an element's text, an attribute, or what it computes",
    )
    jsonld: str | None = Field(
        default=None, description="JMESPath into the page's JSON-LD object of the wanted type"
    )
    microdata: str | None = Field(
        default=None, description="JMESPath into the page's, or the item's, microdata of the wanted type"
    )
    schema_type: str | None = Field(
        default=None,
        description="With jsonld or microdata: the wanted schema.org type, such as `Recipe`; the one that "
        "the source's `kind` describes if not given",
    )
    meta: str | None = Field(default=None, description="`name` or `property` of a <meta> element")
    jmespath: str | None = Field(
        default=None,
        description="JMESPath into a JSON response's item, or into the JSON that css, xpath or meta found",
    )
    regex: str | None = Field(
        default=None,
        description="Searched in the page's text, or in what the others found; the first group, or the whole "
        "match",
    )

    @model_validator(mode="after")
    def _go_together(self) -> "Selector":
        places = [name for name in PLACES if getattr(self, name)]
        if not (places or self.jmespath or self.regex):
            raise ValueError(f"give one of {', '.join(WAYS)}")
        if len(places) > 1:
            raise ValueError(f"give one of {' and '.join(places)}: alternatives go into a list, `from`")
        if self.jmespath and (self.jsonld or self.microdata):
            raise ValueError(f"`{places[0]}` is a JMESPath by itself: give no `jmespath` beside it")
        if self.attr and not self.css:
            raise ValueError("`attr` goes with `css` only; an XPath takes an attribute by `/@name`")
        if self.schema_type and not (self.jsonld or self.microdata):
            raise ValueError("`schema_type` goes with `jsonld` or `microdata` only")
        for name, check in _CHECKS.items():
            if expression := getattr(self, name):
                check(expression)
        return self

    @property
    def place(self) -> str | None:
        """The key of PLACES that is given, if one is."""
        return next((name for name in PLACES if getattr(self, name)), None)

    @property
    def label(self) -> str:
        """The selector as a person would write it, such as `css:.price@content → regex:\\d+`."""
        parts = [f"{name}:{expression}" for name in WAYS if (expression := getattr(self, name))]
        if self.attr:
            parts[0] += f"@{self.attr}"
        if self.schema_type:
            parts[0] += f" of {self.schema_type}"
        return " → ".join(parts)

    @property
    def is_machine_readable(self) -> bool:
        """Whether what it finds was meant for programs: JSON, meta, attributes, and no text for readers."""
        if self.css or self.xpath:
            attribute = self.attr or re.search(r"@[\w:.-]+\s*$", self.xpath or "")
            return bool(attribute or self.jmespath)
        return bool(self.place or self.jmespath)

    @property
    def finds_objects(self) -> bool:
        """Whether it can find things that have fields of their own: elements or JSON objects."""
        return not self.regex and bool(self.jmespath or not (self.attr or self.meta))

    @property
    def reads_json_page(self) -> bool:
        """Whether it reads the JSON that it is applied to, and not JSON within HTML."""
        return self.place is None and self.jmespath is not None


def short_selector(text: str) -> dict[str, Any]:
    """Return the keys that a selector's short form stands for: `//h1` is an XPath, `h1` is CSS."""
    return {"xpath" if re.match(r"\(*\.?/", text) else "css": text}
