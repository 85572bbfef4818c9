"""What the four hosts serve: lists that reach everything, feeds that are valid, pages that parse."""

import datetime as dt
import json
from urllib.parse import parse_qsl, urlsplit

import feedparser
import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.demo import api, app, blog, shop
from webdata_assets.demo.calendar import FIRST_DAY, LAST_DAY, dates
from webdata_assets.demo.guides import guides_on
from webdata_assets.demo.posts import posts_on
from webdata_assets.demo.products import products_on
from webdata_assets.demo.reviews import reviews_on
from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.extract import Selector
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import read_source
from webdata_assets_tests.deployment import PATCH

LAYOUT_DAY = dt.date(2026, 6, 5)


@pytest.mark.parametrize("date", dates())
def test_the_shop_lists_reach_every_product(date: dt.date) -> None:
    path, query, found = "/products", {}, []
    while True:
        tree = LexborHTMLParser(shop.respond(path, query, date).text)
        found += [node.attributes["href"] for node in tree.css("a.product")]
        following = tree.css_first("a.next")
        if following is None:
            break
        parts = urlsplit(following.attributes["href"])
        path, query = parts.path, dict(parse_qsl(parts.query))
    assert found == [product.path for product in products_on(date)]


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "²", "1" * 5000])
def test_a_list_page_that_does_not_exist_is_404(number: str) -> None:
    assert shop.respond("/products", {"page": number}, FIRST_DAY).status == 404


@pytest.mark.parametrize("limit", ["1", "7", "50"])
def test_the_cursor_reaches_every_review(limit: str) -> None:
    query, found = {"limit": limit}, []
    while True:
        value = json.loads(api.respond("/v1/reviews", query, LAST_DAY).body)
        found += value["items"]
        if value["next_cursor"] is None:
            break
        query = {"limit": limit, "cursor": value["next_cursor"]}
    assert [item["id"] for item in found] == [review.id for review in reviews_on(LAST_DAY)]
    assert set(found[0]) == {"id", "title", "body", "category", "rating", "author", "created_at"}


def test_full_pages_of_the_api_stay_as_they_are() -> None:
    assert api.respond("/v1/reviews", {}, FIRST_DAY).body == api.respond("/v1/reviews", {}, LAST_DAY).body


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "51"}, {"limit": "x"}, {"cursor": "%"}, {"cursor": "a"}]
)
def test_the_api_refuses_what_it_cannot_read_in_json(query: dict[str, str]) -> None:
    reply = api.respond("/v1/reviews", query, FIRST_DAY)
    assert reply.status == 400
    assert "error" in json.loads(reply.body)


def test_the_feed_holds_the_ten_newest_posts() -> None:
    feed = feedparser.parse(blog.respond("/feed.xml", {}, LAST_DAY).text)
    newest = [f"http://blog.demo.test{post.path}" for post in posts_on(LAST_DAY) if "/posts/" in post.path][
        :10
    ]
    assert {entry.link for entry in feed.entries} == set(newest)
    assert all(entry.published and entry.title for entry in feed.entries)


def test_the_sitemap_lists_every_post() -> None:
    root = etree.fromstring(blog.respond("/sitemap.xml", {}, LAST_DAY).body)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [element.text for element in root.findall("s:url/s:loc", names)]
    assert found == [f"http://blog.demo.test{post.path}" for post in posts_on(LAST_DAY)]
    assert all(
        dt.datetime.fromisoformat(element.text or "").tzinfo
        for element in root.findall("s:url/s:lastmod", names)
    )


def test_a_post_that_is_taken_down_is_410_and_leaves_the_sitemap() -> None:
    gone = {post.path for post in posts_on(dt.date(2026, 6, 3))} - {post.path for post in posts_on(LAST_DAY)}
    (path,) = gone
    assert blog.respond(path, {}, dt.date(2026, 6, 3)).status == 200
    assert blog.respond(path, {}, dt.date(2026, 6, 4)).status == 410
    assert path not in blog.respond("/sitemap.xml", {}, dt.date(2026, 6, 4)).text


def test_a_removed_product_is_404() -> None:
    gone = {product.path for product in products_on(FIRST_DAY)} - {
        product.path for product in products_on(LAST_DAY)
    }
    assert len(gone) == 6
    assert {shop.respond(path, {}, LAST_DAY).status for path in gone} == {404}


def test_a_post_names_its_author_date_and_category() -> None:
    post = posts_on(FIRST_DAY)[0]
    tree = LexborHTMLParser(blog.respond(post.path, {}, FIRST_DAY).text)
    assert tree.css_first("meta[name=author]").attributes["content"] == post.author
    assert tree.css_first("article time").attributes["datetime"] == post.published_at.isoformat()
    assert tree.css_first("meta[property='article:section']").attributes["content"] == post.topic.name
    assert tree.css_first("meta[property='og:title']").attributes["content"] == post.title


def test_the_app_shows_nothing_without_javascript() -> None:
    for path in ("/", guides_on(FIRST_DAY)[0].path):
        tree = LexborHTMLParser(app.respond(path, {}, FIRST_DAY).text)
        assert tree.body is not None
        assert tree.body.text(strip=True) == "Loading…"


def test_the_guides_change_with_the_date() -> None:
    first = guides_on(FIRST_DAY)[0]
    earlier = json.loads(app.respond(f"/data{first.path}", {}, FIRST_DAY).body)
    later = json.loads(app.respond(f"/data{first.path}", {}, LAST_DAY).body)
    assert len(later["steps"]) == len(earlier["steps"]) + 1
    assert len(guides_on(LAST_DAY)) == len(guides_on(FIRST_DAY)) + 1 == 7


@pytest.mark.parametrize("site", [shop, blog, api, app])
def test_robots_close_the_admin_pages_only(site: object) -> None:
    text = site.respond("/robots.txt", {}, FIRST_DAY).text  # type: ignore[attr-defined]
    assert [line for line in text.splitlines() if line.startswith("Disallow")] == ["Disallow: /admin"]


def found_by(selector: Selector, html: str) -> str | None:
    """Return what a selector finds on a product page."""
    tree = LexborHTMLParser(html)
    if selector.jsonld:
        import jmespath

        script = tree.css_first("script[type='application/ld+json']")
        return None if script is None else jmespath.search(selector.jsonld, json.loads(script.text()))
    node = tree.css_first(selector.css or "")
    if node is None:
        return None
    return node.attributes[selector.attr] if selector.attr else node.text(strip=True)


def values(source: Source, date: dt.date) -> list[dict[str, list[str | None]]]:
    """Return what every selector of every field finds on every product page."""
    return [
        {
            name: [found_by(selector, shop.respond(product.path, {}, date).text) for selector in rule.from_]
            for name, rule in source.extract.fields.items()
        }
        for product in products_on(date)
    ]


def expected(date: dt.date) -> list[dict[str, str]]:
    return [
        {
            "title": product.name,
            "text": product.description,
            "category": product.topic.name,
            "sku": product.sku,
            "brand": product.brand,
            "availability": "InStock" if product.in_stock else "OutOfStock",
            "price": str(product.price),
            "currency": "EUR",
        }
        for product in products_on(date)
    ]


def test_the_shipped_selectors_find_every_value_on_an_ordinary_day() -> None:
    found = values(read_source(PACKAGED_SOURCES / "demo_shop.yaml"), LAST_DAY)
    for page, wanted in zip(found, expected(LAST_DAY), strict=True):
        assert {name: set(every) for name, every in page.items()} == {k: {v} for k, v in wanted.items()}


def test_the_new_layout_hides_price_and_currency_and_nothing_else() -> None:
    found = values(read_source(PACKAGED_SOURCES / "demo_shop.yaml"), LAYOUT_DAY)
    for page, wanted in zip(found, expected(LAYOUT_DAY), strict=True):
        assert set(page.pop("price")) == set(page.pop("currency")) == {None}
        assert all(every == [wanted[name]] for name, every in page.items())


@pytest.mark.parametrize("date", [FIRST_DAY, LAYOUT_DAY, LAST_DAY])
def test_the_patched_selectors_find_every_value_on_every_day(date: dt.date) -> None:
    found = values(read_source(PATCH), date)
    for page, wanted in zip(found, expected(date), strict=True):
        first = {name: next((value for value in every if value), None) for name, every in page.items()}
        assert first == wanted


def test_the_patch_only_adds_selectors_after_the_old_ones() -> None:
    old, new = read_source(PACKAGED_SOURCES / "demo_shop.yaml"), read_source(PATCH)
    for name, rule in old.extract.fields.items():
        assert new.extract.fields[name].from_[: len(rule.from_)] == rule.from_
    assert new.model_copy(update={"extract": old.extract}) == old


def test_list_pages_keep_their_layout() -> None:
    tree = LexborHTMLParser(shop.respond("/products", {}, LAYOUT_DAY).text)
    assert len(tree.css("a.product")) == 10
    assert tree.css_first("a.next") is not None
