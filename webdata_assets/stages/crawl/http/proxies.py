"""Proxies: a source's pool, in turn, without those that fail.

What belongs here: which proxies a source has, rotation, ejection and return, the check before a crawl. What
does not: reading a proxy's URL (proxy_urls.py), and connecting through one (curl.py, aiohttp.py).
"""

import asyncio
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.sources.policies import ProxyPolicy
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.http.proxy_urls import read_proxy
from webdata_assets.stages.crawl.transport import Request, Transport

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CHECK_BYTES = 1_000_000
"""More of the checked page is not taken."""


class ProxiesExhaustedError(TransientError):
    """All proxies of the pool are ejected, and none came back in time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.ACCESS)


@dataclass(frozen=True, slots=True)
class ProxyHealth:
    """How a proxy did in the check: `label` has no credentials, `reason` is None for a healthy one."""

    label: str
    ok: bool
    reason: str | None
    elapsed_ms: int


def label_of(proxy: str) -> str:
    """Return a proxy's URL without its credentials, for people."""
    scheme, _, rest = proxy.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].rstrip('/')}"


def proxies_of(source: Source, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the proxies of `fetch.proxies.pool` with each `${NAME}` replaced by that environment variable.

    An entry that is nothing but `${NAME}` gives as many proxies as the variable has parts between commas.

    Args:
        source: the source; without `fetch.proxies` it has none.
        environ: the process's own environment if not given.

    Raises:
        PermanentError: CONFIGURATION, when a variable is missing or a proxy cannot be read. The message names
            variable and position, never a value.
    """
    policy = source.fetch.proxies
    if policy is None:
        return ()
    variables = os.environ if environ is None else environ
    found: list[str] = []
    for position, entry in enumerate(policy.pool, start=1):

        def value_of(match: re.Match[str], position: int = position) -> str:
            value = variables.get(match[1])
            if not value:
                raise _unusable(
                    source, position, f"takes the environment variable {match[1]}, which is not set"
                )
            return value.strip()

        expanded = _VARIABLE.sub(value_of, entry)
        parts = expanded.split(",") if _VARIABLE.fullmatch(entry) else [expanded]
        for part in filter(None, map(str.strip, parts)):
            try:
                read_proxy(part)
            except PermanentError as error:
                raise _unusable(source, position, str(error)) from None
            found.append(part)
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class _Member:
    proxy: str = field(repr=False)
    failures: int = 0
    ejected_until: float = 0.0


class ProxyPool:
    """Leases proxies in turn; one that fails too often in a row stays away for a while."""

    def __init__(self, proxies: Sequence[str], policy: ProxyPolicy, clock: Clock) -> None:
        """Take at least one proxy.

        Raises:
            PermanentError: CONFIGURATION, without any.
        """
        if not proxies:
            raise PermanentError("the pool of proxies is empty", failure_domain=FailureDomain.CONFIGURATION)
        self._members = {proxy: _Member(proxy, ejected_until=clock.monotonic()) for proxy in proxies}
        self._turn = list(self._members.values())
        self._policy = policy
        self._clock = clock

    def __repr__(self) -> str:
        return f"ProxyPool({[label_of(proxy) for proxy in self._members]})"

    @property
    def healthy(self) -> int:
        """How many are not ejected now."""
        now = self._clock.monotonic()
        return sum(member.ejected_until <= now for member in self._turn)

    async def lease(self) -> str:
        """Return the next healthy proxy; while there is none, wait as long as the policy says.

        Raises:
            ProxiesExhaustedError: when none came back.
        """
        deadline = self._clock.monotonic() + self._policy.max_wait_seconds
        while True:
            now = self._clock.monotonic()
            for position, member in enumerate(self._turn):
                if member.ejected_until <= now:
                    self._turn.append(self._turn.pop(position))
                    return member.proxy
            if now >= deadline:
                raise ProxiesExhaustedError(
                    f"all {len(self._turn)} proxies are ejected, and none came back within "
                    f"{self._policy.max_wait_seconds:g} s"
                )
            back = min(member.ejected_until for member in self._turn)
            await self._clock.sleep(min(back, deadline) - now)

    def report(self, proxy: str, ok: bool) -> None:
        """Take how a lease went. A proxy that returns is ejected again by its first failure."""
        member = self._members[proxy]
        if ok:
            member.failures = 0
            member.ejected_until = self._clock.monotonic()
            return
        member.failures += 1
        if member.failures >= self._policy.eject_after_failures:
            self._eject(member)

    async def check(
        self,
        transport: Transport,
        url: str,
        *,
        allow_private: bool,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> list[ProxyHealth]:
        """Fetch the URL through every proxy at once, and eject those that bring no answer.

        An answer below 500 counts: whether the site likes the page is not the proxy's matter.
        """

        async def one(proxy: str) -> ProxyHealth:
            request = Request(
                url,
                headers or {},
                timeout_seconds=timeout_seconds,
                max_body_bytes=_CHECK_BYTES,
                allow_private=allow_private,
                proxy=proxy,
            )
            started = time.perf_counter()
            reason = None
            try:
                response = await transport.fetch(request)
                if response.status >= 500:
                    reason = f"status {response.status}"
            except TransientError as error:
                reason = str(error)
            except PermanentError as error:
                if error.failure_domain is FailureDomain.CONFIGURATION:
                    raise
                # a body over the cap, or an encoding that was not asked for, was brought all the same
                if error.failure_domain is not FailureDomain.RESOURCE:
                    reason = str(error)
            elapsed_ms = round((time.perf_counter() - started) * 1000)
            return ProxyHealth(label_of(proxy), reason is None, reason, elapsed_ms)

        health = await asyncio.gather(*map(one, self._members))
        for member, result in zip(self._members.values(), health, strict=True):
            if result.ok:
                self.report(member.proxy, True)
            else:
                self._eject(member)
        return health

    def _eject(self, member: _Member) -> None:
        now = self._clock.monotonic()
        # failures of requests that were under way do not prolong it
        if member.ejected_until <= now:
            member.ejected_until = now + self._policy.eject_seconds


def _unusable(source: Source, position: int, why: str) -> PermanentError:
    return PermanentError(
        f"source {source.name}: fetch.proxies.pool: proxy {position} {why}",
        failure_domain=FailureDomain.CONFIGURATION,
    )
