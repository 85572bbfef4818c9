"""JSON listings: by page, offset, cursor and Link header; whatever comes, pages or a typed error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverApi
from webdata_assets.stages.crawl.discovery import Page, discover, needs_headers
from webdata_assets.stages.crawl.discovery.link_header import Link, parse_link_header
from webdata_assets.stages.crawl.urls import MAX_URL_CHARACTERS, canonical_url, parameter_of, scope_of
from webdata_assets_tests.crawl.harness import START, Crawling, source_of, starting
from webdata_assets_tests.crawl.saved_pages import data_folder
from webdata_assets_tests.site.answers import page

API = START + "api"


def following(
    body: object, url: str = API, *, link: str | None = None, landed: str | None = None, **rule: Any
) -> list[str]:
    """The next pages that a response names."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    source = source_of(starting("api", "api", **rule))
    headers = {} if link is None else {"link": link}
    answer = Page(landed or url, raw, "application/json", headers)
    found = discover(source, scope_of(source), source.fetch.discover[0], answer, requested_url=url)
    assert {item.role for item in found} <= {"both"}
    return [item.url for item in found]


PAGES = {"page_param": "page", "items": "items"}
OFFSETS = {"offset_param": "skip", "items": "data.rows"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (API, API + "?page=2"),
        (API + "?page=7&limit=2", API + "?limit=2&page=8"),
        (API + "?page=0", API + "?page=1"),
        (API + "?Page=5", API + "?Page=5&page=2"),
        (API + "?page=3&page=4", API + "?page=5"),
    ],
)
def test_pages_are_counted_from_the_urls_own_number(url: str, expected: str) -> None:
    assert following({"items": [1]}, url, **PAGES) == [expected]


def test_an_offset_grows_by_the_number_of_items() -> None:
    assert following({"data": {"rows": [1, 2, 3]}}, **OFFSETS) == [API + "?skip=3"]
    assert following({"data": {"rows": [1, 2]}}, API + "?skip=3", **OFFSETS) == [API + "?skip=5"]
    assert following({"data": {"rows": {"a": 1, "b": 2}}}, **OFFSETS) == [API + "?skip=2"]


@pytest.mark.parametrize("body", [{"items": []}, {"items": None}, {}, [], {"items": {}}, None])
def test_a_listing_ends_without_items(body: object) -> None:
    assert following(body, **PAGES) == []


@pytest.mark.parametrize("items", ["none", 3, True, 0.5])
def test_items_that_are_no_list_are_said_so(items: object) -> None:
    with pytest.raises(PermanentError, match="not a list") as caught:
        following({"items": items}, **PAGES)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_a_cursor_that_compares_text_with_numbers_is_said_not_to_fit() -> None:
    with pytest.raises(PermanentError, match="does not fit the response") as caught:
        following({"items": [{"id": 1}, {"id": "a"}]}, cursor="max_by(items, &id).id")
    assert caught.value.failure_domain is FailureDomain.PARSE


@pytest.mark.parametrize("number", ["two", "-1", "1.5", "", "9" * 5_000])
def test_a_listing_that_starts_at_no_number_must_be_mended_by_a_person(number: str) -> None:
    with pytest.raises(PermanentError, match=r"'page'.*is no number") as caught:
        following({"items": [1]}, f"{API}?page={number}", **PAGES)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_listing_is_read_to_its_empty_page(crawling: Crawling) -> None:
    for number, items in enumerate(([1, 2], [3], []), start=1):
        target = "/api" if number == 1 else f"/api?page={number}"
        crawling.site.add(target, page(json.dumps({"items": items}), content_type="application/json"))
    crawling.run(source_of(starting("api", "api", **PAGES)))
    assert crawling.site.targets() == ["/api", "/api?page=2", "/api?page=3"]


def test_a_cursor_that_repeats_itself_ends_the_listing(crawling: Crawling) -> None:
    crawling.site.add("/api", page('{"next": "same"}', content_type="application/json"))
    crawling.run(source_of(starting("api", "api", cursor="next")))
    assert crawling.site.targets() == ["/api", "/api?cursor=same"], "the same cursor is the same URL"


def test_the_link_header_names_the_next_page() -> None:
    rule = {"link_header": True}
    link = '<https://other.test/x>; rel="prev", </api?after=a,b;c>; rel="last NEXT"; title="a, <b>; rel=prev"'
    assert following([], link=link, **rule) == [START + "api?after=a,b;c"]
    assert following([], link="<?page=2>; rel=next", landed=START + "v2/api", **rule) == [
        START + "v2/api?page=2"
    ]
    assert following([], link='</x>; rel=next; anchor="/elsewhere"', **rule) == []
    assert following([], link='<x>; rel="last"', **rule) == []
    assert following([], **rule) == []


def test_a_next_page_that_is_no_url_is_said_so_because_the_listing_would_look_whole() -> None:
    with pytest.raises(PermanentError, match="next page is not to be had") as caught:
        following([], link="<http://[bad>; rel=next", link_header=True)
    assert caught.value.failure_domain is FailureDomain.PARSE
    for cursor in ("http://", "x" * 9_000):
        with pytest.raises(PermanentError, match="next page is not to be had"):
            following({"next": cursor}, cursor="next")


def test_a_next_page_out_of_scope_is_not_followed() -> None:
    assert following({"next": "https://other.test/x"}, cursor="next") == []


@pytest.mark.parametrize(
    ("rule", "needed"),
    [({"link_header": True}, True), ({"cursor": "next"}, False), (PAGES, False)],
)
def test_only_link_headers_need_the_headers_of_every_visit(rule: dict[str, Any], needed: bool) -> None:
    assert needs_headers(DiscoverApi.model_validate(starting("api", **rule))) is needed


@pytest.mark.parametrize(
    ("value", "links"),
    [
        ('<a>; rel="next"', [("a", {"next"}, None)]),
        ("<a>;rel=next,<b> ; REL=Prev", [("a", {"next"}, None), ("b", {"prev"}, None)]),
        ("<a>", [("a", set(), None)]),
        ('<a>; rel="one two"; rel=three', [("a", {"one", "two"}, None)]),
        (r'<a>; title="say \"<b>; rel=no\""; rel=next', [("a", {"next"}, None)]),
        ("<a>; flag; rel=next", [("a", {"next"}, None)]),
        ("<a>; rel = next ; anchor=\"#x\"", [("a", {"next"}, "#x")]),
        (", ,<a>; rel=next,, <b>", [("a", {"next"}, None), ("b", set(), None)]),
        ("<a; rel=next", []),
        ('<a>; rel="next', [("a", {"next"}, None)]),
        ("junk <a>; rel=next", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_link_header_is_read_as_rfc_8288_says(
    value: str, links: list[tuple[str, set[str], str | None]]
) -> None:
    assert parse_link_header(value) == [Link(target, frozenset(said), at) for target, said, at in links]


TOKENS = st.text(alphabet="abcxyz-0", min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="ab/?=&,;\"' ", max_size=12).map(str.strip),
            st.lists(TOKENS, min_size=1, max_size=3),
            st.text(alphabet='ab,;<>"\\ =', max_size=12),
        )
    )
)
def test_a_link_header_gives_back_what_was_written(links: list[tuple[str, list[str], str]]) -> None:
    written = []
    for target, relations, title in links:
        quoted = title.replace("\\", r"\\").replace('"', r"\"")
        written.append(f'<{target}>; title="{quoted}"; rel="{" ".join(relations)}"')
    assert parse_link_header(", ".join(written)) == [
        Link(target, frozenset(relations), None) for target, relations, _ in links
    ]


@pytest.mark.parametrize(
    "rule", [{"cursor": "next"}, {"cursor": "[0]"}, PAGES, OFFSETS, {"link_header": True}]
)
def test_json_of_every_kind_is_read_or_refused(rule: dict[str, Any]) -> None:
    read = refused = 0
    for file in sorted((data_folder("hostile_inputs") / "JSONTestSuite").rglob("*.json")):
        try:
            following(file.read_bytes(), **rule)
            read += 1
        except PermanentError as error:
            assert error.failure_domain is FailureDomain.PARSE, file
            assert not file.name.startswith("y_") or "not" in str(error), file
            refused += 1
    assert read > 90
    assert refused > 150


def test_naughty_strings_are_cursors_urls_and_links_like_others() -> None:
    lines = (data_folder("hostile_inputs") / "blns/blns.txt").read_text(errors="surrogateescape").split("\n")
    strings = [line for line in lines if line and not line.startswith("#")]
    assert len(strings) > 400
    for text in strings:
        try:
            canonical_url(text, API)
        except PermanentError as error:
            assert error.failure_domain is FailureDomain.ACCESS
        try:
            (url,) = following({"next": text}, cursor="next", cursor_param=text[:50])
        except PermanentError as error:
            assert error.failure_domain is FailureDomain.PARSE, text
        except ValueError:
            assert text.startswith(("http://", "https://")), "the one kind that is followed as it is"
        else:
            assert parameter_of(url, text[:50]) == text
            assert canonical_url(url) == url
            assert len(url) < MAX_URL_CHARACTERS
        parse_link_header(text)
