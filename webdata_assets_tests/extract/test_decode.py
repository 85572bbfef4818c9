import pytest

from webdata_assets.stages.extract.decode import decode

GERMAN = "Grüße aus Köln – für 5 €"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (GERMAN.encode(), None),
        (GERMAN.encode(), "text/html; charset=iso-8859-1"),
        (b"\xef\xbb\xbf" + GERMAN.encode(), "text/html; charset=windows-1252"),
        (b"\xff\xfe" + GERMAN.encode("utf-16-le"), None),
        (b"\xfe\xff" + GERMAN.encode("utf-16-be"), None),
        (GERMAN.encode("windows-1252"), "text/html; charset=windows-1252"),
        (GERMAN.encode("windows-1252"), 'text/html; charset="ISO-8859-1"'),
        (GERMAN.encode("utf-16-le"), "text/html; charset=utf-16le"),
    ],
    ids=[
        "utf-8",
        "wrong header",
        "utf-8 mark",
        "utf-16le mark",
        "utf-16be mark",
        "header",
        "latin-1",
        "utf-16",
    ],
)
def test_mark_utf8_and_header_come_in_this_order(body: bytes, content_type: str | None) -> None:
    assert decode(body, content_type) == GERMAN


def test_the_head_declares_what_the_header_does_not() -> None:
    page = '<html><head><meta charset="shift_jis"></head><body>日本語のページです</body></html>'
    assert decode(page.encode("shift_jis"), "text/html") == page


def test_a_legacy_page_that_declares_nothing_is_detected() -> None:
    page = "<p>Это обычная русская страница, написанная много лет назад в старой кодировке.</p>" * 5
    assert decode(page.encode("windows-1251")) == page


def test_an_escape_encoding_is_not_taken_for_ascii() -> None:
    page = "<p>日本語</p>"
    assert decode(page.encode("iso-2022-jp"), "text/html; charset=iso-2022-jp") == page


def test_one_broken_byte_does_not_turn_a_utf8_page_into_another_encoding() -> None:
    page = (GERMAN * 30).encode() + b"\xff"
    assert decode(page) == GERMAN * 30 + "\ufffd"


def test_an_unknown_label_is_passed_over() -> None:
    assert decode("é".encode("latin-1"), "text/html; charset=klingon") == "é"
