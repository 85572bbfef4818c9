"""Shards: a large frontier cut by host, so that several machines can fetch it at once.

What belongs here: which hosts go together. What does not: running a shard (assets/pages.py).
"""

from collections import Counter
from collections.abc import Iterable

import polars as pl

from webdata_assets.stages.crawl.node import host_of_canonical


def plan_shards(frontier: Iterable[pl.DataFrame], *, most: int, least_urls: int) -> list[frozenset[str]]:
    """Return the hosts of each shard; none when the frontier is better fetched in one piece.

    A host is in one shard only, so that its rate, breaker and robots.txt stay in one process. The hosts with
    the most URLs are dealt first, each to the shard that has the fewest so far (longest processing time).

    Args:
        frontier: in parts.
        most: shards.
        least_urls: a smaller frontier is not cut.
    """
    urls: Counter[str] = Counter()
    for part in frontier:
        urls.update(map(host_of_canonical, part["url"]))
    count = min(most, len(urls))
    if count < 2 or urls.total() < least_urls:
        return []
    shards: list[set[str]] = [set() for _ in range(count)]
    loads = [0] * count
    for host, number in sorted(urls.items(), key=lambda item: (-item[1], item[0])):
        lightest = loads.index(min(loads))
        shards[lightest].add(host)
        loads[lightest] += number
    return [frozenset(shard) for shard in shards]
