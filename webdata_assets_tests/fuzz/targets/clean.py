"""Cleaning of texts: what is clean stays as it is, and nothing grows without bound."""

from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.clean.normalise import (
    clean_body,
    clean_line,
    fold,
    normalise_currency_code,
    normalise_language,
)
from webdata_assets.stages.clean.pii import without_personal_data
from webdata_assets_tests.fuzz.mutators import line_mutator
from webdata_assets_tests.fuzz.seeds import files, naughty_strings
from webdata_assets_tests.fuzz.target import Target

_FUNCTIONS = (
    clean_line,
    clean_body,
    fold,
    normalise_language,
    normalise_currency_code,
    without_personal_data,
)
_LONGEST_GROWTH = 24
"""`[it_codice_fiscale]` for 16 characters, NFC's longest decomposition, and case mappings, with room."""
_MAX_BYTES = 2_048
_TOKENS = (
    "&amp;", "&amp;amp;", "&lt;", "&#0;", "&#x110000;", "&nbsp;", "&fjlig;", "\u00c3\u00a9",
    "\u00e2\u20ac\u2122",
    "\u0130", "\u00df", "\u1e9e", "\ufb03", "\u0344", "\u0958", "\u2126", "e\u0301", "\u202e", "\u200b",
    "\u2028",
    "\x85", "\r\n", "   ", "\n\n\n", "a@b.example", "+49 30 1234567", "4111 1111 1111 1111", "123-45-6789",
    "DE89370400440532013000", "8.8.8.8", "2001:4860:4860::8888", "Tel: 030 1234567", "en-US", "zh_Hant",
    "eur",
    "\u0402\u201a", "\u0420\u045f", "\U000e0041", "\ue000",
)  # fmt: skip


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for function in _FUNCTIONS:
        once = function(text)
        twice = function(once)
        assert twice == once, f"{function.__name__}: once {once!r}, twice {twice!r}"
        assert len(once) <= _LONGEST_GROWTH * len(text), f"{function.__name__}: {len(once)} characters"
        once.encode()


def seeds(data: Path) -> Iterator[bytes]:
    yield from (text.encode() for text in naughty_strings(data))
    for folder in ("wcxb/dev/html", "trafilatura_eval/html"):
        for page in files(data, f"{folder}/*", count=40, max_bytes=60_000):
            yield page[-_MAX_BYTES:]


TARGET = Target(
    run,
    frozenset(),
    (
        "  A\u00c3\u00a9 &amp;amp;lt; \u202eb\r\n\n\n\n  c\u200b  d".encode(),
        b"Call 030 1234567 or a.b@example.com, card 4111 1111 1111 1111, 8.8.8.8.",
        "\u0130\u00df \ufb03 e\u0301\u0344 \u2126".encode(),
        b"&" + b"amp;" * 300,
        b"en-US",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    line_mutator(_TOKENS),
)
