import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.clean.normalise import (
    clean_body,
    clean_line,
    fold,
    normalise_currency_code,
    normalise_language,
)

BIDI_CONTROLS = {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"}
TRAPS = (
    "&", "&amp;", "&amp;lt;", "&#38;", "amp;", "&#x202e;", "&\x00amp;", "&nbsp;", "&NewLine;", "&#13;", "\r",
    "\n \n", "\t", " ", "-", "_", "\u0301", "\u212b", "\u200b", "\ufeff", "\x85", "\ud800", "\u2028",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.characters(), st.sampled_from(TRAPS)), max_size=30).map("".join)
"""Any code points, lone surrogates too, mixed with what invites mistakes."""


@pytest.mark.parametrize(
    "function", [clean_line, clean_body, fold, normalise_language, normalise_currency_code]
)
def test_cleaning_twice_is_cleaning_once(function) -> None:
    @given(TEXTS)
    def is_idempotent(text: str) -> None:
        once = function(text)
        assert function(once) == once

    is_idempotent()


@given(TEXTS)
def test_clean_text_is_composed_and_can_be_encoded(text: str) -> None:
    for cleaned in (clean_line(text), clean_body(text)):
        cleaned.encode()
        assert unicodedata.is_normalized("NFC", cleaned)
        assert not [c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"]
        assert not [c for c in cleaned if unicodedata.bidirectional(c) in BIDI_CONTROLS]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("  a \n\t b ", "a b"),
        ("Cafe\u0301", "Café"),
        ("AT&amp;amp;T", "AT&T"),
        ("a&nbsp;b", "a b"),
        ("&copy2026 &unknown;", "&copy2026 &unknown;"),
        ("/?a=1&copy=2", "/?a=1&copy=2"),
        ("abc\u202edcba\u202c", "abcdcba"),
        ("in\u00advis\u200bible\U000e0041", "invisible"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("\x00\x1b[31mred", "[31mred"),
    ],
)
def test_lines(raw: str, line: str) -> None:
    assert clean_line(raw) == line


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\n\n \n\nb", "a\n\nb"),
        ("a  b\u00a0 c  \n    indented   code", "a b c\n    indented code"),
        ("write &lt;b&gt; for bold", "write &lt;b&gt; for bold"),
        (" \n ", ""),
    ],
)
def test_bodies(raw: str, body: str) -> None:
    assert clean_body(raw) == body


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("en-US", "en"),
        ("EN_gb", "en"),
        ("deu", "de"),
        ("English", "en"),
        ("jp", "ja"),
        ("gsw", "gsw"),
        (" sv ", "sv"),
    ],
)
def test_languages(raw: str, language: str) -> None:
    assert normalise_language(raw) == language
