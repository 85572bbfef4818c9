"""The model of a source file: every key that a YAML file may hold, with its meaning.

What belongs here: names, types, defaults, and rules that one file can break alone. What does not: reading
files and rules across files (registry.py), and what is done with the values (stages/).
"""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

SOURCE_NAME_PATTERN = r"^[a-z0-9_-]{1,64}$"
FIELD_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
STRUCTURED_FIELDS = frozenset(
    {
        "title", "text", "author", "category", "published_at", "language", "image_url",
        "price", "currency", "sku", "brand", "availability",
    }
)  # fmt: skip
"""Field names that have a column of their own in the records table; others go to its `extra` column."""

ValueType = Literal["text", "decimal", "integer", "date", "url", "bool", "list"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _broken_rule(message: str, *, at: tuple[str | int, ...], remedy: str) -> PydanticCustomError:
    """Return the error of a rule over several fields; `at` is the field, below the model, to point to."""
    return PydanticCustomError("broken_rule", "{message}", {"message": message, "at": at, "remedy": remedy})


def _check_url(value: str) -> str:
    if not re.match(r"^https?://[^/\s]+", value):
        raise ValueError(f"{value!r} is not an absolute http or https URL")
    return value


def _check_regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from error
    return value


def _check_css(value: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("").css_first(value)
    except SelectolaxError as error:
        raise ValueError(f"{value!r} is not a CSS selector") from error
    return value


Url = Annotated[str, AfterValidator(_check_url), Field(description="An absolute http or https URL")]
Regex = Annotated[
    str,
    AfterValidator(_check_regex),
    Field(description="A Python regular expression, searched anywhere in the URL"),
]


class _UrlRules(_Strict):
    allow: tuple[Regex, ...] = Field(
        default=(), description="Keep only URLs that match one of these; empty keeps all in scope"
    )
    deny: tuple[Regex, ...] = Field(default=(), description="Drop URLs that match one of these")


class _Starting(_Strict):
    start: tuple[Url, ...] = Field(min_length=1, description="The URLs to begin with")


class DiscoverUrls(_Starting):
    """A fixed list of pages."""

    by: Literal["urls"]


class DiscoverLinks(_Starting, _UrlRules):
    """Follow links from page to page; every page visited is a content page."""

    by: Literal["links"]
    max_depth: int = Field(default=10, ge=0, description="Links followed in a row from a start URL")


class DiscoverListing(_Starting):
    """Paginated lists whose items are the content pages."""

    by: Literal["listing"]
    items: str = Field(description="CSS selector of the links to content pages")
    next: str | None = Field(default=None, description="CSS selector of the link to the next list page")

    @field_validator("items", "next")
    @classmethod
    def _selectors(cls, value: str | None) -> str | None:
        return value if value is None else _check_css(value)


class DiscoverSitemap(_Starting, _UrlRules):
    """Sitemaps and sitemap indexes (sitemaps.org)."""

    by: Literal["sitemap"]


class DiscoverFeed(_Starting, _UrlRules):
    """RSS, Atom or JSON feeds whose entries link to the content pages."""

    by: Literal["feed"]


class DiscoverApi(_Starting):
    """A JSON API, page after page; the responses are themselves the content."""

    by: Literal["api"]
    cursor: str | None = Field(
        default=None, description="JMESPath of the next page's cursor in a response; null ends the listing"
    )
    cursor_param: str = Field(default="cursor", description="Query parameter that takes the cursor")


Discovery = Annotated[
    DiscoverUrls | DiscoverLinks | DiscoverListing | DiscoverSitemap | DiscoverFeed | DiscoverApi,
    Field(discriminator="by"),
]


class AsOf(_Strict):
    """How the site is asked for a past date. Without it, past dates of a source are refused."""

    param: str | None = Field(default=None, description="Query parameter that takes the date")
    header: str | None = Field(default=None, description="Request header that takes the date")
    format: str = Field(default="%Y-%m-%d", description="strftime format of the date")

    @model_validator(mode="after")
    def _one_of(self) -> "AsOf":
        if (self.param is None) == (self.header is None):
            raise ValueError("give exactly one of `param` and `header`")
        return self


class Fetch(_Strict):
    """How pages are reached, and how politely."""

    via: Literal["http", "browser"] = Field(
        default="http", description="`http`, or `browser` for pages that need JavaScript"
    )
    discover: tuple[Discovery, ...] = Field(min_length=1, description="How URLs are found")
    hosts: tuple[str, ...] = Field(
        default=(), description="Hosts in scope; the hosts of the start URLs if empty. `*.example.com` works"
    )
    wait_for: str | None = Field(
        default=None, description="CSS selector that must appear before a browser page is read"
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="Extra request headers. `${NAME}` takes the environment variable, for secrets",
    )
    robots: Literal["obey", "ignore"] = Field(
        default="obey", description="Whether robots.txt is obeyed (RFC 9309)"
    )
    requests_per_second: float = Field(default=2.0, gt=0, le=1000, description="Per host")
    concurrency: int = Field(default=4, ge=1, le=64, description="Requests in flight per host")
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, description="For one request")
    max_attempts: int = Field(default=4, ge=1, le=20, description="Tries of one URL in one partition")
    max_retry_after_seconds: float = Field(
        default=120.0, ge=0, description="Cap on a site's Retry-After; above it the URL is a dead letter"
    )
    max_pages: int = Field(default=10_000, ge=1, description="Pages of one partition, list pages included")
    max_body_bytes: int = Field(default=20_000_000, ge=1_000, description="Per page, after decompression")
    revisit: bool = Field(
        default=True,
        description="Visit pages of earlier dates again, so that changes and removals are seen",
    )

    @field_validator("hosts")
    @classmethod
    def _plain_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not re.fullmatch(r"(\*\.)?[a-zA-Z0-9.-]+(:\d+)?", host):
                raise ValueError(f"{host!r} is not a host name; write `example.com` or `*.example.com`")
        return tuple(host.lower() for host in hosts)


class Selector(_Strict):
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
            _check_css(self.css)
        if self.regex:
            _check_regex(self.regex)
        for expression in filter(None, (self.jmespath, self.jsonld)):
            _check_jmespath(expression)
        return self

    @property
    def label(self) -> str:
        """The selector as a person would write it, such as `css:.price@content`."""
        for name in ("css", "jsonld", "meta", "jmespath", "regex"):
            if expression := getattr(self, name):
                return f"{name}:{expression}" + (f"@{self.attr}" if self.attr else "")
        raise AssertionError("a selector always has one way")


_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Of minute, hour, day of month, month, day of week."""
_CRON_NAMES = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6,
}  # fmt: skip


def _is_cron(expression: str) -> bool:
    """Say whether an expression has five parts of numbers, ranges, lists and steps within their bounds."""
    parts = expression.split()
    for part, (low, high) in zip(parts, _CRON_BOUNDS, strict=False):
        numbers = re.sub(r"[a-z]+", lambda name: str(_CRON_NAMES.get(name[0], name[0])), part.lower())
        for item in numbers.split(","):
            match = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/[1-9]\d?)?", item)
            if match is None:
                return False
            edges = [int(edge) for edge in match.groups() if edge]
            if edges != sorted(edges) or not all(low <= edge <= high for edge in edges):
                return False
    return len(parts) == len(_CRON_BOUNDS)


def _check_jmespath(expression: str) -> None:
    import jmespath

    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{expression!r} is not a JMESPath expression: {error}") from error


class FieldRule(_Strict):
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


class Extract(_Strict):
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
    fields: dict[str, FieldRule] = Field(default_factory=dict, description="Field name → how it is found")

    @model_validator(mode="after")
    def _names(self) -> "Extract":
        for name in self.fields:
            if not re.fullmatch(FIELD_NAME_PATTERN, name):
                raise _broken_rule(
                    f"{name!r} is not a field name",
                    at=("fields", name),
                    remedy=f"use lower-case letters, digits and underscores ({FIELD_NAME_PATTERN})",
                )
        for position, name in enumerate(self.key):
            if name != "url" and name not in self.fields:
                raise _broken_rule(
                    f"{name!r} is not in extract.fields",
                    at=("key", position),
                    remedy=f"use `url` or one of {', '.join(self.fields) or 'the fields to be declared'}",
                )
        return self


class Expect(_Strict):
    """What must hold for a partition to be admitted."""

    fetched: float = Field(
        default=0.95, ge=0, le=1, description="Share of the visited URLs that were reached"
    )
    min_pages: int = Field(default=1, ge=0, description="Pages reached, changed or not")
    completeness: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=lambda: {"title": 0.95},
        description="Field → least share of a partition's extracted records that have it",
    )
    valid: float = Field(
        default=0.95, ge=0, le=1, description="Share of the extracted records that pass validation"
    )
    required: tuple[str, ...] = Field(
        default=("title",), description="Fields without which a record is quarantined"
    )


class Source(_Strict):
    """One declared web dataset: how to discover, fetch and extract it, and what to expect of it."""

    name: str = Field(
        pattern=SOURCE_NAME_PATTERN,
        description="Names the partition: lower-case letters, digits, `_` and `-`, at most 64",
    )
    description: str = Field(description="One sentence for people")
    owners: tuple[str, ...] = Field(
        default=("team:data",), description="`team:name` or an e-mail address, as Dagster shows them"
    )
    enabled: bool = Field(default=True, description="Whether the source is part of the grid")
    start: dt.date = Field(description="The first date that the source has")
    cadence_hours: float = Field(default=24.0, gt=0, description="How often fresh data is due")
    schedule: str | None = Field(default=None, description="Cron expression (UTC) of the daily run")
    as_of: AsOf | None = Field(
        default=None, description="How to ask for a past date; without it the source is live"
    )
    allow_private: bool = Field(
        default=False, description="Whether loopback and private addresses may be reached"
    )
    fetch: Fetch
    extract: Extract
    expect: Expect = Field(default_factory=Expect)

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not _is_cron(value):
            raise ValueError(f"{value!r} is not a cron expression of five parts, such as `0 6 * * *`")
        return value

    @model_validator(mode="after")
    def _expected_fields_exist(self) -> "Source":
        known = set(self.extract.fields) | {"url", "title", "text", "language", "published_at", "author"}
        for place, names in (("completeness", self.expect.completeness), ("required", self.expect.required)):
            for position, name in enumerate(names):
                if name not in known:
                    raise _broken_rule(
                        f"{name!r} is not in extract.fields",
                        at=("expect", place, name if place == "completeness" else position),
                        remedy=f"declare it there, or use one of {', '.join(sorted(known))}",
                    )
        return self

    @property
    def max_age_hours(self) -> float:
        """Age at which a partition is stale: 1.5 × the cadence."""
        return 1.5 * self.cadence_hours
