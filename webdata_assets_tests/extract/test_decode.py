import gzip
import re
from pathlib import Path

import pytest

from webdata_assets.stages.extract.decode import decode
from webdata_assets_tests.extract.making import data_folder

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


def test_a_declaration_far_down_the_head_counts() -> None:
    page = "<head><!--" + "x" * 8_000 + '--><meta charset="iso-8859-2"></head>żółw'
    assert decode(page.encode("iso-8859-2")) == page


def _cases(path: Path) -> list[tuple[bytes, str]]:
    """Return data and encoding of each case of an html5lib encoding test."""
    parts = re.split(rb"(?m)^#data\n", path.read_bytes())[1:]
    split = (part.split(b"\n#encoding\n", 1) for part in parts)
    return [(data, encoding.split(b"\n")[0].decode().lower()) for data, encoding in split]


@pytest.mark.parametrize("name", ["tests1.dat", "tests2.dat"])
def test_declared_encodings_are_those_of_html5lib(name: str) -> None:
    for data, encoding in _cases(data_folder("html5lib_tests") / "encoding" / name):
        expected = "windows-1252" if encoding == "iso-8859-1" else encoding
        assert decode(data) == data.decode(expected, errors="replace").removeprefix("\ufeff"), data[:80]


LEGACY = ("windows-1252", "windows-1251", "windows-1256", "gbk", "shift_jis")


def test_legacy_pages_are_read_exactly_if_declared_and_nearly_always_if_not() -> None:
    declared = undeclared = pages = 0
    for path in sorted((data_folder("trafilatura_eval") / "html").glob("*.gz"))[::4]:
        try:
            text = gzip.decompress(path.read_bytes()).decode()
        except UnicodeDecodeError:
            continue
        text = re.sub(r"(?i)(?:charset|encoding)\s*=\s*[\"']?[\w.:-]+[\"']?", "", text).lstrip("\ufeff")
        for encoding in LEGACY:
            try:
                body = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            if sum(byte > 127 for byte in body) >= 10:
                pages += 1
                declared += decode(body, f"text/html; charset={encoding}") == text
                undeclared += decode(body) == text
            break
    assert pages > 20
    assert declared == pages
    assert undeclared / pages >= 0.95
