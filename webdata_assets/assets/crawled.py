"""What the UI is told of a crawl: numbers to plot, the URLs that went worst, and what a paused one waits for.

What belongs here: metadata of pages and dead letters. What does not: the crawl, and choosing its worst URLs
(stages/crawl/summary.py).
"""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from webdata_assets.assets.tables import sample, table
from webdata_assets.errors import FailureDomain
from webdata_assets.schemas.pages import OUTCOMES

if TYPE_CHECKING:
    from webdata_assets.stages.crawl.result import CrawlResult

_SHOWN_HOSTS = 20


def about_pages(result: "CrawlResult", seconds: float) -> dict[str, Any]:
    """Return the metadata of pages.

    Args:
        result: its rows are read once, without payloads.
        seconds: that this step took to crawl; what shards did before it is not in it.
    """
    summary = result.summary()
    return {
        "finish_reason": result.finish_reason,
        **(_about_the_pause(summary.waiting, result.not_before) if summary.waiting.height else {}),
        **{name: result.counts.get(name, 0) for name in OUTCOMES},
        "requests": result.requests,
        "retries": result.retries,
        "resumed_pages": result.resumed,
        "payload_megabytes": result.payload_bytes / 1e6,
        "crawl_seconds": seconds,
        "median_visit_seconds": summary.median_seconds,
        "slowest_visit_seconds": summary.slowest_seconds,
        **table(
            "worst_urls",
            summary.worst.rename({"http_status": "status", "elapsed_ms": "ms"}).select(
                "url", "outcome", "status", "attempts", "ms", "reason"
            ),
        ),
        **table("statuses", summary.statuses.rename({"http_status": "status"})),
        **_hosts(result),
    }


def _about_the_pause(waiting: pl.DataFrame, not_before: Mapping[str, dt.datetime]) -> dict[str, Any]:
    moments = [
        f"{not_before[host]:%Y-%m-%d %H:%M:%S}" if host in not_before else None for host in waiting["host"]
    ]
    hosts = waiting.with_columns(pl.Series("not_before", moments, dtype=pl.String)).head(_SHOWN_HOSTS)
    return {
        "next_run": next_run(waiting, not_before),
        **table("waiting_hosts", hosts.select("host", "urls", "not_before", "reason")),
    }


def next_run(waiting: pl.DataFrame, not_before: Mapping[str, dt.datetime]) -> str:
    """Return what becomes of the URLs that a paused crawl left, in words.

    Args:
        waiting: `host` and number of `urls`.
        not_before: host → the moment from which it may be asked again, as far as that is known.
    """
    hosts = waiting["host"].unique()
    moments = [not_before[host] for host in hosts if host in not_before]
    since = f", not before {max(moments):%Y-%m-%d %H:%M:%S} UTC" if moments else ""
    return (
        f"{waiting['urls'].sum()} URLs wait for {len(hosts)} host{'s' if len(hosts) > 1 else ''}. "
        "The next run goes on where this one stopped: pages that were visited are not asked for again. "
        f"The recrawl sensor starts it{since}, as far as the attempts of the day allow; "
        "to go on at once, materialize pages for this partition."
    )


def about_dead_letters(source: str, letters: pl.DataFrame) -> dict[str, Any]:
    """Return the metadata of dead letters: how many of each failure domain, some of them, and what to do."""
    domains = dict(letters.group_by("failure_domain").len().iter_rows())
    counts = {f"{domain.value}_failures": domains.get(domain.value, 0) for domain in FailureDomain}
    about: dict[str, Any] = {
        **{name: count for name, count in counts.items() if count},
        **sample(letters, ["url", "failure_domain", "http_status", "reason", "attempts"]),
    }
    if letters.height:
        about["what_to_do"] = f"webdata deadletters list {source}, then retry or drop them"
    return about


def _hosts(result: "CrawlResult") -> dict[str, Any]:
    busiest = sorted(result.paces.items(), key=lambda item: -item[1].requests)[:_SHOWN_HOSTS]
    paces = [
        {
            "host": host,
            "requests": pace.requests,
            "interval_seconds": pace.interval_seconds,
            "at_once": f"{pace.concurrency} ({pace.min_concurrency} to {pace.max_concurrency})",
        }
        for host, pace in busiest
    ]
    return table("hosts", pl.DataFrame(paces)) if paces else {}
