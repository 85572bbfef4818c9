import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.extract.document import parse_document
from webdata_assets_tests.extract.making import make_document


def test_base_href_decides_what_links_are_relative_to() -> None:
    assert make_document('<base href="/elsewhere/"><p>x').base_url == "http://shop.test/elsewhere/"


def test_a_broken_base_href_is_ignored() -> None:
    assert make_document('<base href="http://[::1"><p>x').base_url == "http://shop.test/things/1"


@pytest.mark.parametrize(
    ("body", "content_type", "wanted", "reason"),
    [
        (b" \n ", "text/html", "html", "empty body"),
        (b"", None, "json", "empty body"),
        (b"<html><p>Sorry</html>", "text/html", "json", "not JSON (sent as text/html)"),
        (b'{"a": ', "application/json", "json", "not JSON"),
        (b'{"a": 1}', "text/html", "html", "looks like JSON"),
        (b"%PDF-1.7", "application/pdf", "html", "not HTML, but application/pdf"),
        (b"<?xml version='1.0'?><rss></rss>", "application/rss+xml", "html", "application/rss+xml"),
        (b"just words", None, "html", "of unknown type"),
    ],
)
def test_an_unreadable_body_says_why(body: bytes, content_type: str, wanted: str, reason: str) -> None:
    with pytest.raises(PermanentError) as caught:
        parse_document("http://x.test/", body, content_type, wanted)
    assert caught.value.failure_domain is FailureDomain.PARSE
    assert reason in str(caught.value)


def test_html_is_recognised_by_its_start_whatever_it_is_sent_as() -> None:
    page = parse_document("http://x.test/", b"<!-- x --><!DOCTYPE html><p>y", "application/pdf", "html")
    assert page.visible_text == "y"


def test_json_sent_as_html_is_read_where_json_is_needed() -> None:
    assert parse_document("http://x.test/", b'{"a": 1}', "text/html", "json").data == {"a": 1}


def test_visible_text_keeps_blocks_apart_and_inline_elements_together() -> None:
    page = make_document(
        "<h1>A <b>b</b>ig</h1><script>var x</script><p>one<br>two</p><p>  three \n four</p>"
        "<pre>  a\n    b</pre><table><tr><td>1</td><td>2</td></tr></table>"
    )
    assert page.visible_text == "A big\n\none\ntwo\n\nthree four\n\n  a\n    b\n\n1 2"


def test_text_of_a_deep_page_needs_no_recursion() -> None:
    depth = 20_000
    assert make_document("<!doctype html>" + "<div>" * depth + "deep").visible_text == "deep"


def test_permalinks_of_headings_are_dropped_and_other_links_to_the_page_stay() -> None:
    page = make_document(
        '<h1>gzip<a class="headerlink" href="#gzip">¶</a></h1><p>Costs 5 <a href="#note">§ 3</a> or '
        '<a href="#top">1</a> #<a href="/tags">#</a></p>'
    )
    assert page.visible_text == "gzip\n\nCosts 5 § 3 or 1 ##"
    assert "¶" not in page.text
