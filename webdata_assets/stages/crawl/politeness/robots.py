"""robots.txt: what each origin allows, fetched when first asked for and kept for a day (RFC 9309).

What belongs here: fetching, keeping and asking it. What does not: what its lines mean (robots_rules.py), and
the rate that Crawl-delay leads to (pacing.py).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.clock import Clock, SystemClock
from webdata_assets.stages.crawl.politeness.robots_rules import Rules, Verdict, parse_robots
from webdata_assets.stages.crawl.transport import Response
from webdata_assets.stages.crawl.urls import origin_of

logger = logging.getLogger(__name__)

MAX_FETCHED_BYTES = 5_000_000
MAX_REDIRECTS = 5
"""That many in a row are followed, across origins too; a robots.txt behind more of them counts as none."""
MAX_AGE_SECONDS = 24 * 3600.0
"""After which a robots.txt is fetched again."""
_FIRST_RETRY_SECONDS = 2.0
"""After which one that could not be had is tried again; the wait doubles with every failure in a row."""
_LAST_RETRY_SECONDS = 60.0
_MAX_ASKED_SECONDS = 3600.0
"""A host that asks for more time gets it, up to that."""


class RobotsUnavailableError(TransientError):
    """The origin's robots.txt cannot be had for now, and until then nothing there may be crawled.

    `retry_after_seconds` says from when on asking again leads to another fetch.
    """

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(
            message, failure_domain=FailureDomain.TARGET, retry_after_seconds=retry_after_seconds
        )


@dataclass(frozen=True)
class _Answer:
    """Rules, or why there are none after so many failures in a row, and until when either holds."""

    until: float
    rules: Rules | None = None
    failure: str = ""
    failures: int = 0
    may_pass: bool = True


class Robots:
    """The robots.txt of every origin that a crawl meets."""

    def __init__(
        self,
        user_agent: str,
        fetch: Callable[[str], Awaitable[Response | None]],
        clock: Clock | None = None,
    ) -> None:
        """Take our name, and how robots.txt is fetched.

        Args:
            user_agent: as sent; its product token is what robots.txt is asked for.
            fetch: gives the answer after redirects and retries, or None where they lead nowhere; raises
                TransientError when every try failed.
            clock: for the age of what is kept; the machine's if None.
        """
        self._user_agent = user_agent
        self._fetch = fetch
        self._clock = clock or SystemClock()
        self._answers: dict[str, _Answer] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}

    def known(self, url: str) -> Verdict | None:
        """Return what the URL's origin says of it, or None where `ask` has to be awaited for that.

        Args:
            url: canonical.
        """
        answer = self._answers.get(_origin(url))
        if answer is None or answer.rules is None or self._clock.monotonic() >= answer.until:
            return None
        return answer.rules.verdict(url)

    async def ask(self, url: str) -> Verdict:
        """Return what the URL's origin says of it.

        Args:
            url: canonical.

        Raises:
            RobotsUnavailableError: for 429, 5xx and an origin that is not reached: nothing may be crawled
                there until a later `ask` succeeds.
            PermanentError: ACCESS, when no second try mends what keeps robots.txt from being read;
                CONFIGURATION, as it comes from the way in.
        """
        origin = _origin(url)
        answer = self._answers.get(origin)
        if answer is None or self._clock.monotonic() >= answer.until:
            if origin not in self._loading:
                task = asyncio.create_task(self._load(origin))
                self._loading[origin] = task
                task.add_done_callback(lambda _: self._loading.pop(origin))
            # shielded, so that one cancelled visit does not take the answer from the others
            await asyncio.shield(self._loading[origin])
            answer = self._answers[origin]
        if answer.rules is not None:
            return answer.rules.verdict(url)
        if answer.may_pass:
            raise RobotsUnavailableError(
                answer.failure, retry_after_seconds=max(0.0, answer.until - self._clock.monotonic())
            )
        raise PermanentError(answer.failure, failure_domain=FailureDomain.ACCESS)

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that the robots.txt of a URL's origin names, as written; none before `ask`."""
        answer = self._answers.get(_origin(url))
        return answer.rules.sitemaps if answer is not None and answer.rules is not None else ()

    async def close(self) -> None:
        """Cancel fetches that nobody waits for any more."""
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, origin: str) -> None:
        try:
            response = await self._fetch(f"{origin}/robots.txt")
        except (TransientError, PermanentError) as error:
            if error.failure_domain is FailureDomain.CONFIGURATION:
                raise
            asked = error.retry_after_seconds if isinstance(error, TransientError) else None
            self._keep_failure(origin, str(error), asked or 0.0, isinstance(error, TransientError))
            return
        if response is not None and (response.status == 429 or response.status >= 500):
            self._keep_failure(origin, f"status {response.status}", 0.0, True)
            return
        rules = Rules()
        if response is not None and 200 <= response.status < 300:
            rules = parse_robots(response.body, self._user_agent)
        else:
            logger.debug("%s has no robots.txt", origin)
        self._answers[origin] = _Answer(self._clock.monotonic() + MAX_AGE_SECONDS, rules)

    def _keep_failure(self, origin: str, reason: str, asked_seconds: float, may_pass: bool) -> None:
        before = self._answers.get(origin, _Answer(0.0))
        wait = min(_FIRST_RETRY_SECONDS * 2.0 ** min(before.failures, 10), _LAST_RETRY_SECONDS)
        self._answers[origin] = _Answer(
            self._clock.monotonic() + max(wait, min(asked_seconds, _MAX_ASKED_SECONDS)),
            # an older copy may be used for as long as no newer one is to be had (RFC 9309, 2.4)
            before.rules,
            f"robots.txt of {origin} could not be read, so nothing there is crawled: {reason}",
            before.failures + 1,
            may_pass,
        )


def _origin(url: str) -> str:
    end = url.find("/", 8)
    return url[:end] if end > 0 else origin_of(url)
