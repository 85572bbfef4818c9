import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from webdata_assets.stages.extract.main_content.blocks import read_blocks
from webdata_assets.stages.extract.main_content.structure import parts_of
from webdata_assets.stages.extract.main_content.write import write


def written(body: str) -> tuple[str, str]:
    page = read_blocks(LexborHTMLParser(f"<!doctype html><body>{body}</body>"))
    return write(page, range(len(page.texts)))


def test_a_long_table_of_layout_is_judged_once() -> None:
    body = "".join(f"<tr><td>Row {number}</td></tr>" for number in range(10_000))
    begun = time.process_time()
    plain, _ = written(f"<table>{body}</table>")
    assert time.process_time() - begun < 5
    assert plain.count("\n\n") == 9_999


@pytest.mark.parametrize(
    ("body", "plain", "structured"),
    [
        ("<h2>A <b>title</b></h2><p>Text.</p>", "A title\n\nText.", "## A title\n\nText."),
        ("<p>one</p>two<p>three</p>", "one\n\ntwo\n\nthree", "one\n\ntwo\n\nthree"),
        ("<p>a<br>b</p>", "a\nb", "a\nb"),
        ("<ul><li>a<li>b</ul>", "- a\n- b", "- a\n- b"),
        ("<ol><li>a<li>b</ol>", "- a\n- b", "1. a\n2. b"),
        ("<ul><li>a<ol><li>b<li>c</ol><li>d</ul>", "- a\n- b\n- c\n- d", "- a\n  1. b\n  2. c\n- d"),
        ("<ul><li><p>a</p><p>b</p></ul>", "- a\nb", "- a\n  b"),
        ("<ul><li><h3>Name</h3><p>About it.</p></ul>", "Name\n\nAbout it.", "### Name\n\n  About it."),
        ("<pre>x = 1\n  y\n</pre>", "x = 1\n  y", "```\nx = 1\n  y\n```"),
        ("<pre>```</pre>", "```", "````\n```\n````"),
        ("<blockquote><p>a</p></blockquote>", "a", "> a"),
        (
            "<table><tr><th>A<th>B<tr><td>1<td>2|3</table>",
            "A | B\n1 | 2|3",
            "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |",
        ),
        ("<table><tr><td><p>a</p><p>b</p></table>", "a\n\nb", "a\n\nb"),
        ("<p># no heading</p><p>- no item</p><p>1. no item</p>", "# no heading\n\n- no item\n\n1. no item",
         "\\# no heading\n\n\\- no item\n\n1\\. no item"),
    ],
)  # fmt: skip
def test_blocks_are_written_as_what_holds_them_says(body: str, plain: str, structured: str) -> None:
    assert written(body) == (plain, structured)


def test_only_the_kept_blocks_are_written() -> None:
    page = read_blocks(LexborHTMLParser("<!doctype html><ul><li>a<li>b<li>c</ul>"))
    assert write(page, [0, 2]) == ("- a\n- c", "- a\n- c")


def test_parts_of_structured_text_have_offsets_and_the_headings_above() -> None:
    _, text = written(
        "<h1>Book</h1><p>Intro</p><h2>One</h2><ul><li>a</ul><h2>Two</h2><pre>x\n\ny</pre>"
        "<table><tr><td>1<td>2<tr><td>3<td>4</table><blockquote>q</blockquote>"
    )
    parts = list(parts_of(text))
    assert [(part.kind, part.path) for part in parts] == [
        ("heading", ()), ("paragraph", ("Book",)), ("heading", ("Book",)), ("list", ("Book", "One")),
        ("heading", ("Book",)), ("code", ("Book", "Two")), ("table", ("Book", "Two")),
        ("quote", ("Book", "Two")),
    ]  # fmt: skip
    assert text[parts[5].start : parts[5].end] == "```\nx\n\ny\n```"
    assert [part.level for part in parts if part.kind == "heading"] == [1, 2, 2]


_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_BLOCK = st.tuples(st.sampled_from(["p", "h2", "li", "pre", "td", "blockquote", "div"]), _TEXT)


@given(st.lists(_BLOCK, max_size=8))
def test_parts_cover_every_character_that_is_no_blank_line(blocks: list[tuple[str, str]]) -> None:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;")

    _, text = written("".join(f"<{tag}>{escaped(content)}</{tag}>" for tag, content in blocks))
    parts = list(parts_of(text))
    between = [text[before.end : after.start] for before, after in pairwise(parts)]
    assert all(not gap.strip() for gap in between)
    assert "".join(text.split()) == "".join("".join(text[part.start : part.end].split()) for part in parts)
