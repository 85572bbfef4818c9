"""Feeds: RSS, Atom and JSON Feed, well-formed or not."""

from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets_tests.fuzz.found_urls import URL, check_found
from webdata_assets_tests.fuzz.mutators import markup_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import TOO_LARGE, UNREADABLE, Target

_MAX_BYTES = 4_096
_TOKENS = (
    "<rss version='2.0'>", "</rss>", "<channel>", "</channel>", "<item>", "</item>", "<link>", "</link>",
    "<guid isPermaLink='true'>", "<guid>", "</guid>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "</feed>",
    "<entry>", "</entry>", "<link href='/a' rel='alternate' type='text/html'/>", "<id>", "</id>", "<title>",
    "<rdf:RDF>", "<?xml version='1.0' encoding='utf-8'?>", "<?xml version='1.0' encoding='utf-7'?>",
    "xml:base='http://b.test/c/'", "<![CDATA[", "]]>", "&amp;", "&nbsp;", "&#xd800;", "<!DOCTYPE rss>",
    "<!DOCTYPE rss [", "<!ENTITY b 'c'>", "&b;", "<content type='xhtml'>", "<div xmlns='x'>",
    "<media:content",
    "<pubDate>", "<georss:point>", "<source>", "<enclosure url='a'/>",
    '{"version": "https://jsonfeed.org/version/1"',
    '"items": [', '{"url": "/a"}', '"external_url":', "<a:link xmlns:a='", "<itunes:author>", "<updated>",
)  # fmt: skip


def run(data: bytes) -> None:
    check_found(discover_feed(Page(URL, data, "application/rss+xml")), len(data))


def seeds(data: Path) -> Iterator[bytes]:
    for folder in ("wellformed", "illformed", "encoding", "entities", "json"):
        pattern = f"feeds_sitemaps_robots/feedparser/{folder}/**/*"
        yield from files(data, pattern, count=60, max_bytes=_MAX_BYTES)
    yield from files(data, "hostile_inputs/defusedxml/*.xml", count=10, max_bytes=_MAX_BYTES)
    yield from files(data, "hostile_inputs/JSONTestSuite/test_parsing/*", count=30, max_bytes=_MAX_BYTES)


TARGET = Target(
    run,
    frozenset({UNREADABLE, TOO_LARGE}),
    (
        b"<rss><channel><item><link>/a</link><guid>b</guid></item></channel></rss>",
        b"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='//b'><entry><link href='c'/></entry></feed>",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a"}, {"external_url": 1}, 2]}',
        b"<rss><channel><item><link>/a&nbsp;<b</link></item>",
        b"<!DOCTYPE rss [<!ENTITY b 'c'>]><rss><channel><item><link>&b;</link></item></channel></rss>",
        b"<?xml version='1.0' encoding='nonsense'?><rss><channel><item><link>\xff</link></item></channel>",
        b"<rss><item xml:base='http://[/'><link>a</link></item></rss>",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    markup_mutator(_TOKENS),
)
