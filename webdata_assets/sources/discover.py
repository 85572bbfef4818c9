"""The rules of `fetch.discover`: every way in which a source's URLs are found.

What belongs here: one model for each way. What does not: doing it (stages/crawl/discovery).
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from webdata_assets.sources.grammar import JmesPath, Regex, Strict, Url, check_css

_DATE = "{date}"


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
    next: str | None = Field(
        default=None,
        description="CSS selector of the link to the next list page; found by itself if unset",
    )

    @field_validator("items", "next")
    @classmethod
    def _selectors(cls, value: str | None) -> str | None:
        return value if value is None else check_css(value)


class DiscoverSitemap(_Starting, _UrlRules):
    """Sitemaps and sitemap indexes (sitemaps.org), plain or gzip."""

    by: Literal["sitemap"] = Field(description="Sitemaps")
    modified_within_days: float | None = Field(
        default=None,
        gt=0,
        description="Keep only URLs whose lastmod is that recent at the partition's date, or that have none",
    )


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
    page_param: str | None = Field(default=None, description="Query parameter that takes the page's number")
    offset_param: str | None = Field(
        default=None, description="Query parameter that takes the number of items to pass over"
    )
    items: str | None = Field(
        default=None,
        description="JMESPath of a response's items; with page_param and offset_param, none ends the listing",
    )
    link_header: bool = Field(
        default=False, description="Follow the response header `Link: …; rel=next` (RFC 8288)"
    )
    max_listing_pages: int = Field(
        default=100_000, ge=1, description="Pages of one listing, however it goes on"
    )

    @model_validator(mode="after")
    def _one_pagination(self) -> "DiscoverApi":
        given = [
            name for name in ("cursor", "page_param", "offset_param", "link_header") if getattr(self, name)
        ]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(f'`{name}`' for name in given)}")
        if (self.page_param or self.offset_param) and self.items is None:
            raise ValueError(f"`{given[0]}` needs `items`, whose end is the listing's end")
        return self


class _Stored(_UrlRules):
    path: str

    @property
    def is_dated(self) -> bool:
        """Whether each date has a place of its own."""
        return _DATE in self.path

    def at(self, date: dt.date | None) -> str:
        """Return the place of a date; as it is written, where there is none."""
        return self.path if date is None else self.path.replace(_DATE, date.isoformat())


class DiscoverWarc(_Stored):
    """Web archives: each record belongs to the partition of its own date."""

    by: Literal["warc"] = Field(description="Web archives")
    path: str = Field(
        description="A WARC or WARC.gz file, or a folder of them, relative to the source file; or "
        "`s3://bucket/prefix`. `{date}` stands for the partition's date"
    )

    @property
    def start(self) -> tuple[str, ...]:
        """None: the archive's index names the URLs."""
        return ()


class DiscoverFiles(_Stored):
    """A folder of pages."""

    by: Literal["files"] = Field(description="A folder of pages")
    path: str = Field(
        description="The folder, relative to the source file, or `s3://bucket/prefix`. `{date}` stands for "
        "the partition's date, so that each date has a folder of its own"
    )
    base_url: Url = Field(description="The URL that the folder stands for")
    pattern: str = Field(default="**/*.html", description="Which files are pages, as a glob")

    @property
    def start(self) -> tuple[str, ...]:
        """None: the folder's files are the URLs."""
        return ()


class DiscoverJob(_Starting):
    """A job of a vendor's service, or of a Scrapy project, whose items are the content."""

    by: Literal["job"] = Field(description="A service's or Scrapy's own job")
    name: str = Field(
        description="What is run: an Apify actor, a Bright Data dataset, `project/spider` of Scrapy Cloud, "
        "`folder:spider` or `file.py` of Scrapy (relative to the source file), `crawl` of Firecrawl"
    )
    input: dict[str, JsonValue] = Field(
        default_factory=dict, description="The job's own input; the start URLs are added to it"
    )
    item_url: JmesPath = Field(default="url", description="JMESPath of an item's URL")
    item_body: JmesPath | None = Field(
        default=None, description="JMESPath of an item's HTML or text; else the item's JSON is the page"
    )
    timeout_seconds: float = Field(default=3_600.0, gt=0, description="For the whole job")


Discovery = Annotated[
    DiscoverUrls
    | DiscoverLinks
    | DiscoverListing
    | DiscoverSitemap
    | DiscoverFeed
    | DiscoverApi
    | DiscoverWarc
    | DiscoverFiles
    | DiscoverJob,
    Field(discriminator="by"),
]
