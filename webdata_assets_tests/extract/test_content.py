from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS, PAGE_DEFAULTS, find_text
from webdata_assets.stages.extract.found import PageContext
from webdata_assets_tests.extract.making import DATE, make_document

CONTEXT = PageContext("article", DATE)
PARAGRAPH = "<p>" + "The quick brown fox jumps over the lazy dog, again and again. " * 4 + "</p>"


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


def test_articles_have_what_every_page_has_by_default() -> None:
    assert PAGE_DEFAULTS.items() <= ARTICLE_DEFAULTS.items()
    assert {"description", "site_name", "canonical_url", "breadcrumbs", "language"} <= PAGE_DEFAULTS.keys()
