"""Sitemaps: XML, text or a feed, gzipped or not."""

import gzip
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap
from webdata_assets_tests.fuzz.found_urls import URL, check_found
from webdata_assets_tests.fuzz.mutators import markup_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import TOO_LARGE, UNREADABLE, Mutate, Target

_MAX_UNPACKED_BYTES = 100_000
_MAX_BYTES = 8_192
_TOKENS = (
    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>", "</urlset>", "<sitemapindex>",
    "</sitemapindex>", "<url>", "</url>", "<sitemap>", "</sitemap>", "<loc>http://a.test/</loc>", "<loc>",
    "</loc>", "<lastmod>2026-06-01</lastmod>", "<lastmod>9999-12-31T23:59:59.9-23:59</lastmod>",
    "<lastmod>0001</lastmod>", "<![CDATA[", "]]>", "&amp;", "&#0;", "<!DOCTYPE a>", "<!DOCTYPE a [",
    "<!ENTITY b SYSTEM 'file:///etc/passwd'>", "&b;", "<?xml version='1.0' encoding='utf-16'?>",
    "<?xml version='1.0' encoding='cp037'?>", "<!--", "-->", "http://a.test/a b\n", "<rss>", "<item>",
    "<x:url xmlns:x='y'>", "xml:base='http://b.test/'",
)  # fmt: skip
_MUTATE_MARKUP = markup_mutator(_TOKENS)


def run(data: bytes) -> None:
    found = discover_sitemap(Page(URL, data, "application/xml"), max_bytes=_MAX_UNPACKED_BYTES)
    check_found(found, _MAX_UNPACKED_BYTES if data.startswith(b"\x1f\x8b") else len(data))


def mutate_packed(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Mutate what is in a gzip file, or the file itself; pack a plain one now and then."""
    if not data.startswith(b"\x1f\x8b"):
        mutated = _MUTATE_MARKUP(data, rng, mutate)
        return gzip.compress(mutated, mtime=0) if rng.random() < 0.02 else mutated
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return mutate(data)
    return gzip.compress(_MUTATE_MARKUP(plain, rng, mutate), mtime=0)


def seeds(data: Path) -> Iterator[bytes]:
    yield from files(
        data,
        "feeds_sitemaps_robots/crawler_commons/sitemaps/**/*",
        "feeds_sitemaps_robots/crawler_commons/rss/*",
        "hostile_inputs/defusedxml/*.xml",
        count=100,
        max_bytes=_MAX_BYTES,
    )


TARGET = Target(
    run,
    frozenset({UNREADABLE, TOO_LARGE}),
    (
        b"<?xml version='1.0'?><urlset><url><loc>/a</loc><lastmod>2026-06</lastmod></url></urlset>",
        b"<sitemapindex><sitemap>http://a.test/b</sitemap></sitemapindex>",
        "<urlset><url><loc>http://a.test/é</loc></url></urlset>".encode("utf-16"),
        b"http://a.test/1\r\nhttps://b.test/2\nnothing",
        gzip.compress(b"<urlset><url><loc>http://a.test/1</loc></url></urlset>", mtime=0),
        gzip.compress(b"<urlset>" + b" " * 200_000, mtime=0),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><urlset><url><loc>http://a.test/&b;</loc></url></urlset>",
        b"<urlset><url><loc>a</loc><lastmod>9999-12-31T23:59:59-14:00</lastmod></url></urlset>",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    mutate_packed,
)
