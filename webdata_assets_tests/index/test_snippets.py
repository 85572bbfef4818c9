"""Snippets: which part of a text is shown, and which words are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.index.snippets import ELLIPSIS, snippet


def marked(text, query, **given):
    shown = snippet(text, query, **given)
    return [shown.text[start:end] for start, end in shown.highlights]


def test_a_snippet_shows_where_the_query_words_stand_together():
    text = "filler words here " * 40 + "the red kettle boils quickly " + "more filler words " * 40
    shown = snippet(text, "kettle boils")
    assert "red kettle boils quickly" in shown.text
    assert shown.text.startswith(ELLIPSIS)
    assert shown.text.endswith(ELLIPSIS)
    assert marked(text, "kettle boils") == ["kettle", "boils"]


def test_two_different_words_count_more_than_one_word_often():
    text = "kettle kettle kettle kettle " + "x " * 300 + "a kettle that boils"
    assert "a kettle that boils" in snippet(text, "boil kettle").text


def test_a_short_text_is_its_own_snippet():
    assert snippet("short", "kettle").text == "short"
    assert snippet("short", "kettle").highlights == ()


def test_a_text_without_the_words_is_shown_from_its_beginning():
    shown = snippet("one two three " * 50, "kettle")
    assert shown.text.startswith("one two three")
    assert shown.highlights == ()


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Teapots", "teapot", ["Teapots"]),
        ("boiling, boiled and boils", "boil", ["boiling", "boiled", "boils"]),
        ("running runs", "run", ["running", "runs"]),
        ("batteries", "battery", ["batteries"]),
        ("glass glasses", "glass", ["glass", "glasses"]),
        ("Café CAFE", "café", ["Café", "CAFE"]),
        ("cafe\u0301s", "cafe", ["cafe\u0301s"]),
        ("Straße", "STRASSE", ["Straße"]),
        ("foo_bar USB-C 3.14", "bar usb 14", ["bar", "USB", "14"]),
        ("a kettle", "kettles, please!", ["kettle"]),
        ("kettledrum", "kettle", []),
        ("start art", "art", ["art"]),
    ],
)
def test_words_are_marked_in_any_form_and_whole(text, query, expected):
    assert marked(text, query) == expected


def test_words_of_every_text_are_marked_only_where_nothing_else_is_asked_for():
    assert marked("the kettle and the pot", "the kettle") == ["kettle"]
    assert marked("to be or not to be", "to be or not to be") == ["to", "be", "or", "not", "to", "be"]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("日本の首都は東京です", "東京 首都", ["首都", "東京"]),
        ("我想买一个红色的水壶", "红色的水壶", ["红色的水壶"]),
        ("水と油", "水", ["水"]),
        ("USBケーブル", "usb ケーブル", ["USBケーブル"]),
    ],
)  # fmt: skip
def test_scripts_without_spaces_are_marked_by_pairs_of_characters(text, query, expected):
    assert marked(text, query) == expected


def test_markup_stays_text():
    assert snippet("<b>kettle</b> <script>", "kettle").text == "<b>kettle</b> <script>"
    assert marked("<b>kettle</b>", "kettle b") == ["b", "kettle", "b"]


@given(st.text(max_size=600), st.text(max_size=30))
def test_a_snippet_is_a_slice_of_the_text_and_marks_lie_in_it_apart_and_in_order(text, query):
    shown = snippet(text, query, 100)
    assert len(shown.text) <= 102
    assert shown.text in text or shown.text.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS) in text
    ends = [position for mark in shown.highlights for position in mark]
    assert ends == sorted(set(ends))
    assert not ends or (ends[0] >= 0 and ends[-1] <= len(shown.text))


@given(st.text(st.characters(categories=["Lo"], min_codepoint=0x100), min_size=1, max_size=20))
def test_a_text_in_any_script_that_is_the_query_is_marked_whole(word):
    assert "".join(marked(word, word)) == word
