"""Policies of `fetch` for hosts and proxies in trouble.

What belongs here: their numbers. What does not: acting on them (stages/crawl).
"""

from pydantic import Field, field_validator

from webdata_assets.sources.grammar import Strict, Url


class BreakerPolicy(Strict):
    """When a host that keeps failing is left alone, and for how long a crawl waits for it."""

    failure_share: float = Field(
        default=0.5, gt=0, lt=1, description="Above this share of 5xx and timeouts the breaker opens"
    )
    window_seconds: float = Field(default=120.0, gt=0, description="Over which the share is counted")
    min_requests: int = Field(default=20, ge=1, description="Fewer requests in the window open nothing")
    probe_seconds: float = Field(
        default=15.0, gt=0, description="An open breaker lets one probe through after that long"
    )
    max_wait_seconds: float = Field(
        default=120.0,
        ge=0,
        description="A host that is not back by then is left for the next run; the partition is paused",
    )


class ProxyPolicy(Strict):
    """A pool of proxies, rotated."""

    pool: tuple[str, ...] = Field(
        min_length=1,
        description="`http://host:port` or `socks5h://host:port`, with `user:password@` if need be. "
        "`${NAME}` takes the environment variable, for secrets; one that holds several, parted by commas, "
        "gives as many proxies",
    )
    check_url: Url | None = Field(
        default=None, description="Fetched through each proxy before a crawl; the first start URL if unset"
    )
    min_healthy: int = Field(default=1, ge=1, description="Fewer healthy proxies, and no crawl starts")
    eject_after_failures: int = Field(
        default=3, ge=1, description="Failures in a row after which a proxy is ejected"
    )
    eject_seconds: float = Field(
        default=60.0, gt=0, description="After which an ejected proxy is tried again"
    )
    max_wait_seconds: float = Field(
        default=60.0, ge=0, description="For a proxy to come back when all are ejected; then the crawl pauses"
    )

    @field_validator("pool")
    @classmethod
    def _known_schemes(cls, pool: tuple[str, ...]) -> tuple[str, ...]:
        for position, proxy in enumerate(pool, start=1):
            if not proxy.startswith(("http://", "https://", "socks5h://", "${")):
                # without the value: it may hold credentials
                raise ValueError(f"proxy {position} is not http://, https:// or socks5h://")
        return pool
