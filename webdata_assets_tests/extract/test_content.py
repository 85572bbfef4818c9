import datetime as dt

import pytest

from webdata_assets.stages.extract.content import (
    find_author,
    find_image_url,
    find_language,
    find_text,
    find_title,
)
from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.published import find_published_at
from webdata_assets_tests.extract.making import DATE, jsonld, make_document

CONTEXT = PageContext("article", DATE)
PARAGRAPH = "<p>" + "The quick brown fox jumps over the lazy dog, again and again. " * 4 + "</p>"


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (jsonld({"@type": "Article", "headline": "T", "name": "no"}), "jsonld:headline"),
        (jsonld({"@type": "Article", "name": "T"}) + "<h1>no</h1>", "jsonld:name"),
        ('<meta property="og:title" content="T"><title>no</title>', "meta:og:title"),
        ("<title>no</title><h1> T </h1>", "css:h1"),
        ("<title>T</title>", "css:title"),
    ],
)
def test_a_title_is_looked_for_in_this_order(head: str, label: str) -> None:
    found = find_title(make_document(f"<html>{head}<p>x</html>"), CONTEXT)
    assert (found.value, found.label) == ("T", label)


def test_authors_are_joined_and_an_address_is_no_author() -> None:
    people = [{"@type": "Person", "name": "Ada"}, "Grace", {"name": "Ada"}]
    page = make_document(jsonld({"@type": "Article", "author": people}))
    assert find_author(page, CONTEXT).value == "Ada, Grace"
    page = make_document('<meta property="article:author" content="https://fb.test/x"><a rel=author>Ada</a>')
    assert find_author(page, CONTEXT).value == "Ada"


def test_a_date_that_cannot_be_read_gives_way_to_the_next_place() -> None:
    page = make_document(
        jsonld({"@type": "Article", "datePublished": "soon"})
        + '<article><time datetime="2026-05-04T10:00+02:00">May</time></article>'
    )
    assert find_published_at(page, CONTEXT).value == dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)


def test_no_date_after_the_payload_is_taken_from_loose_text() -> None:
    page = make_document(
        "<html><head><title>x</title></head><body><p class=date>Published 2026-07-15</p></body></html>"
    )
    assert find_published_at(page, CONTEXT) is None
    later = PageContext("article", dt.date(2026, 8, 1))
    assert find_published_at(page, later).value == dt.datetime(2026, 7, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("tag", "language"), [("en-US", "en"), ("DE", "de"), ("gsw_CH", "gsw"), ("english", None)]
)
def test_the_language_is_the_primary_subtag(tag: str, language: str | None) -> None:
    found = find_language(make_document(f'<html lang="{tag}"><p>x'), CONTEXT)
    assert (found.value if found else None) == language


def test_a_placeholder_picture_gives_way_to_the_next_place() -> None:
    page = make_document(
        jsonld({"@type": "Article", "image": "data:image/gif;base64,R0"})
        + '<meta property="og:image" content="/i.png">'
    )
    assert find_image_url(page, CONTEXT).value == "http://shop.test/i.png"


def test_main_text_keeps_paragraphs_lists_and_tables_and_leaves_menus_out() -> None:
    page = make_document(
        f"<html><body><nav><a href=/>Menu entry</a></nav><article><h1>Head</h1>{PARAGRAPH}"
        f"<ul><li>first point</li><li>second point</li></ul>{PARAGRAPH}"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></article></body></html>"
    )
    text = find_text(page, CONTEXT).value
    assert "Menu entry" not in text
    assert "\n\n- first point\n- second point\n\nThe quick" in text
    assert "1 | 2" in text


def test_a_page_without_main_content_gives_its_visible_text() -> None:
    assert find_text(make_document("<!doctype html><body><div>Hi</div></body>"), CONTEXT).value == "Hi"


def test_a_page_without_text_gives_none() -> None:
    assert find_text(make_document("<!doctype html><body><img src=x></body>"), CONTEXT) is None


def test_a_document_is_not_dated_by_its_text() -> None:
    page = make_document("<html><head><title>x</title></head><body><p>Released 2020-10-31</p></body></html>")
    assert find_published_at(page, PageContext("document", DATE)) is None
