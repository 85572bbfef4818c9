"""Links are read without a tree, and come out as a tree would give them."""

import json
import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets.stages.crawl.discovery.found import Role, resolve_links
from webdata_assets.stages.crawl.discovery.html import parse_tree
from webdata_assets.stages.crawl.discovery.links import discover_links
from webdata_assets.stages.crawl.discovery.tags import attributes, read_tags
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets.stages.extract.decode import decode
from webdata_assets_tests.crawl.saved_pages import data_folder, python_docs, saved_pages

URL = "https://site.test/docs/guide.html?v=3"
FRAGMENTS = [
    "<a href=x>", "<a ", 'href="', "href=", "'", '"', ">", "<", "/", "<!--", "-->", "--!>", "-", "<script>",
    "</script>", "<style>", "</style >", "<title>", "</title>", "<textarea>", "</textarea\n>", "=", "<p ",
    '<p title="', "</p>", "y", "&amp;", "&copy=", "&copy;", "&copy", "&#65;", "<a\tHREF=z>", "<area href=w>",
    "<!x", "</ ", "<!>", '<a href="u">', "<noscript>", "<iframe>", "</iframe>", "<a/href=v/>", "</SCRIPT>",
    "<?x", " ", "\n", "é",
]  # fmt: skip


def links(html: str, url: str = URL, *, obey: bool = True) -> list[str]:
    return [found.url for found in discover_links(Page(url, html.encode(), "text/html"), obey=obey)]


def by_tokens(text: str) -> list[str] | None:
    """The different links as read without a tree; None where a tree is needed."""
    tags = read_tags(text)
    if tags is None:
        return None
    found = attributes((tag for tag in tags if tag[0] in "aA"), "href")
    return list(dict.fromkeys(filter(None, found)))


def by_tree(text: str) -> list[str]:
    nodes = LexborHTMLParser(text).css("a[href], area[href]")
    return list(dict.fromkeys(filter(None, (node.attributes.get("href") for node in nodes))))


def differing(texts: Iterable[str]) -> list[str]:
    """The texts whose links come out otherwise than by a tree; end tags with attributes are left out."""
    return [
        text
        for text in texts
        if "\0" not in text
        and not re.search(r"</[a-zA-Z][^>]*[\"'=/]", text)
        and by_tokens(text) not in (None, by_tree(text))
    ]


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.soak), 5])
def test_every_saved_page_gives_the_links_of_its_tree(every: int) -> None:
    without_tree = 0
    for name, body, _ in saved_pages(every=every):
        text = decode(body)
        found = by_tokens(text)
        without_tree += found is not None
        assert found in (None, by_tree(text)), name
    assert without_tree > 1_000 // every


def test_pythons_documentation_gives_the_links_of_its_trees() -> None:
    for file in python_docs():
        text = file.read_text()
        assert by_tokens(text) == by_tree(text), file


def test_the_tokens_of_the_html_standard_are_told_apart() -> None:
    inputs = []
    for file in sorted((data_folder("html5lib_tests") / "tokenizer").glob("*.test")):
        cases = json.loads(file.read_text()).get("tests", [])
        inputs += [
            case["input"] for case in cases if "Data state" in case.get("initialStates", ["Data state"])
        ]
    assert len(inputs) > 5_000
    # the cases' <h a="…"> becomes a link
    linked = (re.sub(r"(?<=[ /])(a|b)(?==)", "href", text.replace("<h", "<a")) for text in inputs)
    assert differing(linked) == []


def test_the_documents_of_the_html_standard_give_the_links_of_their_trees() -> None:
    documents = []
    for file in sorted((data_folder("html5lib_tests") / "tree-construction").glob("*.dat")):
        cases = file.read_text(errors="replace").split("#data\n")[1:]
        documents += [case.split("\n#errors")[0] for case in cases if "#document-fragment" not in case]
    assert len(documents) > 1_000
    assert differing(documents) == []


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_markup_of_any_kind_gives_the_links_of_its_tree(text: str) -> None:
    assert differing([text]) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<!-- <a href="/no"> --><a href="/yes">', ["/yes"]),
        ('<script>x = "<a href=/no>"</script><a href=/yes>', ["/yes"]),
        ('<script><!-- <script></script> <a href=/no> --></script><a href=/yes>', ["/yes"]),
        ('<img alt="> <a href=/no>"><a href=/yes>', ["/yes"]),
        ("<textarea><a href=/no></textarea><title><a href=/no></title><a href=/yes>", ["/yes"]),
        ('<template><a href="/no"></template><a href="/yes">', ["/yes"]),
        ('<svg><title/><a href="/yes"></a></svg>', ["/yes"]),
        ('<a data-href="/no" HREF = /yes>', ["/yes"]),
        ('<a href="/a?x=1&amp;copy=2&copy=3">', ["/a?x=1&copy=2&copy=3"]),
        ("<a href=/broken", []),
        ('<a href="mailto:a@b.test"><a href="javascript:1"><a href="http://[bad"><a href="">', []),
    ],
)  # fmt: skip
def test_only_tags_are_links(html: str, found: list[str]) -> None:
    assert links(html) == [canonical_url(link, URL) for link in found]


def test_links_within_the_page_lead_to_the_page() -> None:
    assert links('<a href="#a"><a href="#b"><a href="x#c">') == [URL, "https://site.test/docs/x"]


def test_a_base_that_is_no_url_is_left_out_of_account() -> None:
    assert links('<base href="http://[bad"><base href="/no/"><a href="x">') == ["https://site.test/docs/x"]


@pytest.mark.parametrize(
    "html",
    [
        '<a rel="nofollow" href=/x>',
        '<a href=/x rel="external NoFollow">',
        '<meta name="robots" content="noindex, nofollow"><a href=/x>',
        '<META NAME=ROBOTS CONTENT=None><a href=/x>',
    ],
)  # fmt: skip
def test_nofollow_is_obeyed_where_robots_are(html: str) -> None:
    assert links(html) == []
    assert links(html, obey=False) == ["https://site.test/x"]


def test_other_words_to_robots_keep_no_link_back() -> None:
    html = (
        '<meta name="description" content="nofollow"><meta name=robots content=noindex><a rel=next href=/x>'
    )
    assert links(html) == ["https://site.test/x"]


HREFS = st.text(alphabet=st.sampled_from("ab/.?#:\\ \t\n%é&@1")) | st.sampled_from(
    [
        "http:?x",
        "HTTP://Other.test:80/a",
        "//b.test",
        "a/../../c",
        "?q",
        "#f",
        "x #y",
        " x",
        "https://a@b.test/",
    ]
)


@given(
    st.lists(HREFS),
    st.sampled_from([URL, "https://site.test/", "http://site.test", "https://s.test/a/b#c/d"]),
)
def test_links_of_one_page_resolve_as_each_does_alone(hrefs: list[str], base: str) -> None:
    expected = {}
    for href in filter(None, hrefs):
        try:
            expected[canonical_url(href, base)] = None
        except PermanentError:
            continue
    role: Role = "both"
    assert sorted(found.url for found in resolve_links(hrefs, base, role)) == sorted(expected)


BOMBS = [
    '<a "', "<a href=", '<a href="', "<!--", "<script>", "<script><!--", "<div>", "<a =", '<x y="', "<style>",
    "<a x=y ", "<title/", "</ ", "<", "<a\n/", "<p '", "<script><!--<script>",
]  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_hostile_markup_takes_linear_time(bomb: str) -> None:
    started = time.process_time()
    text = bomb * (1_000_000 // len(bomb))
    read_tags(text)
    try:
        parse_tree(text)
    except PermanentError as error:
        assert error.failure_domain is FailureDomain.RESOURCE
    assert time.process_time() - started < 10


def test_a_page_that_needs_its_tree_and_nests_without_end_is_refused() -> None:
    with pytest.raises(PermanentError, match="one in another") as caught:
        links("<template></template>" + "<div>" * 100_000)
    assert caught.value.failure_domain is FailureDomain.RESOURCE


def test_no_saved_page_nests_too_deep() -> None:
    for _, body, _ in saved_pages(every=20):
        parse_tree(decode(body))
