import datetime as dt
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.clean.normalise import (
    clean_body,
    clean_line,
    clean_moment,
    clean_url,
    fold,
    normalise_currency_code,
    normalise_language,
)

BIDI_CONTROLS = {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"}
TRAPS = (
    "&", "&amp;", "&amp;lt;", "&#38;", "amp;", "&#x202e;", "&\x00amp;", "&nbsp;", "&NewLine;", "&#13;", "\r",
    "â€", "™", "Ã", "¼", "\x80", "\x99", "â", "Â", "\xa0", "Ð", "ð\x9f\x98\x80",
    "\n \n", "\t", " ", "-", "_", "\u0301", "\u212b", "\u200b", "\ufeff", "\x85", "\ud800", "\u2028",
)  # fmt: skip
ZONES = st.sampled_from([None, *(dt.timezone(dt.timedelta(minutes=m)) for m in (-480, 0, 330, 840))])
TEXTS = st.lists(st.one_of(st.characters(), st.sampled_from(TRAPS)), max_size=30).map("".join)
"""Any code points, lone surrogates too, mixed with what invites mistakes."""


@pytest.mark.parametrize(
    "function", [clean_line, clean_body, clean_url, fold, normalise_language, normalise_currency_code]
)
def test_cleaning_twice_is_cleaning_once(function) -> None:
    @settings(deadline=None)
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
        ("donâ€™t pay â‚¬ 5 for a cafÃ©", "don’t pay € 5 for a café"),
        ("1 â\x86\x92 2", "1 → 2"),
        ("ÃƒÂ¼ber", "über"),
        ("РїСЂРёРІРµС‚", "привет"),
        ("SÃO PAULO, Åland, VOILÀ “x”, Ça", "SÃO PAULO, Åland, VOILÀ “x”, Ça"),
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
        ("right ‘here’\nitâ€™s wrong", "right ‘here’\nit’s wrong"),
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


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("HTTP://Example.ORG:80/a/../b?x=1#y", "http://example.org/b?x=1#y"),
        (" https://münchen.example/ö \n", "https://xn--mnchen-3ya.example/%C3%B6"),
        ("/relative", ""),
        ("javascript:alert(1)", ""),
        ("http://", ""),
        ("http:&lT;/a", ""),
        ("http://a.test/?b=&amp;lt;", "http://a.test/?b=%3C"),
    ],
)
def test_urls(raw: str, url: str) -> None:
    assert clean_url(raw) == url


@given(st.datetimes(timezones=ZONES, min_value=dt.datetime(2, 1, 1)))  # noqa: DTZ001
def test_moments_are_in_utc_and_stay_the_same_moment(moment: dt.datetime) -> None:
    clean = clean_moment(moment)
    assert clean.tzinfo == dt.UTC
    assert clean_moment(clean) == clean
    if moment.tzinfo:
        assert clean == moment
