"""Shards: a frontier cut by host, and fetched piece by piece."""

from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.shards import plan_shards
from webdata_assets_tests.crawl.harness import Crawling, hashed, source_of
from webdata_assets_tests.site.answers import links, page

HOSTS = ("one.test", "two.test", "three.test")


def frontier(counts: dict[str, int]) -> pl.DataFrame:
    urls = [f"http://{host}/{number}" for host, count in counts.items() for number in range(count)]
    return pl.DataFrame({"url": urls}, schema={"url": pl.String})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}\.test", fullmatch=True), st.integers(1, 30), max_size=12),
       st.integers(2, 6))  # fmt: skip
def test_every_host_is_in_exactly_one_shard(counts: dict[str, int], most: int) -> None:
    shards = plan_shards([frontier(counts)], most=most, least_urls=1)
    assert len(shards) == (min(most, len(counts)) if len(counts) > 1 else 0)
    dealt = Counter(host for shard in shards for host in shard)
    assert dealt == (Counter(counts.keys()) if shards else Counter())
    assert all(shards)


def test_shards_are_about_equally_large() -> None:
    [one, other] = plan_shards([frontier({"a.test": 10, "b.test": 6, "c.test": 5})], most=2, least_urls=1)
    assert {one, other} == {frozenset({"a.test"}), frozenset({"b.test", "c.test"})}


def test_a_small_frontier_is_not_cut() -> None:
    assert plan_shards([frontier({"a.test": 10, "b.test": 6})], most=2, least_urls=17) == []


def test_what_shards_fetched_is_not_fetched_again_and_the_result_is_the_same(crawling: Crawling) -> None:
    for host in HOSTS:
        other = HOSTS[(HOSTS.index(host) + 1) % len(HOSTS)]
        crawling.site.add(f"{host}/", links("/own", f"http://{other}/linked"))
        for path in ("/own", "/linked"):
            crawling.site.add(f"{host}{path}", page(f"{host}{path}"))
    rule = {"by": "links", "start": [f"http://{host}/" for host in HOSTS]}
    source = source_of(rule)

    def way() -> HttpTransport:
        return HttpTransport(connect_to=dict.fromkeys(HOSTS, crawling.site.address))

    whole = crawling.run(source, transport=way())
    asked = Counter((seen.host, seen.target) for seen in crawling.site.log)
    crawling.site.log.clear()
    for host in HOSTS:
        crawling.run(source, transport=way(), hosts={host}, keep_spool=True)
    assert {seen.target for seen in crawling.site.log} == {"/robots.txt", "/", "/own"}
    gathered = crawling.run(source, transport=way())
    assert hashed(gathered.pages).equals(hashed(whole.pages))
    pages = Counter((seen.host, seen.target) for seen in crawling.site.log if seen.target != "/robots.txt")
    assert pages == Counter({key: count for key, count in asked.items() if key[1] != "/robots.txt"})
