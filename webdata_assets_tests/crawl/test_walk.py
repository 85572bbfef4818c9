"""The order of URLs, and what several finds of one URL say together."""

import itertools
from pathlib import Path

import orjson
import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.stages.crawl.discovery import Found
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.node import Node
from webdata_assets.stages.crawl.result import WalkedRows
from webdata_assets.stages.crawl.spool import Place
from webdata_assets.stages.crawl.walk import Walk
from webdata_assets_tests.crawl.harness import DATE, START, Crawling, outcomes, source_of, starting
from webdata_assets_tests.site.answers import links, page


def walk_of(folder: Path, *rules: dict[str, object]) -> Walk:
    source = source_of(*rules)
    return Walk(source, DATE, plan_frontier(source, DATE, TABLES["pages"].empty()), folder)


def take_level(walk: Walk) -> list[Node]:
    return [node for host in walk.begin_level() for node, _ in walk.level_of(host)]


def outcome_of(walk: Walk, path: str) -> tuple[str, str]:
    known = walk.visited.visit_of(START + path)
    assert known is not None
    return known[0]["outcome"], known[0]["reason"]


def parent(path: str, rule: int, depth: int = 0) -> Node:
    return Node(START + path, "discovery", rule, "start", depth)


def test_several_finds_of_a_url_make_one_node_in_whichever_order_they_come(tmp_path: Path) -> None:
    finds = [
        (parent("z", 0, 1), Found(START + "x", "content")),
        (parent("a", 1, 1), Found(START + "x", "both")),
        (parent("b", 1, 1), Found(START + "x", "both")),
    ]
    merged = set()
    for order in itertools.permutations(finds):
        walk = walk_of(tmp_path, starting("listing", "list", items="a"), starting("links"))
        take_level(walk)
        for node, found in order:
            walk.add(node, [found])
        # the start pages are of the first level, and x is of the nearest that any find gives it
        [node] = take_level(walk)
        merged.add(node)
        walk.close()
    assert merged == {Node(START + "x", "both", 1, "link", 2, START + "a")}


def test_the_nearest_level_comes_first(tmp_path: Path) -> None:
    walk = walk_of(tmp_path, starting("links"))
    [start] = take_level(walk)
    walk.add(start, [Found(START + "b", "both"), Found(START + "a", "both")])
    assert [node.url for node in take_level(walk)] == [START + "a", START + "b"]
    assert take_level(walk) == []


def test_a_url_of_the_level_under_way_is_not_taken_twice(tmp_path: Path) -> None:
    walk = walk_of(tmp_path, starting("links"))
    [start] = take_level(walk)
    walk.add(start, [Found(START, "both"), Found(START + "a", "both")])
    [page] = take_level(walk)
    walk.add(page, [Found(START, "both"), Found(START + "a", "both")])
    assert take_level(walk) == []


def test_the_cap_keeps_the_urls_that_come_first(tmp_path: Path) -> None:
    walk = walk_of(tmp_path, starting("links"))
    [start] = take_level(walk)
    walk.add(start, [Found(START + path, "both") for path in "dbca"])
    walk.begin_level()
    assert walk.cap_level(3, None)
    assert [node.url for node, _ in walk.level_of("site.test")] == [START + "a", START + "b"]
    assert outcome_of(walk, "c") == ("skipped", "the cap of 3 pages (fetch.max_pages) is reached")


def test_the_cap_of_a_host_leaves_other_hosts_alone(tmp_path: Path) -> None:
    walk = walk_of(tmp_path, starting("links"))
    [start] = take_level(walk)
    others = [Found(f"http://other.test/{number}", "both") for number in range(3)]
    walk.add(start, [Found(START + path, "both") for path in "abc"] + others)
    walk.begin_level()
    assert walk.cap_level(100, 2)
    assert [node.url for node, _ in walk.level_of("site.test")] == [START + "a"]
    assert [node.url for node, _ in walk.level_of("other.test")] == [other.url for other in others[:2]]


def test_a_host_that_is_given_up_leaves_its_urls_for_later(tmp_path: Path) -> None:
    walk = walk_of(tmp_path, starting("listing", items="a"))
    take_level(walk)
    walk.settle_host("site.test", "down")
    walk.end_level()
    assert outcome_of(walk, "") == ("deferred", "down")
    assert walk.visited.counts() == {"deferred": 1}


def test_links_of_a_page_that_a_sitemap_found_first_are_followed_as_well(crawling: Crawling) -> None:
    xml = f"<urlset><url><loc>{START}deep</loc></url></urlset>"
    crawling.site.add("/sitemap.xml", page(xml, content_type="text/xml"))
    crawling.site.add("/", links("/middle"))
    crawling.site.add("/middle", links("/deep"))
    crawling.site.add("/deep", links("/hidden"))
    crawling.site.add("/hidden", page("found"))
    result = crawling.run(source_of(starting("sitemap", "sitemap.xml"), starting("links")))
    assert outcomes(result)["/hidden"] == "fetched"
    assert crawling.site.count("/deep") == 1
    row = crawling.page(result, "deep")
    assert (row["role"], row["depth"], row["discovery"]) == ("both", 1, 1)


@pytest.mark.parametrize("rule", ["sitemap", "listing", "api", "urls"])
def test_complete_rules_keep_their_revisits_until_they_are_named(tmp_path: Path, rule: str) -> None:
    extra = {"listing": {"items": "a"}}.get(rule, {})
    source = source_of(starting(rule, "start", **extra))
    frontier = plan_frontier(source, DATE, TABLES["pages"].empty())
    revisit = frontier.with_columns(url=pl.lit(START + "old"), why=pl.lit("revisit"), role=pl.lit("content"))
    walk = Walk(source, DATE, pl.concat([frontier, revisit]), tmp_path)
    [start] = take_level(walk)
    for role in ("content", "discovery"):
        walk.add(start, [Found(f"{START}other-{role}", role)])  # type: ignore[arg-type]
    walk.settle_host("nowhere.test", "not of this level")
    take_level(walk)
    assert not walk.release_unnamed()
    walk.settle_unnamed()
    assert outcome_of(walk, "old") == ("gone", "no longer listed")


def test_a_page_may_lie_deeper_than_sixteen_bits_count(tmp_path: Path) -> None:
    deep = 40_000
    source = source_of(starting("links", max_depth=2 * deep))
    walk = Walk(source, DATE, plan_frontier(source, DATE, TABLES["pages"].empty()), tmp_path)
    take_level(walk)
    walk.add(parent("above", 0, deep - 1), [Found(START + "deep", "both")])
    for node in take_level(walk):
        visit = {"url": node.url, "outcome": "failed", "reason": "no answer", "attempts": 1}
        walk.visited.record(node.url, "failed", orjson.dumps(visit), Place("", 0, -1))
    [rows] = WalkedRows(source, DATE, walk, FolderSpool(tmp_path / "spool")).frames()
    assert rows.filter(url=START + "deep")["depth"].to_list() == [deep]
