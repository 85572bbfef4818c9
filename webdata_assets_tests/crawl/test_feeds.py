"""Feeds name the pages that feed readers know, or are refused with a reason."""

import io
from pathlib import Path

import feedparser
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import resolve_links
from webdata_assets_tests.crawl.saved_pages import data_folder

URL = "https://site.test/news/feed"
RSS = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{}</feed>'

OTHERWISE = {
    # told apart by its first byte, which feedparser leaves to the content type
    "json/example.json": ["https://example.org/second-item", "https://example.org/initial-post"],
    # the <id> of the entry itself, as the fixture expects; feedparser takes the one within its <image>
    "wellformed/node_precedence/atom10_id.xml": ["https://site.test/news/Correct%20Value"],
}
"""Fixtures that feedparser reads in another way, with what is right."""


def links(body: str | bytes, content_type: str | None = None) -> list[str]:
    raw = body.encode() if isinstance(body, str) else body
    return [found.url for found in discover_feed(Page(URL, raw, content_type))]


def by_feedparser(body: bytes) -> list[str]:
    feed = feedparser.parse(io.BytesIO(body), response_headers={"content-location": URL})
    return [
        found.url for found in resolve_links((entry.get("link") for entry in feed.entries), URL, "content")
    ]


def test_every_feed_gives_the_links_of_feedparser_or_is_refused() -> None:
    folder = data_folder("feeds_sitemaps_robots/feedparser")
    same = refused = 0
    for file in sorted(path for path in folder.rglob("*") if path.suffix in (".xml", ".json")):
        body, name = file.read_bytes(), str(file.relative_to(folder))
        expected = OTHERWISE.get(name) or by_feedparser(body)
        try:
            assert links(body) == expected, name
            same += 1
        except PermanentError as error:
            assert error.failure_domain is FailureDomain.PARSE, name
            assert not expected, f"{name} has links and was refused: {error}"
            refused += 1
    assert same > 1_900
    assert refused < 100


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("<link>/a</link><guid>/b</guid>", ["https://site.test/a"]),
        ("<guid>https://site.test/b</guid>", ["https://site.test/b"]),
        ('<guid isPermaLink="false">https://site.test/b</guid>', []),
        ("<link> c </link>", ["https://site.test/news/c"]),
        ("<link>/x<![CDATA[?a=1&b=2]]></link>", ["https://site.test/x?a=1&b=2"]),
        ('<enclosure url="https://site.test/a.mp3"/><comments>/c</comments>', []),
        ('<source url="/feed"><link>/no</link></source><link>/a</link>', ["https://site.test/a"]),
    ],
)
def test_an_item_of_rss_is_its_link_or_its_permalink(item: str, found: list[str]) -> None:
    assert links(RSS.format(f"<item><title>t</title>{item}</item>")) == found


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ('<link rel="self" href="/no"/><link rel="alternate" href="/a"/>', ["https://site.test/a"]),
        ('<link rel="enclosure" href="/a.mp3"/><link rel="edit" href="/edit"/>', []),
        (
            '<link href="/a"/><link rel="alternate" type="application/json" href="/a.json"/>',
            ["https://site.test/a"],
        ),
        ("<id>urn:uuid:1</id>", []),
        ('<link xml:base="/deep/" href="a"/>', ["https://site.test/deep/a"]),
    ],
)
def test_an_entry_of_atom_is_its_alternate_link(entry: str, found: list[str]) -> None:
    assert links(ATOM.format(f"<entry><title>t</title>{entry}</entry>")) == found


def test_what_is_not_well_formed_is_read_as_feed_readers_do() -> None:
    broken = RSS.format("<item><title>Fish & chips</title><link>/a?x=1&y=2</link></item>")
    assert links(broken) == ["https://site.test/a?x=1&y=2"]
    assert links("\n\n  " + RSS.format("<item><link>/a</link></item>")) == ["https://site.test/a"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<rss><item>&#xd800;<link>/a", id="half of a surrogate pair"),
        pytest.param("<item<link<channel</item</link>", id="a link that ends outside of its item"),
    ],
)
def test_what_feedparser_stumbles_over_is_refused(body: str) -> None:
    with pytest.raises(PermanentError, match="expected a feed") as caught:
        links(body)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_what_is_not_well_formed_and_large_is_refused() -> None:
    with pytest.raises(PermanentError, match="expected a feed"):
        links(RSS.format("<item><link>/a</link></item>" * 40_000)[:-10])


def test_utf_16_is_read() -> None:
    body = '<?xml version="1.0" encoding="utf-16"?>' + RSS.format("<item><link>/ä</link></item>")
    assert links(body.encode("utf-16")) == ["https://site.test/%C3%A4"]
    assert links(body.encode("utf-16-be")) == ["https://site.test/%C3%A4"]


def test_a_doctype_that_only_names_a_dtd_is_harmless() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    assert links(doctype + RSS.format("<item><link>/a</link></item>")) == ["https://site.test/a"]


def test_a_doctype_within_the_text_is_text() -> None:
    text = "<![CDATA[<!DOCTYPE html [ <!ENTITY a 'b'> ]>]]>"
    item = f"<item><description>{text}</description><link>/a</link></item>"
    assert links(RSS.format(item)) == ["https://site.test/a"]


def _bomb(levels: int) -> str:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(levels))
    return f'<?xml version="1.0"?><!-- x --><!DOCTYPE r [<!ENTITY e0 "xxxxxxxxxx">{entities}]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_entities_are_refused_before_anything_is_parsed(encoding: str, tmp_path: Path) -> None:
    external = f'<!DOCTYPE r PUBLIC ">" "x" [<!ENTITY e9 SYSTEM "file://{tmp_path}">]>'
    for declared in (_bomb(9), external):
        body = declared + RSS.format("<item><title>&e9;</title><link>/a</link></item>")
        with pytest.raises(PermanentError, match="declares entities") as caught:
            links(body.encode(encoding))
        assert caught.value.failure_domain is FailureDomain.PARSE


def test_every_xml_attack_is_refused_or_read_without_its_entities() -> None:
    for file in sorted((data_folder("hostile_inputs") / "defusedxml").glob("*.xml")):
        with pytest.raises(PermanentError) as caught:
            links(file.read_bytes())
        assert caught.value.failure_domain is FailureDomain.PARSE, file
