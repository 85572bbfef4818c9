"""How pages name other pages, through the crawler and the server."""

import gzip
import json

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery import Found, Page, discover
from webdata_assets.stages.crawl.urls import scope_of
from webdata_assets_tests.crawl.harness import START, Crawling, outcomes, source_of, starting
from webdata_assets_tests.site.answers import links, page


def sitemap(*paths: str, kind: str = "url") -> bytes:
    root = "urlset" if kind == "url" else "sitemapindex"
    items = "".join(f"<{kind}><loc>{START}{path}</loc></{kind}>" for path in paths)
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0"?><{root} xmlns="{xmlns}">{items}</{root}>'.encode()


def found(rule: dict[str, object], body: bytes, content_type: str | None = None) -> list[Found]:
    source = source_of(rule)
    rule_ = source.fetch.discover[0]
    return discover(source, scope_of(source), rule_, Page(START, body, content_type), requested_url=START)


def paths(items: list[Found]) -> list[str]:
    return [item.url.removeprefix(START) for item in items]


def test_links_are_followed_to_the_depth_and_no_further(crawling: Crawling) -> None:
    for depth in range(5):
        crawling.site.add(f"/{depth or ''}", links(f"/{depth + 1}", "/"))
    result = crawling.run(source_of(starting("links", max_depth=2)))
    assert outcomes(result) == {"/": "fetched", "/1": "fetched", "/2": "fetched"}
    assert result.pages["depth"].to_list() == [0, 1, 2]
    assert result.pages["role"].unique().to_list() == ["both"]
    assert result.pages["why"].to_list() == ["start", "link", "link"]


def test_a_url_is_visited_once_however_it_is_written(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a", "/a#part", "./a", "HTTP://SITE.test:80/a", "/x/../a"))
    crawling.site.add("/a", links("/", "/a"))
    crawling.run(source_of(starting("links")))
    assert sorted(crawling.site.targets()) == ["/", "/a"]


def test_links_keep_to_scope_allow_and_deny(crawling: Crawling) -> None:
    crawling.site.add(
        "/", links("/docs/a", "/docs/private/b", "/blog", "http://other.test/docs/c", "mailto:x@y")
    )
    crawling.site.add("/docs/a", links())
    result = crawling.run(source_of(starting("links", allow=["/docs/"], deny=["private"])))
    assert outcomes(result) == {"/": "fetched", "/docs/a": "fetched"}


def test_links_go_by_the_base_of_the_page() -> None:
    body = b'<base href="/deep/"><a href="x">x</a><area href="y"><a name="z">z</a>'
    assert paths(found(starting("links"), body)) == ["deep/x", "deep/y"]


def test_links_of_a_page_that_is_not_html_are_none() -> None:
    assert found(starting("links"), b'%PDF <a href="/x">', "application/pdf") == []


def test_links_of_a_legacy_page_are_read_in_its_encoding() -> None:
    body = '<a href="/é">é</a>'.encode("latin-1")
    assert paths(found(starting("links"), body, "text/html; charset=iso-8859-1")) == ["%C3%A9"]


def test_a_listing_gives_items_and_next_pages(crawling: Crawling) -> None:
    def shelf(item: str, following: str | None) -> str:
        link = f'<a rel="next" href="{following}">more</a>' if following else ""
        return (
            f'<div class="item"><h2><a href="/{item}">{item}</a></h2></div><a href="/about">about</a>{link}'
        )

    crawling.site.add("/list", page(shelf("a", "/list?page=2")))
    crawling.site.add("/list?page=2", page(shelf("b", "/list?page=3")))
    crawling.site.add("/list?page=3", page(shelf("c", None)))
    for path in "abc":
        crawling.site.add(f"/{path}", page(path))
    rule = starting("listing", "list", items=".item", next="a[rel=next]")
    result = crawling.run(source_of(rule))
    assert outcomes(result) == dict.fromkeys(
        ["/a", "/b", "/c", "/list", "/list?page=2", "/list?page=3"], "fetched"
    )
    roles = dict(result.pages.select("url", "role").iter_rows())
    assert roles[START + "list?page=3"] == "discovery"
    assert roles[START + "c"] == "content"


def test_a_sitemap_index_leads_to_plain_and_gzipped_sitemaps(crawling: Crawling) -> None:
    crawling.site.add(
        "/sitemap.xml", page(sitemap("one.xml", "two.xml.gz", kind="sitemap"), content_type="text/xml")
    )
    crawling.site.add("/one.xml", page(sitemap("a", "b"), content_type="text/xml"))
    crawling.site.add("/two.xml.gz", page(gzip.compress(sitemap("c", "a")), content_type="application/gzip"))
    for path in "abc":
        crawling.site.add(f"/{path}", page(path))
    result = crawling.run(source_of(starting("sitemap", "sitemap.xml", deny=["/b$"])))
    assert sorted(outcomes(result)) == ["/a", "/c", "/one.xml", "/sitemap.xml", "/two.xml.gz"]
    assert set(outcomes(result).values()) == {"fetched"}


def test_a_sitemap_may_be_plain_text() -> None:
    body = f"{START}a\n{START}b\n".encode()
    assert paths(found(starting("sitemap"), body, "text/plain")) == ["a", "b"]


def test_image_locations_are_no_pages() -> None:
    body = sitemap("a").replace(
        b"</loc>", b'</loc><i:image xmlns:i="i"><i:loc>http://site.test/i.png</i:loc></i:image>'
    )
    assert paths(found(starting("sitemap"), body)) == ["a"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!doctype html><html><body>Sorry</body></html>", "got HTML"),
        (b"", "got an empty body"),
        (b"<catalogue></catalogue>", "expected a sitemap"),
        (sitemap("a")[:-10], "expected a sitemap"),
        (gzip.compress(sitemap("a"))[:-9], "not whole gzip"),
    ],
    ids=["html", "empty", "other XML", "cut", "cut gzip"],
)
def test_what_is_no_sitemap_is_said_so(body: bytes, reason: str) -> None:
    with pytest.raises(PermanentError, match=reason) as caught:
        found(starting("sitemap"), body)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_a_sitemap_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(PermanentError) as caught:
        source = source_of(starting("sitemap"), max_body_bytes=1_000_000)
        page_ = Page(START, gzip.compress(bytes(50_000_000)))
        discover(source, scope_of(source), source.fetch.discover[0], page_, requested_url=START)
    assert caught.value.failure_domain is FailureDomain.RESOURCE


RSS = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{}</feed>'


@pytest.mark.parametrize(
    "body",
    [
        RSS.format(
            "<item><title>a</title><link>http://site.test/a</link></item><item><link>/b</link></item>"
        ),
        ATOM.format(
            '<entry><title>a</title><link rel="alternate" href="http://site.test/a"/></entry>'
            '<entry><title>b</title><link href="/b"/></entry>'
        ),
        json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": START + "a"}, {"url": "/b"}]}
        ),
    ],
    ids=["rss", "atom", "json"],
)
def test_feeds_of_every_kind_name_their_entries(body: str) -> None:
    assert paths(found(starting("feed"), body.encode())) == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><title>no feed</title>", b"", b"{}", b'{"items": 1}', b"{", b"<x/>", b"\xff\xfe"],
)
def test_what_is_no_feed_is_said_so(body: bytes) -> None:
    with pytest.raises(PermanentError, match=r"(?i)feed") as caught:
        found(starting("feed"), body)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_an_api_is_read_page_after_page_by_its_cursor(crawling: Crawling) -> None:
    for cursor, following in (("", "x y"), ("?limit=2&cursor=x+y", 3), ("?limit=2&cursor=3", None)):
        body = json.dumps({"items": [], "meta": {"next": following}})
        crawling.site.add(f"/api{cursor}", page(body, content_type="application/json"))
    crawling.site.add("/api?limit=2", page('{"meta": {"next": "x y"}}', content_type="application/json"))
    result = crawling.run(source_of(starting("api", "api?limit=2", cursor="meta.next")))
    assert crawling.site.targets() == ["/api?limit=2", "/api?limit=2&cursor=x+y", "/api?limit=2&cursor=3"]
    assert result.pages["role"].unique().to_list() == ["both"]


def test_a_cursor_may_be_the_next_url() -> None:
    body = json.dumps({"next": START + "page/2"}).encode()
    assert paths(found(starting("api", cursor="next"), body)) == ["page/2"]


def test_html_where_json_is_expected_fails_and_says_so(crawling: Crawling) -> None:
    crawling.site.add("/api", page("<!doctype html><html>Please log in</html>"))
    row = crawling.page(crawling.run(source_of(starting("api", "api", cursor="next"))), "api")
    assert (row["outcome"], row["failure_domain"], row["attempts"]) == ("failed", "parse", 1)
    assert row["reason"] == "expected JSON, got HTML (text/html)"
    assert crawling.site.count("/api") == 1


@pytest.mark.parametrize("body", [b'{"next": {"a": 1}}', b'{"next": true}', b'{"next": 1.5}'])
def test_a_cursor_that_is_no_cursor_is_said_so(body: bytes) -> None:
    with pytest.raises(PermanentError, match="not text or a number"):
        found(starting("api", cursor="next"), body)


def test_an_empty_site_is_one_page(crawling: Crawling) -> None:
    crawling.site.add("/", page(""))
    result = crawling.run(source_of(starting("links")))
    assert outcomes(result) == {"/": "fetched"}
    assert result.finish_reason == "complete"
