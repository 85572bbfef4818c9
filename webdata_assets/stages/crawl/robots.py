"""robots.txt: what a host allows, read once per origin (RFC 9309).

What belongs here: fetching, caching and asking robots.txt. What does not: the rate that Crawl-delay leads to
(politeness.py).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protego import Protego

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Response
from webdata_assets.stages.crawl.urls import origin_of

logger = logging.getLogger(__name__)

MAX_CRAWL_DELAY_SECONDS = 30.0
MAX_FETCHED_BYTES = 5_000_000
_PARSED_BYTES = 512_000
"""RFC 9309 asks for at least 500 KiB; what follows is not read."""
_LINE_CHARACTERS = 16_384
"""Longer lines are cut: the time to match them grows with their length."""


@dataclass(frozen=True)
class Verdict:
    """Whether a URL may be visited, and the host's wish for time between requests, if any."""

    allowed: bool
    crawl_delay: float | None = None


class Robots:
    """The robots.txt of every origin that a crawl meets."""

    def __init__(self, user_agent: str, fetch: Callable[[str], Awaitable[Response | None]]) -> None:
        """Take our name, and how robots.txt is fetched.

        Args:
            user_agent: as sent; its product token is what robots.txt is asked for.
            fetch: gives the answer after redirects and retries, or None where they lead nowhere; raises
                TransientError when every try failed.
        """
        self._agent = product_token(user_agent)
        self._fetch = fetch
        self._rules: dict[str, asyncio.Task[Protego | None]] = {}

    async def ask(self, url: str) -> Verdict:
        """Return what the URL's origin says of it.

        Raises:
            PermanentError: ACCESS, when robots.txt cannot be had: then nothing may be crawled;
                CONFIGURATION, as it comes from the way in.
        """
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = asyncio.create_task(self._load(origin))
        # shielded, so that one cancelled visit does not take the answer from the others
        rules = await asyncio.shield(self._rules[origin])
        if rules is None:
            return Verdict(allowed=True)
        delay = rules.crawl_delay(self._agent)
        return Verdict(
            allowed=rules.can_fetch(url, self._agent),
            crawl_delay=None if delay is None else min(max(delay, 0.0), MAX_CRAWL_DELAY_SECONDS),
        )

    async def close(self) -> None:
        """Cancel fetches that nobody waits for any more."""
        for task in self._rules.values():
            task.cancel()
        await asyncio.gather(*self._rules.values(), return_exceptions=True)

    async def _load(self, origin: str) -> Protego | None:
        try:
            response = await self._fetch(f"{origin}/robots.txt")
        except (TransientError, PermanentError) as error:
            if error.failure_domain is FailureDomain.CONFIGURATION:
                raise
            raise PermanentError(
                f"robots.txt of {origin} could not be read, so nothing there is crawled: {error}",
                failure_domain=FailureDomain.ACCESS,
            ) from error
        if response is None or not 200 <= response.status < 300:
            logger.debug("%s has no robots.txt", origin)
            return None
        return parse_robots(response.body)


def product_token(user_agent: str) -> str:
    """Return the part of a User-Agent that robots.txt knows: up to the first space, slash or bracket."""
    return user_agent.split(" ", 1)[0].split("/", 1)[0].split("(", 1)[0]


def parse_robots(body: bytes) -> Protego:
    """Return the rules in a robots.txt. Agent lines are cut at their first space, where tokens end."""
    lines = body[:_PARSED_BYTES].decode("utf-8-sig", "replace").splitlines()
    return Protego.parse("\n".join(_plain_line(line[:_LINE_CHARACTERS]) for line in lines))


def _plain_line(line: str) -> str:
    field, separator, value = line.partition(":")
    if separator and field.strip().lower() == "user-agent" and value.strip():
        return f"User-agent: {value.split('#', 1)[0].strip().split(' ', 1)[0]}"
    return line
