"""Checks of the frontier: can the crawl begin?"""

from collections.abc import Sequence

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit, Origin
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.frontier import FRONTIER

_ONE = Limit(1.0, sense="≥")


def frontier_not_empty(subject: Subject) -> Finding:
    """There is something to visit.

    Formula: rows of the frontier ≥ 1.
    Severity: blocks.
    Source: no published rule; a source without a URL is declared wrongly.
    """
    return Finding(subject.rows.height > 0, value=subject.rows.height, threshold=_ONE.value)


def proxy_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least number of healthy proxies."""
    policy = subject.declared.fetch.proxies
    if policy is None:
        return (Limit(0.0, sense="≥"),)
    is_set = "min_healthy" in policy.model_fields_set
    origin: Origin = "source file" if is_set else "default"
    return (Limit(float(policy.min_healthy), origin, "fetch.proxies.min_healthy", sense="≥"),)


def proxies_healthy(subject: Subject) -> Finding:
    """No crawl starts on a cold pool.

    Formula: proxies that fetch a page now ≥ `fetch.proxies.min_healthy`; a source without proxies passes.
    Severity: blocks.
    Source: no published rule; visits through dead proxies are wasted, and those left are burnt sooner.
    """
    policy = subject.declared.fetch.proxies
    (limit,) = proxy_limits(subject)
    if policy is None:
        return Finding(True, value=0, threshold=limit.value)
    health = subject.check_proxies(subject.declared)
    healthy = sum(proxy.ok for proxy in health)
    failed = [f"{proxy.label}: {proxy.reason}" for proxy in health if not proxy.ok]
    return Finding(
        healthy >= policy.min_healthy,
        value=healthy,
        threshold=limit.value,
        origin=limit.origin,
        detail="; ".join(failed[:5]) or None,
        metrics={"proxies": len(health)},
    )


FRONTIER_CHECKS = (
    schema_check(FRONTIER),
    unique_keys_check(FRONTIER),
    Check(
        "not_empty", FRONTIER, "URLs to visit ≥ 1.", frontier_not_empty,
        limits=lambda _subject: (_ONE,),
    ),
    Check(
        "proxies_healthy", FRONTIER, "Proxies that fetch a page ≥ fetch.proxies.min_healthy.",
        proxies_healthy, proxy_limits,
    ),
)  # fmt: skip
