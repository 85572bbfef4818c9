"""Values: whatever a selector finds, as text or as JSON, is of its type or refused."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import orjson

from webdata_assets.sources.fields import ScalarType
from webdata_assets.stages.clean.identity import canonical_json
from webdata_assets.stages.extract.commerce import currency_in
from webdata_assets.stages.extract.values import Context, ConversionError, convert
from webdata_assets_tests.fuzz.seeds import files, naughty_strings
from webdata_assets_tests.fuzz.target import Target

_TYPES: tuple[Any, ...] = (*get_args(ScalarType), "list")
_CONTEXTS = (
    Context("http://a.test/", month_first=True),
    Context("http://a.test/b/", machine_readable=True),
)
_TOKENS = (
    "1.299,00 €", "$1,299.00", "CHF 1'299.-", "1 299,5 kr", "-5", "0.999", "1e5", "Infinity", "NaN", "free",
    "true",
    "2026-05-01", "T10:00:00", "+02:00", "-23:59", "Z", "01/02/2026", "1. Mai 2026", "May 1st, 2026",
    "10 PM", "CEST",
    "9999-12-31", "0001-01-01", "1700000000", "1700000000000", "2026年5月1日", "٣٫٥", "²", "½", "Ⅷ",
    "https://b.test/",
    '{"name":', '{"url":', '{"@value":', "[", "]", "}", '"', ",", "null", "9" * 30, "%", "\u2212", "\u00a0",
)  # fmt: skip


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    raws: list[object] = [text]
    with contextlib.suppress(orjson.JSONDecodeError):
        raws.append(orjson.loads(data))
    for raw in raws:
        for context in _CONTEXTS:
            for value_type in _TYPES:
                _convert(value_type, raw, context)
    code = currency_in(text, url="http://a.test/", language="en")
    assert code is None or (len(code) == 3 and code.isupper()), f"{code!r} is no currency"


def _convert(value_type: Any, raw: object, context: Context) -> None:
    try:
        value = convert(value_type, [raw], context)
    except ConversionError as error:
        str(error).encode()
        return
    # what is a value can be stored
    canonical_json({"value": value})
    if isinstance(value, Decimal):
        assert value.is_finite(), f"{raw!r} is {value}"
    if value_type == "url":
        assert str(value).startswith(("http://", "https://"))
    if value_type == "date":
        assert convert("date", [value], context) == value


def seeds(data: Path) -> Iterator[bytes]:
    yield from (text.encode() for text in naughty_strings(data))
    yield from files(data, "hostile_inputs/JSONTestSuite/test_parsing/*", count=150, max_bytes=512)


TARGET = Target(
    run,
    frozenset(),
    (
        "1.299,00 € − 5".encode(), b"9999-12-31T23:59:59-12:00", b'{"name": {"name": [1]}, "url": " //b "}',
        b"1e400",
        b"2026-02-30 25:61 PM XYZ", "２０２６年５月１日 ½".encode(), b"[[], {}, null, 1.5]",
        b"1700000000000", b"-0.0",
        b"01/02/0003 10:00+99:99",
    ),
    seeds,
    _TOKENS,
    512,
)  # fmt: skip
