"""The order of URLs, and what several finds of one URL say together."""

import itertools

import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.stages.crawl.discovery import Found
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.walk import Node, Walk
from webdata_assets_tests.crawl.harness import DATE, START, Crawling, outcomes, source_of, starting
from webdata_assets_tests.site.answers import links, page


def walk_of(*rules: dict[str, object]) -> Walk:
    source = source_of(*rules)
    return Walk(source, plan_frontier(source, DATE, TABLES["pages"].empty()))


def parent(path: str, rule: int, depth: int = 0) -> Node:
    return Node(START + path, "discovery", rule, "start", depth)


def test_several_finds_of_a_url_make_one_node_in_whichever_order_they_come() -> None:
    finds = [
        (parent("z", 0, 1), Found(START + "x", "content")),
        (parent("a", 1, 1), Found(START + "x", "both")),
        (parent("b", 1, 1), Found(START + "x", "both")),
    ]
    merged = set()
    for order in itertools.permutations(finds):
        walk = walk_of(starting("listing", "list", items="a"), starting("links"))
        walk.take_level()
        for node, found in order:
            walk.add(node, [found])
        merged.add(next(iter(walk.take_level())))
    assert merged == {Node(START + "x", "both", 1, "link", 2, START + "a")}


def test_the_nearest_level_comes_first() -> None:
    walk = walk_of(starting("links"))
    [start] = walk.take_level()
    walk.add(start, [Found(START + "b", "both"), Found(START + "a", "both")])
    assert [node.url for node in walk.take_level()] == [START + "a", START + "b"]
    assert walk.take_level() == []


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
def test_complete_rules_keep_their_revisits_until_they_are_named(rule: str) -> None:
    extra = {"listing": {"items": "a"}}.get(rule, {})
    source = source_of(starting(rule, "start", **extra))
    frontier = plan_frontier(source, DATE, TABLES["pages"].empty())
    revisit = frontier.with_columns(url=pl.lit(START + "old"), why=pl.lit("revisit"), role=pl.lit("content"))
    walk = Walk(source, pl.concat([frontier, revisit]))
    [start] = walk.take_level()
    walk.add(start, [Found(START + "other", "content")])
    walk.take_level()
    assert not walk.release_unnamed()
    assert [node.url for node in walk.vanished()] == [START + "old"]
