import datetime as dt
from decimal import Decimal

import pytest

from webdata_assets.stages.extract.values import (
    Context,
    ConversionError,
    as_bool,
    as_decimal,
    as_integer,
    as_text,
    as_url,
    convert,
)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("1.299,00 €", "1299.00"),
        ("$1,299.00", "1299.00"),
        ("12 990 kr", "12990"),
        ("1\u202f299,50 €", "1299.50"),
        ("CHF 1'299.–", "1299"),
        ("₹ 1,23,456.50", "123456.50"),
        ("£.99", "0.99"),
        ("49:-", "49"),
        ("1.299", "1299"),
        ("0.999", "0.999"),
        ("0,5 l", "0.5"),
        ("٣٫٥", "3.5"),
        ("-5 €", "-5"),
        ("€ -5", "-5"),
        ("10 - 20 €", "10"),
        ("10-20 €", "10"),
        ("Free", "0"),
        (19.99, "19.99"),
        (0, "0"),
    ],
)
def test_amounts_are_read_as_people_write_them(raw: object, amount: str) -> None:
    assert as_decimal(raw) == Decimal(amount)


@pytest.mark.parametrize(
    ("raw", "amount"), [("1.299", "1.299"), ("0.10", "0.10"), ("-3.5", "-3.5"), ("1,5", "1.5")]
)
def test_amounts_for_programs_have_a_decimal_point(raw: str, amount: str) -> None:
    assert as_decimal(raw, machine_readable=True) == Decimal(amount)


@pytest.mark.parametrize(
    "raw", ["call us", "", "Free shipping", "½ €", True, None, {"a": 1}, float("inf"), "1.2.3", "9" * 300]
)
def test_what_is_no_amount_is_an_error_and_never_null(raw: object) -> None:
    with pytest.raises(ConversionError):
        as_decimal(raw)


@pytest.mark.parametrize(("raw", "number"), [("1,299 reviews", 1299), ("(12)", 12), (3.0, 3), ("-7", -7)])
def test_integers_are_whole(raw: object, number: int) -> None:
    assert as_integer(raw) == number


@pytest.mark.parametrize("raw", ["4.5", 2.5, "1.2k", 2**63, "none"])
def test_what_is_not_whole_or_too_large_is_an_error(raw: object) -> None:
    with pytest.raises(ConversionError):
        as_integer(raw)


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("/a b?q=1#f", "http://shop.test/a%20b?q=1#f"),
        ("//cdn.test/x.png", "http://cdn.test/x.png"),
        ("  https://x.test ", "https://x.test/"),
        ({"@type": "ImageObject", "url": "i.png"}, "http://shop.test/dir/i.png"),
        ([{"contentUrl": "i.png"}], "http://shop.test/dir/i.png"),
    ],
)
def test_urls_become_absolute(raw: object, url: str) -> None:
    assert as_url(raw, "http://shop.test/dir/page") == url


@pytest.mark.parametrize(
    "raw", ["javascript:alert(1)", "data:image/png;base64,AA", "http://[::1", "\ud800", 5, {}]
)
def test_what_is_no_web_address_is_an_error(raw: object) -> None:
    with pytest.raises(ConversionError):
        as_url(raw, "http://shop.test/")


@pytest.mark.parametrize(
    ("raw", "value"), [(True, True), ("Yes", True), (1, True), ("off", False), (0, False), ("FALSE", False)]
)
def test_bools(raw: object, value: bool) -> None:
    assert as_bool(raw) is value


def test_a_word_that_is_neither_is_an_error_with_the_raw_text() -> None:
    with pytest.raises(ConversionError) as caught:
        as_bool("maybe")
    assert caught.value.raw == "maybe"


@pytest.mark.parametrize(
    ("raw", "text"),
    [("  a \n b\t", "a b"), (3, "3"), (True, "true"), ({"@type": "Brand", "name": " B "}, "B")],
)
def test_texts_are_one_line(raw: object, text: str) -> None:
    assert as_text(raw) == text


def test_an_object_without_a_name_is_no_text() -> None:
    with pytest.raises(ConversionError) as caught:
        as_text({"a": 1})
    assert caught.value.raw == '{"a": 1}'


def test_a_list_takes_all_values_and_the_other_types_the_first() -> None:
    assert convert("list", ["a", ["b ", ""], 3], Context()) == ["a", "b", "3"]
    assert convert("integer", ["1", "x"], Context()) == 1
    assert convert("date", ["2026-06-01"], Context()) == dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
