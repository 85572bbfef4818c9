"""The `fetch` section of a source file: how URLs are found, and how pages are reached.

What belongs here: its keys, defaults, and rules within the section. What does not: doing it (stages/crawl).
"""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from webdata_assets.sources.grammar import Regex, Strict, Url, check_css


class _UrlRules(Strict):
    allow: tuple[Regex, ...] = Field(
        default=(), description="Keep only URLs that match one of these; empty keeps all in scope"
    )
    deny: tuple[Regex, ...] = Field(default=(), description="Drop URLs that match one of these")


class _Starting(Strict):
    start: tuple[Url, ...] = Field(min_length=1, description="The URLs to begin with")


class DiscoverUrls(_Starting):
    """A fixed list of pages."""

    by: Literal["urls"] = Field(description="Fixed pages")


class DiscoverLinks(_Starting, _UrlRules):
    """Follow links from page to page; every page visited is a content page."""

    by: Literal["links"] = Field(description="Follow links")
    max_depth: int = Field(default=10, ge=0, description="Links followed in a row from a start URL")


class DiscoverListing(_Starting):
    """Paginated lists whose items are the content pages."""

    by: Literal["listing"] = Field(description="Paginated lists")
    items: str = Field(description="CSS selector of the links to content pages")
    next: str | None = Field(default=None, description="CSS selector of the link to the next list page")

    @field_validator("items", "next")
    @classmethod
    def _selectors(cls, value: str | None) -> str | None:
        return value if value is None else check_css(value)


class DiscoverSitemap(_Starting, _UrlRules):
    """Sitemaps and sitemap indexes (sitemaps.org)."""

    by: Literal["sitemap"] = Field(description="Sitemaps")


class DiscoverFeed(_Starting, _UrlRules):
    """RSS, Atom or JSON feeds whose entries link to the content pages."""

    by: Literal["feed"] = Field(description="Feeds")


class DiscoverApi(_Starting):
    """A JSON API, page after page; the responses are themselves the content."""

    by: Literal["api"] = Field(description="JSON, page after page")
    cursor: str | None = Field(
        default=None, description="JMESPath of the next page's cursor in a response; null ends the listing"
    )
    cursor_param: str = Field(default="cursor", description="Query parameter that takes the cursor")


Discovery = Annotated[
    DiscoverUrls | DiscoverLinks | DiscoverListing | DiscoverSitemap | DiscoverFeed | DiscoverApi,
    Field(discriminator="by"),
]


class AsOf(Strict):
    """How the site is asked for a past date. Without it, past dates of a source are refused."""

    param: str | None = Field(default=None, description="Query parameter that takes the date")
    header: str | None = Field(default=None, description="Request header that takes the date")
    format: str = Field(default="%Y-%m-%d", description="strftime format of the date")

    @model_validator(mode="after")
    def _one_of(self) -> "AsOf":
        if (self.param is None) == (self.header is None):
            raise ValueError("give exactly one of `param` and `header`")
        return self


class Fetch(Strict):
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
