"""The `fetch` section of a source file: how URLs are found, and how pages are reached.

What belongs here: the section's own keys, defaults, and rules across them. What does not: the rules of
discovery (discover.py), the policies for a host in trouble (policies.py), and doing it (stages/crawl).
"""

import re
from typing import Literal, get_args

from pydantic import Field, JsonValue, field_validator, model_validator

from webdata_assets.sources.discover import (
    DiscoverFiles,
    DiscoverJob,
    DiscoverWarc,
    Discovery,
)
from webdata_assets.sources.grammar import Strict, Url, broken_rule
from webdata_assets.sources.policies import BreakerPolicy, ProxyPolicy

PageWay = Literal["http", "browser", "firecrawl", "zyte", "zenrows", "brightdata"]
"""Ways that reach one URL at a time; they may follow each other in `fallback`."""
JobWay = Literal["apify", "scrapy", "scrapy_cloud"]
"""Ways that run jobs of their own and hand over what they found, as `firecrawl` and `brightdata` can too."""
StoredWay = Literal["warc", "files"]
"""Ways that read what is stored already."""
Way = Literal[PageWay, JobWay, StoredWay]
JOB_WAYS: tuple[str, ...] = ("firecrawl", "brightdata", *get_args(JobWay))


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


class Service(Strict):
    """How one vendor's service is called. Its key comes from the environment."""

    url: Url | None = Field(default=None, description="Base URL in place of the vendor's own")
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="Further options of the request, in the vendor's own words"
    )


class Fetch(Strict):
    """How pages are reached, and how politely."""

    via: Way = Field(
        default="http",
        description="`http`; `browser` for pages that need JavaScript; `warc` and `files` for what is stored "
        "already; or a vendor's service, or a Scrapy project",
    )
    fallback: tuple[PageWay, ...] = Field(
        default=(),
        description="Ways to try in turn when the one before is refused or gives a page without content",
    )
    services: dict[PageWay | JobWay, Service] = Field(
        default_factory=dict, description="Way → how its service is called"
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
        description="Extra request headers. `${NAME}` takes the environment variable, for secrets; those go "
        "to the origins of the start URLs, and over https to the hosts that `hosts` names without a wildcard",
    )
    robots: Literal["obey", "ignore"] = Field(
        default="obey", description="Whether robots.txt is obeyed (RFC 9309)"
    )
    requests_per_second: float = Field(default=2.0, gt=0, le=100_000, description="Per host")
    concurrency: int = Field(default=4, ge=1, le=64, description="Requests in flight per host")
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, description="For one request")
    max_attempts: int = Field(default=4, ge=1, le=20, description="Tries of one URL in one partition")
    retry_budget: float = Field(
        default=0.5,
        ge=0,
        description="Retries of one partition as a share of its URLs (50 are always allowed); then failures "
        "are final",
    )
    max_retry_after_seconds: float = Field(
        default=120.0, ge=0, description="Cap on a site's Retry-After; above it the URL is a dead letter"
    )
    max_pages: int = Field(default=10_000, ge=1, description="Pages of one partition, list pages included")
    max_pages_per_host: int | None = Field(default=None, ge=1, description="Pages of one host")
    max_body_bytes: int = Field(default=20_000_000, ge=1_000, description="Per page, after decompression")
    revisit: bool = Field(
        default=True,
        description="Visit pages of earlier dates again, so that changes and removals are seen",
    )

    skip_unmodified: bool = Field(
        default=True,
        description="Take a page for unchanged, without a request, when its sitemap's lastmod is older than "
        "the last visit",
    )
    proxies: ProxyPolicy | None = Field(default=None, description="Proxies to go through")
    breaker: BreakerPolicy = Field(
        default_factory=BreakerPolicy, description="When a failing host is left alone"
    )
    shard_urls: int = Field(
        default=20_000,
        ge=1,
        description="A frontier larger than this, with several hosts, is cut into shards by host",
    )

    @field_validator("hosts")
    @classmethod
    def _plain_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not re.fullmatch(r"(\*\.)?[a-zA-Z0-9.-]+(:\d+)?", host):
                raise ValueError(f"{host!r} is not a host name; write `example.com` or `*.example.com`")
        return tuple(host.lower() for host in hosts)

    @model_validator(mode="after")
    def _ways_fit_their_discovery(self) -> "Fetch":
        for position, rule in enumerate(self.discover):
            needed: tuple[str, ...] | None = None
            if isinstance(rule, DiscoverJob):
                needed = JOB_WAYS
            elif isinstance(rule, DiscoverWarc | DiscoverFiles):
                needed = (rule.by,)
            elif self.via not in get_args(PageWay):
                raise broken_rule(
                    f"`via: {self.via}` finds its pages by itself",
                    at=("discover", position, "by"),
                    remedy=f"write `by: {self.via if self.via in get_args(StoredWay) else 'job'}`",
                )
            if needed is not None and self.via not in needed:
                raise broken_rule(
                    f"`by: {rule.by}` does not go with `via: {self.via}`",
                    at=("discover", position, "by"),
                    remedy=f"write `via:` with {' or '.join(needed)}",
                )
        if self.fallback and self.via not in get_args(PageWay):
            raise broken_rule(
                f"`via: {self.via}` has no fallback", at=("fallback",), remedy="leave `fallback` out"
            )
        return self
