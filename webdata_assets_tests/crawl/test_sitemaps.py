"""Sitemaps in all of their forms, with the dates of their pages."""

import datetime as dt
import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverSitemap
from webdata_assets.stages.crawl.discovery import Found, Page, keep_recent
from webdata_assets.stages.crawl.discovery.dates import end_of_stated
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap
from webdata_assets_tests.crawl.harness import starting
from webdata_assets_tests.crawl.saved_pages import data_folder

URL = "https://site.test/maps/sitemap.xml"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def found(body: str | bytes, *, max_bytes: int = 60_000_000) -> list[Found]:
    raw = body.encode() if isinstance(body, str) else body
    return discover_sitemap(Page(URL, raw), max_bytes=max_bytes)


def urls(body: str | bytes) -> list[str]:
    return [item.url for item in found(body)]


def urlset(*entries: str, root: str = f'urlset xmlns="{NAMESPACE}"') -> str:
    inner = "".join(f"<url>{entry}</url>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><{root}>{inner}</{root.split()[0]}>'


def moment(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026", moment(2026, 12, 31, 23, 59, 59, 999_999)),
        ("2026-02", moment(2026, 2, 28, 23, 59, 59, 999_999)),
        ("2024-02-29", moment(2024, 2, 29, 23, 59, 59, 999_999)),
        ("2026-06-02T10:30Z", moment(2026, 6, 2, 10, 30, 59, 999_999)),
        ("2026-06-02T10:30:15+02:00", moment(2026, 6, 2, 8, 30, 15, 999_999)),
        ("2026-06-02T10:30:15.5-0130", moment(2026, 6, 2, 12, 0, 15, 500_000)),
        ("2026-06-02 10:30:15", moment(2026, 6, 2, 10, 30, 15, 999_999)),
        (" 2026-06-02\n", moment(2026, 6, 2, 23, 59, 59, 999_999)),
        ("2016-12-31T23:59:60Z", moment(2016, 12, 31, 23, 59, 59, 999_999)),
    ],
)
def test_a_date_means_the_end_of_what_it_states(text: str, end: dt.datetime) -> None:
    assert end_of_stated(text) == end


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "2026-02-30", "9999", "02.06.2026", "2026-06-02T25:00Z", "0000", "١٢٣٤"],
)
def test_what_is_no_date_says_nothing(text: str) -> None:
    assert end_of_stated(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    end = end_of_stated(text)
    assert end is None or end.tzinfo is dt.UTC


@given(st.datetimes(min_value=dt.datetime(1, 1, 2), max_value=dt.datetime(9998, 12, 30)))  # noqa: DTZ001
def test_a_whole_moment_is_itself(at: dt.datetime) -> None:
    assert end_of_stated(at.isoformat(timespec="microseconds") + "Z") == at.replace(tzinfo=dt.UTC)


def test_pages_come_with_the_date_of_their_last_change_wherever_it_stands() -> None:
    body = urlset(
        "<loc>/a</loc><lastmod>2026-06-01</lastmod>",
        "<lastmod>2026-06-01T12:00:00Z</lastmod><loc>\n /b </loc>",
        "<loc>/c</loc><lastmod>soon</lastmod>",
    )
    assert [(item.url.rpartition("/")[2], item.last_modified) for item in found(body)] == [
        ("a", moment(2026, 6, 1, 23, 59, 59, 999_999)),
        ("b", moment(2026, 6, 1, 12, 0, 0, 999_999)),
        ("c", None),
    ]


def test_the_date_of_a_find_is_no_part_of_what_it_is() -> None:
    assert Found("https://a.test/", "content", moment(2026, 1, 1)) == Found("https://a.test/", "content")


def _rule(days: float | None) -> DiscoverSitemap:
    return DiscoverSitemap.model_validate(starting("sitemap", modified_within_days=days))


def test_only_what_changed_recently_is_kept_and_what_has_no_date() -> None:
    items = [
        Found("https://a.test/old", "content", moment(2026, 5, 30, 23, 59)),
        Found("https://a.test/edge", "content", moment(2026, 5, 31)),
        Found("https://a.test/none", "content"),
        Found("https://a.test/part.xml", "discovery", moment(2020, 1, 1)),
    ]
    date = dt.date(2026, 6, 2)
    assert [item.url[15:] for item in keep_recent(_rule(2), items, date)] == ["edge", "none"]
    assert keep_recent(_rule(None), items, date) == items
    assert keep_recent(_rule(1e300), items, date) == items


@pytest.mark.parametrize(
    "root",
    [
        "urlset",
        'urlset xmlns="http://www.google.com/schemas/sitemap/0.84"',
        'urlset xmlns="https://www.sitemaps.org/schemas/sitemap/0.9/"',
    ],
)
def test_a_namespace_may_be_written_in_many_ways(root: str) -> None:
    assert urls(urlset("<loc>/a</loc>", root=root)) == ["https://site.test/a"]


def test_prefixes_extensions_and_white_space_are_no_hindrance() -> None:
    body = f"""
        <s:urlset xmlns:s="{NAMESPACE}" xmlns:image="i" xmlns:xhtml="x" xmlns:news="n">
        <s:url><s:loc><![CDATA[/a?x=1&y=2]]></s:loc><image:image><image:loc>/a.jpg</image:loc></image:image>
        <xhtml:link rel="alternate" href="/de/a"/><news:news><news:url>/no</news:url></news:news></s:url>
        </s:urlset>"""
    assert urls(body) == ["https://site.test/a?x=1&y=2"]


def test_an_index_names_sitemaps_even_without_loc() -> None:
    inner = "<sitemap><loc>/one.xml</loc></sitemap><sitemap>\n/two.xml.gz\n</sitemap>"
    body = f"<sitemapindex>{inner}</sitemapindex>"
    assert [(item.url, item.role) for item in found(body)] == [
        ("https://site.test/one.xml", "discovery"),
        ("https://site.test/two.xml.gz", "discovery"),
    ]


def test_feeds_may_be_sitemaps() -> None:
    inner = "<image><url>/i.png</url></image><item><link>/a</link></item>"
    assert urls(f'<rss version="2.0"><channel>{inner}</channel></rss>') == ["https://site.test/a"]


def test_a_text_sitemap_names_whole_urls_only() -> None:
    body = "\ufeffhttps://site.test/a\r\nhttps://site.test/b \nnot a url\n\nhttps://site.test/a\n/relative\n"
    assert urls(body) == ["https://site.test/a", "https://site.test/b"]
    assert urls(gzip.compress(body.encode())) == ["https://site.test/a", "https://site.test/b"]


COMMONS = {
    "atom.xml": 1,
    "do-not-visit.txt": 1,
    "extension/hebdenbridgetimes-articles-sitemap.xml": 74,
    "extension/pagemaps-sitemap.xml": 2,
    "extension/shinpaideshou-news-sitemap.xml": 3,
    "extension/sitemap-images.xml": 1,
    "extension/sitemap-links.xml": 3,
    "extension/sitemap-mobile.xml": 3,
    "extension/sitemap-news.xml": 2,
    "extension/sitemap-videos-tvshow.xml": 1,
    "extension/sitemap-videos.xml": 3,
    "sitemap-with-bom.txt": 2,
    "sitemap.badns.xml": 2,
    "sitemap.index.xml": 15,
    "sitemap.ns.xml": 2,
    "sitemap.txt": 2,
    "sitemap.txt.gz": 5,
    "xmlSitemap.gz": 5,
}
"""Fixtures of crawler-commons → their pages, or the sitemaps of the index; counted by hand."""


def test_every_sitemap_of_crawler_commons_is_read() -> None:
    folder = data_folder("feeds_sitemaps_robots/crawler_commons/sitemaps")
    counts = {
        str(file.relative_to(folder)): len(found(file.read_bytes()))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    assert counts == COMMONS


def test_entities_are_refused_and_foreign_files_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://site.test/secret")
    body = f'<!DOCTYPE x [<!ENTITY f SYSTEM "file://{secret}">]><urlset><url><loc>&f;</loc></url></urlset>'
    with pytest.raises(PermanentError, match="declares entities") as caught:
        found(body)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_every_xml_attack_is_refused() -> None:
    for file in sorted((data_folder("hostile_inputs") / "defusedxml").glob("*.xml")):
        with pytest.raises(PermanentError) as caught:
            found(file.read_bytes())
        assert caught.value.failure_domain is FailureDomain.PARSE, file


LARGE = """
import resource
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

padding = "<changefreq>" + " " * 850 + "</changefreq>"
entries = (f"<url><loc>https://site.test/{number}</loc>{padding}</url>" for number in range(50_000))
page = Page("https://site.test/sitemap.xml", f"<urlset>{''.join(entries)}</urlset>".encode())
discover_sitemap(Page(page.url, b"<urlset/>"), max_bytes=1)
before = peak()
assert len(discover_sitemap(page, max_bytes=60_000_000)) == 50_000
print(len(page.body), peak() - before)
"""


def test_a_sitemap_as_large_as_allowed_takes_little_memory_beside_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    size, grown = map(int, done.stdout.split())
    assert size > 45_000_000
    assert grown < 30_000_000
