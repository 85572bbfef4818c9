import json
import time
from importlib.resources import files

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.schemas.records import PAGE_TYPES
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.main_content.blocks import MAX_DEPTH, MAX_ELEMENTS, read_blocks
from webdata_assets.stages.extract.main_content.features import block_features
from webdata_assets.stages.extract.main_content.find import find_main_content
from webdata_assets.stages.extract.main_content.model import MANIFEST_FILE, shipped_model
from webdata_assets.stages.extract.main_content.page_words import PageWords
from webdata_assets.stages.extract.main_content.templates import TemplateLearner

PARAGRAPHS = [
    f"Paragraph {number} says in some detail, with commas, why the harbour was built where it stands today, "
    f"and what the merchants of the town had to pay for it in the year {1600 + number}."
    for number in range(6)
]
PAGE = f"""<!doctype html><html><head><title>The old harbour</title></head><body>
<nav class="menu"><ul><li><a href=/>Home</a><li><a href=/a>About us</a><li><a href=/c>Contact</a></ul></nav>
<main><article><h1>The old harbour</h1>{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}
<pre>depth = 4.5
width = 12</pre></article></main>
<aside class="related"><h3>Related</h3><ul><li><a href=/x>Ten more harbours</a></ul></aside>
<footer class="footer">© 2026 Harbour Museum. All rights reserved. <a href=/p>Privacy policy</a></footer>
</body></html>"""


def page(html: str, url: str = "http://harbour.test/old") -> Document:
    return Document(url, html, tree=LexborHTMLParser(html))


def test_an_article_is_found_without_the_furniture_around_it() -> None:
    found = find_main_content(page(PAGE))
    assert found is not None
    assert all(text in found.text for text in PARAGRAPHS)
    assert "About us" not in found.text
    assert "All rights reserved" not in found.text
    assert "Ten more harbours" not in found.text
    assert found.page_type in PAGE_TYPES
    assert found.confidence is not None
    assert found.confidence > 0.8


def test_structured_text_keeps_code_as_it_stands() -> None:
    found = find_main_content(page(PAGE))
    assert found is not None
    assert "```\ndepth = 4.5\nwidth = 12\n```" in str(found.structured_text)


def test_the_fast_way_finds_the_same_paragraphs_and_says_less_about_them() -> None:
    found = find_main_content(page(PAGE), mode="fast")
    assert found is not None
    assert all(text in found.text for text in PARAGRAPHS)
    assert "About us" not in found.text
    assert (found.structured_text, found.page_type, found.confidence) == (None, None, None)


def test_the_fast_way_leaves_the_page_as_it_was() -> None:
    document = page(PAGE)
    assert document.tree is not None
    before = document.tree.html
    find_main_content(document, mode="fast")
    assert document.tree.html == before


@pytest.mark.parametrize("mode", ["balanced", "fast"])
@pytest.mark.parametrize(
    "html",
    ["<!doctype html><body><img src=x></body>", "<!doctype html><script>var x = 1</script>", "<html></html>"],
)
def test_a_page_without_text_has_no_content(html: str, mode: str) -> None:
    assert find_main_content(page(html), mode=mode) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["balanced", "fast"])
def test_what_scripts_would_show_is_read_from_noscript(mode: str) -> None:
    html = f"<!doctype html><body><div id=app></div><noscript><p>{'</p><p>'.join(PARAGRAPHS)}</p></noscript>"
    found = find_main_content(page(html), mode=mode)  # type: ignore[arg-type]
    assert found is not None
    assert PARAGRAPHS[3] in found.text


def test_blocks_that_most_pages_of_a_site_share_are_left_out() -> None:
    notice = "Our reading room is closed until further notice, as the roof is being repaired this year."
    pages = [
        PAGE.replace("<h1>", f"<p>{notice}</p><h1>").replace("Paragraph", f"Page {number}, paragraph")
        for number in range(6)
    ]
    learner = TemplateLearner()
    for html in pages:
        learner.add("http://harbour.test/old", read_blocks(LexborHTMLParser(html)).texts)
    plain, without = (
        find_main_content(page(pages[0]), templates=templates) for templates in (None, learner.learnt())
    )
    assert plain is not None
    assert without is not None
    assert notice not in without.text
    assert "Page 0, paragraph 3" in without.text


def test_cells_that_most_pages_share_stay_in_their_tables() -> None:
    table = "<table><tr><th>Ship<th>Fate<tr><td>Anna<td>on request<tr><td>Bente<td>on request</table>"
    html = PAGE.replace("<pre>", f"{table}<pre>")
    learner = TemplateLearner()
    for _ in range(6):
        learner.add("http://harbour.test/old", ["Ship", "Fate", "on request"])
    plain, without = (
        find_main_content(page(html), templates=templates) for templates in (None, learner.learnt())
    )
    assert plain is not None
    assert without is not None
    assert without.structured_text == plain.structured_text


def test_a_few_pages_of_a_site_teach_no_template() -> None:
    learner = TemplateLearner()
    for _ in range(4):
        learner.add("http://harbour.test/old", ["the same"])
    assert learner.learnt().blocks == {}


def test_the_columns_of_the_features_are_those_that_the_weights_were_trained_on() -> None:
    blocks = read_blocks(LexborHTMLParser(PAGE))
    features = block_features(blocks, PageWords("The old harbour"))
    model = shipped_model()
    assert features.names == model.features
    assert features.page_names == model.page_features
    assert set(model.page_types) <= set(PAGE_TYPES)
    assert features.table.shape == (len(blocks.texts), len(model.features))
    assert np.isfinite(features.table).all()


def test_the_same_page_gives_the_same_content_each_time() -> None:
    assert find_main_content(page(PAGE)) == find_main_content(page(PAGE))


def test_the_manifest_lists_the_pages_that_were_learnt_from() -> None:
    weights = files("webdata_assets.stages.extract.main_content") / "weights" / MANIFEST_FILE
    told = json.loads(weights.read_text())
    assert len(told["trained_on"]) == len(set(told["trained_on"])) > 1_000


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 3_000 + "deep",
        "<p>x" * (MAX_ELEMENTS + 100),
        f"<p {' '.join(f'a{number}=1' for number in range(3_000))}>text of a paragraph",
        "<table>" + "<tr><td>1<td>2" * 5_000,
        "<ul><li>" * 500 + "item",
        "<p>\x00\ud7ff\u202e\ufffd" + "a" * 200_000,
        "<blockquote>" * 1_000 + "quoted",
    ],
)
def test_extreme_pages_are_read_in_bounded_time(html: str) -> None:
    document = page("<!doctype html><body>" + html)
    started = time.process_time()
    find_main_content(document)
    find_main_content(document, mode="fast")
    assert time.process_time() - started < 8


def test_text_below_the_greatest_depth_is_not_read() -> None:
    blocks = read_blocks(LexborHTMLParser("<body>" + "<div>" * (MAX_DEPTH + 10) + "deep"))
    assert blocks.texts == []
