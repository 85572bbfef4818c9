"""Links of a page: what tags say, a list's items and its next page, and where all of it leads to."""

from collections.abc import Iterator
from pathlib import Path

from webdata_assets.sources.discover import DiscoverListing
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.links import discover_links
from webdata_assets.stages.crawl.discovery.listing import discover_listing
from webdata_assets_tests.fuzz.found_urls import URL, check_found
from webdata_assets_tests.fuzz.mutators import markup_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import TOO_LARGE, Target

_LISTING = DiscoverListing(by="listing", start=("http://a.test/",), items="li a, .item")
_MAX_BYTES = 8_192
_TOKENS = (
    "<a href='/a'>", "<a href=b rel=nofollow>", "</a>", "<area href=c>", "<base href='http://b.test/c/'>",
    "<meta name=robots content='nofollow, noindex'>", "<link rel=next href='?page=2'>", "<a rel=next href=d>",
    "<a href='?page=3'>3</a>", "<a href=/page/2>Next</a>", "<li>", "<ul class=pagination>", "<span>1</span>",
    "<script>", "</script>", "<style>", "</style>", "<template>", "</template>", "<svg>", "<title>", "<!--",
    "-->", "<![CDATA[", "]]>", "<textarea>", "<frameset>", "<plaintext>", "&amp;", "&#x2f;",
    "href='http://[/'",
    "<div class=item>", "<select>", "<table>", "<noscript>", "<a\thref=javascript:a>", "<a href='//c.test'>",
    "<math>", "<iframe srcdoc='", "aria-label='Next'", "»", "<a href='#'>", "<button>",
)  # fmt: skip


def run(data: bytes) -> None:
    page = Page(URL, data, "text/html")
    check_found(discover_listing(_LISTING, page), len(data) + 1)
    everything, obeying = (discover_links(page, obey=obey) for obey in (False, True))
    check_found(everything, len(data))
    assert set(obeying) <= set(everything), "obeying robots finds more than all"


def seeds(data: Path) -> Iterator[bytes]:
    for folder in ("wcxb/dev/html", "trafilatura_eval/html", "html5lib_tests/tree-construction"):
        yield from files(data, f"{folder}/*", count=60, max_bytes=_MAX_BYTES)


TARGET = Target(
    run,
    frozenset({TOO_LARGE}),
    (
        b"<base href=/b/><ul><li><a href=c>1</a><li><a href='d' rel='nofollow'>2</a></ul>",
        b"<ul><li><a href=c>1</a></ul><a rel=next href=?p=2>",
        b"<meta name=ROBOTS content='none'><a href=http://b.test/&amp;>x</a><!-- <a href=y> -->",
        b"<svg><title><a href=a></title></svg><template><a href=b></template><script><!--<script></script>",
        b"<a href='http://[/'><a href='http://a@b/'><a href='#x'><a href=''><a href='//'>",
        "<a href='http://ex\u00e4mple.test/\u00e9?\u00e9'>".encode("latin-1"),
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    markup_mutator(_TOKENS),
)
